// What the workers of one server share: counts that bound all of them together.
//
// Owner: the server. Threads: any; the counts are relaxed atomics, since each bound may be passed
// by what happens at the same instant on other workers, never by more.
//
// It also has the snapshot in force, for the workers to take when they are told of a new one, and
// keeps the old ones until no worker holds them any more.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "config/snapshot.h"
#include "filters/gate.h"
#include "proxy/context/holder_counts.h"

namespace weir {

// A worker, as the others and the server see it. Any thread.
class WorkerPeer {
 public:
  // Of the snapshot that it has taken; UINT64_MAX once it takes none any more.
  virtual std::uint64_t generation() const = 0;
  // Another worker needs a connection to the service.
  virtual void close_an_idle_connection() = 0;
  // Newcomers are refused on another worker: idle clients' connections give way.
  virtual void evict_idle_clients() = 0;

 protected:
  ~WorkerPeer() = default;
};

class SharedState {
 public:
  SharedState(std::shared_ptr<const Snapshot> s, Gate& g) : gate(g), snapshot_(std::move(s)) {}

  std::shared_ptr<const Snapshot> snapshot() const;
  // Counts the snapshots that there were.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  // Puts another snapshot in force; the workers are to be told.
  void replace(std::shared_ptr<const Snapshot> snapshot);
  // A worker has taken the snapshot in force, or will take none any more.
  void taken();
  // Until all workers have taken the generation in force; false after `bound`.
  bool wait_until_taken(Duration bound);
  // Destroys the old snapshots that nobody holds any more, on the caller's thread. Returns how many
  // are left.
  std::size_t destroy_retired();

  Gate& gate;
  std::atomic<std::int64_t> max_clients{0};  // limits.max_connections, if descriptors allow
  std::atomic<std::int64_t> clients{0};
  HolderCounts client_counts;
  std::atomic<std::int64_t> upstream_open{0};   // connections to the service, idle ones included
  std::atomic<std::int64_t> tunnels{0};         // open or being asked for
  HolderCounts tenant_tunnels;                  // of each tenant, if they are bounded
  std::atomic<std::int64_t> buffered_bytes{0};  // of bodies held for another attempt
  std::atomic<bool> draining{false};
  std::atomic<bool> leaving{false};  // a drain has been announced: answers say Connection: close
  std::vector<WorkerPeer*> workers;  // set before any of them runs
  // Called by a worker that has dropped an old snapshot; must not block. Set before any of them
  // runs.
  std::function<void()> on_released;

 private:
  mutable std::mutex mutex_;  // never held for more than a few pointers' moves
  std::condition_variable changed_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::vector<std::shared_ptr<const Snapshot>> retired_;
  std::atomic<std::uint64_t> generation_{1};
};

}  // namespace weir
