// The admin plane whole: the pages over one snapshot and its workers, and the server that serves
// them. It knows the data plane only by the functions and words that it is given.
//
// Owner: the command that runs weir. What the options point to outlives it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/snapshot.h"
#include "filters/gate.h"
#include "metrics/worker_metrics.h"

namespace weir {

class AdminServer;
class Exposition;
class TenantsPage;

struct AdminPlaneOptions {
  Gate& gate;
  std::shared_ptr<const Snapshot> snapshot;
  std::vector<const WorkerMetrics*> workers;
  std::vector<std::string>
      bad_requests;                      // the words of BadRequest, by its values; empty: not shown
  std::vector<std::uint16_t> own_codes;  // that weir answers by itself
  std::chrono::system_clock::time_point started;
  std::function<bool()> ready;  // on the admin plane's thread, as the next two
  std::function<void()> drain;
  std::function<std::uint64_t()> lost_log_lines, access_lines_written, access_lines_lost;
};

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

 private:
  AdminPlane() = default;
  std::unique_ptr<Exposition> exposition_;
  std::unique_ptr<TenantsPage> tenants_;
  std::unique_ptr<AdminServer> server_, telemetry_;  // end first
};

}  // namespace weir
