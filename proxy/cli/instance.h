// A weir in this process: the data plane, the admin plane, and what joins them.
//
// Owner: the command; made, asked and destroyed on the main thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "config/snapshot.h"
#include "filters/gate.h"
#include "proxy/admin/admin_plane.h"
#include "proxy/server.h"

namespace weir {

class Instance {
 public:
  struct StartResult {
    std::unique_ptr<Instance> instance;  // null on error
    std::string error;                   // one line: what, where, by which setting
  };
  // `gate` outlives it. `ask_to_drain`: what POST /drain does, besides announcing it; called
  // on the admin plane's thread.
  static StartResult start(std::shared_ptr<const Snapshot> snapshot, Gate& gate,
                           std::function<void()> ask_to_drain);

  Server& server() const { return *server_; }
  std::string admin_address() const { return admin_->address(); }
  std::string telemetry_address() const { return admin_->telemetry_address(); }
  // From now on /ready says no; requests are taken as before.
  void announce_drain() { ready_.store(false); }
  // The server drains.
  void drain(Duration timeout);

 private:
  Instance() = default;
  std::atomic<bool> ready_{true};
  std::unique_ptr<Server> server_;
  std::unique_ptr<AdminPlane> admin_;  // ends first
};

}  // namespace weir
