// Reloads the configuration file of a running weir: on HUP, on POST /reload, and when it changes.
//
// A thread of its own reads, checks and builds the new snapshot, and destroys old ones once no
// request uses them any more, so that neither traffic nor the admin pages wait for it. One reload
// at a time; those who ask while one is under way share the next one. A bad file changes nothing.
// When files change, 100 ms of quiet are waited for, a second at most, and only contents that are
// new count.
//
// Threads: ask() and status() on any; the rest on the main one.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "config/load.h"
#include "filters/gate.h"
#include "proxy/admin/reload_status.h"
#include "proxy/cli/file_watch.h"

namespace weir {

class Instance;

class Reloader {
 public:
  using Done = std::function<void(const ReloadOutcome&)>;

  // `file`: empty: there is nothing to reload, and asking says so. `watch`: for changes of it.
  Reloader(std::string file, bool watch, Gate& gate);
  ~Reloader();  // answers who still waits
  Reloader(const Reloader&) = delete;
  Reloader& operator=(const Reloader&) = delete;

  // From now on reloads go to `instance`, until stop().
  void start(Instance& instance);
  void stop();

  // `done` (may be null) is called once, on the reloader's thread or, at the end, the main one.
  void ask(const std::string& trigger, Done done);
  ReloadStatus status() const;
  // An old snapshot may have come free.
  void look_for_retired() { wake(); }

 private:
  struct Asked {
    std::string trigger;
    std::vector<Done> done;
  };

  void run();
  void wake() const;
  bool wait();  // true: the file may have changed
  void settle();
  ReloadOutcome reload(const std::string& trigger, const std::string* contents);
  ReloadOutcome refuse(std::string why);
  void apply(LoadResult&& loaded, const std::string& trigger, ReloadStatus& status);
  void look_at_file();

  const std::string file_;
  Gate& gate_;
  std::unique_ptr<FileWatch> watch_;
  int wake_;  // an eventfd
  Instance* instance_ = nullptr;
  std::uint64_t contents_ = 0;  // a hash of what was tried last
  std::atomic<bool> stopping_{false};
  std::thread thread_;

  mutable std::mutex mutex_;
  Asked asked_;
  ReloadStatus status_;
};

}  // namespace weir
