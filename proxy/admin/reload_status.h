// What became of the reloads of the configuration, for /config, /metrics and POST /reload.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace weir {

struct ReloadStatus {
  using Clock = std::chrono::system_clock;

  std::uint64_t successes = 0, failures = 0;
  bool last_successful = true;  // the start counts as a success
  Clock::time_point last_success{};

  // The last attempt; none yet: no trigger.
  std::string trigger;  // "HUP", "POST /reload", "file changed"
  Clock::time_point at{};
  std::vector<std::string> errors;    // FILE:LINE:COLUMN: path: what is wrong
  std::vector<std::string> warnings;  // what cannot change without a restart is among them
  std::vector<std::string> changed;   // top-level keys whose effective value did
};

struct ReloadOutcome {
  unsigned status = 200;  // 422: errors; 409: refused, with one line in now.errors
  ReloadStatus now;
};

}  // namespace weir
