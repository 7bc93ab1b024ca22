#include "metrics/metrics_snapshot.h"

#include <algorithm>
#include <tuple>

namespace weir {
namespace {

auto identity(const RequestCounts::Ended& e) { return std::tie(e.label, e.code, e.source); }

void copy_ledger(const WorkerMetrics& worker, RequestCounts& out) {
  const auto& ledger = worker.ledger();
  const std::size_t labels = std::min(ledger.size(), out.arrivals.size());
  for (std::uint32_t label = 0; label < labels; ++label) {
    const auto& entry = ledger[label];
    out.arrivals[label] += entry.arrivals;
    out.inside[label] += entry.inside;
    for (const auto& row : entry.ended.rows) {
      out.ended.push_back({label, row.code, row.source, row.count});
    }
  }
}

}  // namespace

MetricsSnapshot take_reading(Gate& gate, const std::vector<const Filter*>& filters,
                             const std::vector<const WorkerMetrics*>& workers, std::size_t labels) {
  MetricsSnapshot reading;
  reading.ledger.arrivals.resize(labels);
  reading.ledger.inside.resize(labels);
  reading.ledger.ended.reserve(labels * workers.size() * 4);
  reading.filters.resize(filters.size());
  reading.own_rejected.reserve(workers.size());

  const Gate::Pass pass(gate);
  for (const WorkerMetrics* worker : workers) {
    copy_ledger(*worker, reading.ledger);
    reading.own_rejected.push_back(worker->rejected);
  }
  for (std::size_t i = 0; i < filters.size(); ++i) {
    FilterReading& out = reading.filters[i];
    out.filter = filters[i];
    out.numbers = filters[i]->stats(pass.now());
    out.rejected = filters[i]->rejected;
    out.shadow_rejected = filters[i]->shadow_rejected;
  }
  return reading;
}

void merge_ended(RequestCounts& ledger) {
  auto& rows = ledger.ended;
  std::sort(rows.begin(), rows.end(),
            [](const auto& a, const auto& b) { return identity(a) < identity(b); });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (kept > 0 && identity(rows[kept - 1]) == identity(rows[i])) {
      rows[kept - 1].count += rows[i].count;
    } else {
      rows[kept++] = rows[i];
    }
  }
  rows.resize(kept);
}

}  // namespace weir
