#include "metrics/worker_metrics.h"

#include <algorithm>

namespace weir {
std::string_view to_string(Source source) { return source == Source::service ? "service" : "weir"; }

std::string_view to_string(Side side) {
  return side == Side::downstream ? "downstream" : "upstream";
}

std::string_view to_string(AttemptResult result) {
  switch (result) {
    case AttemptResult::response: return "response";
    case AttemptResult::server_error: return "server_error";
    case AttemptResult::connect_failure: return "connect_failure";
    case AttemptResult::reset: return "reset";
    case AttemptResult::malformed: return "malformed";
    case AttemptResult::timeout: return "timeout";
    case AttemptResult::cancelled: return "cancelled";
    case AttemptResult::count_: break;
  }
  return "unknown";
}

std::string_view to_string(TunnelProtocol protocol) {
  return protocol == TunnelProtocol::websocket ? "websocket" : "other";
}

std::string_view to_string(TunnelEnd end) {
  switch (end) {
    case TunnelEnd::closed: return "closed";
    case TunnelEnd::client_failed: return "client_failed";
    case TunnelEnd::service_failed: return "service_failed";
    case TunnelEnd::idle_timeout: return "idle_timeout";
    case TunnelEnd::drain: return "drain";
    case TunnelEnd::count_: break;
  }
  return "unknown";
}

std::string_view to_string(ConnectionRefusal reason) {
  switch (reason) {
    case ConnectionRefusal::max_connections: return "max_connections";
    case ConnectionRefusal::client_connections: return "client_connections";
    case ConnectionRefusal::no_descriptors: return "no_descriptors";
    case ConnectionRefusal::count_: break;
  }
  return "unknown";
}

void SharedHistogram::observe(Duration d) {
  counts_[Histogram::bucket(d)].add();
  sum_nanoseconds_.add(static_cast<std::uint64_t>(std::max<std::int64_t>(d.count(), 0)));
}

Histogram SharedHistogram::read() const {
  Histogram histogram;
  for (std::size_t i = 0; i < counts_.size(); ++i) histogram.counts[i] = counts_[i].get();
  histogram.sum_nanoseconds = sum_nanoseconds_.get();
  return histogram;
}

HistogramList::~HistogramList() {
  for (auto& chunk : chunks_) delete chunk.load(std::memory_order_relaxed);
}

void HistogramList::grow(std::size_t size) {
  size = std::clamp<std::size_t>(size, 1, kMost);
  for (std::size_t i = 0; i * kChunk < size; ++i) {
    if (chunks_[i].load(std::memory_order_relaxed) != nullptr) continue;
    chunks_[i].store(new Chunk, std::memory_order_release);
  }
  if (size > size_.load(std::memory_order_relaxed)) size_.store(size, std::memory_order_release);
}

WorkerMetrics::WorkerMetrics(std::uint32_t labels, std::uint32_t routes)
    : rejected(std::max(labels, 1U)),
      request_duration(std::max(routes, 1U)),
      upstream_duration(std::max(routes, 1U)),
      ledger_(std::max(labels, 1U)) {}

void WorkerMetrics::grow(std::uint32_t labels, std::uint32_t routes, Gate& gate) {
  request_duration.grow(routes);
  upstream_duration.grow(routes);
  std::vector<Ledger> ledger(std::max<std::size_t>(labels, ledger_.size()));
  const Gate::Pass pass(gate);
  rejected.bound_labels(labels);
  if (ledger.size() == ledger_.size()) return;
  std::move(ledger_.begin(), ledger_.end(), ledger.begin());
  ledger_.swap(ledger);
}

void WorkerMetrics::arrived(std::uint32_t label) {
  auto& entry = ledger_[std::min<std::size_t>(label, ledger_.size() - 1)];
  ++entry.arrivals;
  ++entry.inside;
}

void WorkerMetrics::ended(std::uint32_t label, std::uint16_t code, Source source) {
  auto& entry = ledger_[std::min<std::size_t>(label, ledger_.size() - 1)];
  --entry.inside;
  for (auto& row : entry.ended.rows) {
    if (row.code == code && row.source == source) {
      ++row.count;
      return;
    }
  }
  entry.ended.rows.push_back({code, source, 1});
}

}  // namespace weir
