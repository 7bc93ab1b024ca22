// weir demo: a small service, weir in front of it, and a bounded load, all in one process and on
// the loopback only, with a table that is renewed every second.
//
// The service serves 8 requests at a time in 10 ms each (800/s) and queues the rest without a
// bound, as a thread pool does. Three tenants send, one of them far over its quota; more may join
// in.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "filters/time.h"

namespace weir {

struct DemoOptions {
  std::optional<Duration> run_for;  // none: until a signal, at most for kLongestDemo
  bool load = true;                 // false: only serves
  // In the words of the config. None: 127.0.0.1:8080 and 127.0.0.1:9901, or any free port where
  // these are taken.
  std::optional<std::string> listen;
  std::optional<std::string> admin;
};

inline constexpr Duration kLongestDemo = std::chrono::minutes(30);

// Runs until the time is over or INT or TERM comes; shows the table on standard output, redrawn in
// place where that is a terminal. Returns the exit code: 0, or 1 if it could not start.
int run_demo(const DemoOptions& options);

}  // namespace weir
