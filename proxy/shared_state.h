// What the workers of one server share: counts that bound all of them together.
//
// Owner: the server. Threads: any; the counts are relaxed atomics, since each bound may be passed
// by what happens at the same instant on other workers, never by more.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "config/snapshot.h"
#include "filters/gate.h"
#include "proxy/client_counts.h"

namespace weir {

class Worker;

struct SharedState {
  SharedState(std::shared_ptr<const Snapshot> s, Gate& g) : snapshot(std::move(s)), gate(g) {}

  const std::shared_ptr<const Snapshot> snapshot;
  Gate& gate;
  std::int64_t max_clients = 0;  // limits.max_connections, as far as descriptors allow
  std::atomic<std::int64_t> clients{0};
  ClientCounts client_counts;
  std::atomic<std::int64_t> upstream_open{0};   // connections to the service, idle ones included
  std::atomic<std::int64_t> tunnels{0};         // open or being asked for
  std::atomic<std::int64_t> buffered_bytes{0};  // of bodies held for another attempt
  std::atomic<bool> draining{false};
  std::vector<Worker*> workers;  // set before any of them runs
};

}  // namespace weir
