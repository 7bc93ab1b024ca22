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
#include "proxy/runtime/server.h"

namespace weir {

class Instance {
 public:
  struct StartResult {
    std::unique_ptr<Instance> instance;  // null on error
    std::string error;                   // one line: what, where, by which setting
  };
  // What it tells whoever runs it. Those of the admin plane are called on its thread.
  struct Hooks {
    std::function<void()> drain;  // POST /drain, besides announcing it
    // POST /reload; null: it reloads nothing. Answers by calling its argument, on any thread.
    std::function<void(std::function<void(const ReloadOutcome&)>)> reload = nullptr;
    std::function<ReloadStatus()> reload_status = nullptr;
    std::function<void()> on_released = nullptr;  // see Server::start; on the workers' threads
  };
  // `gate` outlives it.
  static StartResult start(std::shared_ptr<const Snapshot> snapshot, Gate& gate, Hooks hooks);

  Server& server() const { return *server_; }
  std::string admin_address() const { return admin_->address(); }
  std::string telemetry_address() const { return admin_->telemetry_address(); }
  // See Server::replace; the admin plane then shows it.
  bool replace(std::shared_ptr<const Snapshot> snapshot);
  // From now on /ready says no; requests are taken as before.
  void announce_drain();
  bool ready() const { return ready_.load(); }  // any thread
  // The server drains.
  void drain(Duration timeout);

 private:
  Instance() = default;
  std::atomic<bool> ready_{true};
  std::unique_ptr<Server> server_;
  std::unique_ptr<AdminPlane> admin_;  // ends first
};

}  // namespace weir
