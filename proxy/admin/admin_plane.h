// The admin plane whole: the pages over one snapshot and its workers, and the server that serves
// them. It knows the data plane only by the functions and words that it is given.
//
// Owner: the command that runs weir. What the options point to outlives it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "config/snapshot.h"
#include "filters/gate.h"
#include "metrics/worker_metrics.h"
#include "proxy/admin/reload_status.h"

namespace weir {

class AdminServer;

struct AdminPlaneOptions {
  Gate& gate;
  std::shared_ptr<const Snapshot> snapshot;
  std::vector<const WorkerMetrics*> workers;
  std::vector<std::string>
      bad_requests;  // the words of MessageError, by its values; empty: not shown
  std::vector<std::uint16_t> own_codes;  // that weir answers by itself
  std::chrono::system_clock::time_point started;
  std::function<bool()> ready;  // on the admin plane's thread, as the next two
  std::function<void()> drain;
  // Answers by calling its argument, on any thread; null: nothing can be reloaded.
  std::function<void(std::function<void(const ReloadOutcome&)>)> reload;
  std::function<ReloadStatus()> reload_status;  // may be null
  std::function<std::uint64_t()> lost_log_lines, access_lines_written, access_lines_lost;
};

struct PageSources;

class AdminPlane {
 public:
  struct StartResult {
    std::unique_ptr<AdminPlane> plane;  // null on error
    std::string error;                  // one line: what, where, by which setting
  };
  static StartResult start(AdminPlaneOptions options);
  ~AdminPlane();

  std::string address() const;            // http://127.0.0.1:9901
  std::string telemetry_address() const;  // the same; empty without that listener
  // From now on the pages show this one. On any thread.
  void replace(std::shared_ptr<const Snapshot> snapshot);

 private:
  struct View;  // the pages over one snapshot
  explicit AdminPlane(AdminPlaneOptions options);
  std::shared_ptr<const View> view() const;
  PageSources page_sources() const;

  AdminPlaneOptions options_;
  mutable std::mutex mutex_;
  std::shared_ptr<const View> view_;
  std::unique_ptr<AdminServer> server_, telemetry_;  // end first
};

}  // namespace weir
