#include "proxy/context/worker_context.h"

#include "proxy/clock/clock.h"
#include "proxy/context/access_log.h"

namespace weir {

WorkerContext::WorkerContext(SharedState& shared, WorkerMetrics& metrics)
    : shared_(shared), metrics_(metrics) {}

WorkerContext::~WorkerContext() = default;

std::string_view WorkerContext::date() { return date_.at(wall_clock()); }

SnapshotRef& WorkerContext::acquire_snapshot() {
  SnapshotRef& newest = *snapshot_refs_.back();
  ++newest.exchanges;
  return newest;
}

}  // namespace weir
