#include "proxy/demo/totals.h"

#include <algorithm>
#include <numeric>

#include "metrics/metrics_snapshot.h"
#include "proxy/clock/clock.h"

namespace weir::demo {
namespace {

std::string quota_text(const Tenant* tenant) {
  if (!tenant || !tenant->quota) return "-";
  const Quota& q = *tenant->quota;
  double per_second = static_cast<double>(q.tokens) / to_seconds(q.per);
  return std::to_string(static_cast<std::int64_t>(per_second)) + "/s";
}

void add_refusals(const LabeledCounter& tally, std::uint32_t label, TenantTotals& row) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(Reason::count_); ++i) {
    auto reason = static_cast<Reason>(i);
    if (std::uint64_t n = tally.count(reason, label)) row.refused[reason] += n;
  }
}

}  // namespace

std::uint64_t TenantTotals::refusals() const {
  return std::accumulate(refused.begin(), refused.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& entry) { return sum + entry.second; });
}

Totals take_totals(const Server& server, Gate& gate, const SampleService& service,
                   const std::vector<std::string>& tenants) {
  const std::shared_ptr<const Snapshot> held = server.snapshot();
  const Snapshot& snapshot = *held;
  std::vector<const Filter*> filters;
  for (const auto& filter : snapshot.filters) filters.push_back(filter.get());
  std::vector<const WorkerMetrics*> workers;
  for (const auto& worker : server.metrics()) workers.push_back(worker.get());
  MetricsSnapshot reading = take_reading(gate, filters, workers, snapshot.labels.size());

  Totals totals;
  totals.at = read_clock();
  totals.service = service.stats();
  for (const std::string& name : tenants) {
    TenantTotals& row = totals.tenants.emplace_back();
    row.name = name;
    row.quota = quota_text(snapshot.find_tenant(name).tenant);
  }
  totals.tenants.emplace_back().name = "others";
  totals.tenants.back().quota = quota_text(snapshot.find_tenant("").tenant);

  std::vector<std::size_t> row_of(snapshot.labels.size(), tenants.size());
  for (std::uint32_t label = 0; label < snapshot.labels.size(); ++label) {
    auto found = std::ranges::find(tenants, snapshot.labels[label]);
    row_of[label] = static_cast<std::size_t>(found - tenants.begin());
    TenantTotals& row = totals.tenants[row_of[label]];
    row.arrivals += reading.ledger.arrivals[label];
    row.inside += reading.ledger.inside[label];
    for (const LabeledCounter& tally : reading.own_rejected) add_refusals(tally, label, row);
    for (const FilterReading& filter : reading.filters) {
      add_refusals(filter.rejected, label, row);
      if (filter.numbers.queue) row.queue += filter.numbers.queue->depth[label];
    }
  }
  for (const auto& ended : reading.ledger.ended) {
    TenantTotals& row = totals.tenants[row_of[ended.label]];
    row.ended += ended.count;
    if (ended.source == Source::service) row.passed += ended.count;
  }
  return totals;
}

}  // namespace weir::demo
