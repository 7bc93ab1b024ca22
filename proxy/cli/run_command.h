// `weir run`: from a configuration to a running sidecar, and to its end.
#pragma once

#include <string>

#include "proxy/cli/flags.h"

namespace weir {

struct RunOptions {
  std::string file;  // empty: the flags are the configuration
  FlagValues flags;
  bool print_config = false;  // prints the YAML and ends
  bool no_watch = false;      // does not reload the file when it changes
  std::string pid_file;       // empty: none
};

// Blocks until weir has ended. Returns the exit code.
int run_weir(const RunOptions& options);

}  // namespace weir
