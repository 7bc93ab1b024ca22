// The data plane as one object: the workers, their listeners, and the service behind them.
//
// Threads: made, asked and destroyed by one thread (the main one); each worker runs its loop on a
// thread of its own. Errors at the start are values; after it the data plane never gives up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/snapshot.h"
#include "filters/gate.h"
#include "metrics/worker_metrics.h"

namespace weir {

class Server {
 public:
  struct StartResult {
    std::unique_ptr<Server> server;  // null on error
    std::string error;               // one line: what, where, by which setting
  };
  // Listens and starts the workers. `gate` must outlive the server.
  // `on_released`: told by the workers when an old snapshot may have come free; must not block.
  static StartResult start(std::shared_ptr<const Snapshot> snapshot, Gate& gate,
                           std::function<void()> on_released = nullptr);
  ~Server();  // stops at once

  std::uint16_t port() const;   // that it listens on; 0 for a Unix socket
  std::string address() const;  // "127.0.0.1:8080" or "unix:/…"

  std::int64_t workers() const;
  std::string why_so_many() const;  // "as configured", or what `workers: auto` went by

  // The access log's file anew, as after a rotation. Any thread; nothing without such a log.
  void reopen_logs();
  std::uint64_t access_lines_written() const;  // any thread
  std::uint64_t access_lines_lost() const;

  // From now on answers say `Connection: close`.
  void announce_drain();
  // Stops listening, lets what is under way finish, at most for `timeout`. Connections without a
  // request are closed after drain.grace, so that a request that is on its way is still answered.
  // Returns at once; see wait().
  void drain(Duration timeout);
  bool draining() const;
  // Blocks until all workers have ended; true if nothing had to be cut.
  bool wait();

  const std::vector<std::unique_ptr<WorkerMetrics>>& metrics() const;
  // The one in force.
  std::shared_ptr<const Snapshot> snapshot() const;

  // Puts another snapshot in force: requests that come from now on begin with it, those under way
  // finish with theirs. What a running server cannot change (listen, workers) stays as it is. On
  // any thread, one at a time. Returns once all workers have it; false if one does not react.
  bool replace(std::shared_ptr<const Snapshot> snapshot);
  // Destroys old snapshots that no request uses any more; returns how many are left.
  std::size_t destroy_retired();

 private:
  class State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace weir
