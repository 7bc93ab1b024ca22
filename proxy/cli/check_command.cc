#include "proxy/cli/check_command.h"

#include <cstdio>

#include "config/load.h"
#include "proxy/clock/clock.h"
#include "proxy/process/exit_code.h"

namespace weir {

int check_config(const std::string& file) {
  Gate gate(read_clock);
  const LoadResult result = load_file(file, LoadOptions{}, gate);
  for (const Diagnostic& error : result.errors) std::printf("%s\n", error.text().c_str());
  for (const Diagnostic& warning : result.warnings) {
    std::printf("%s (warning)\n", warning.text().c_str());
  }
  if (!result.errors.empty()) return kFailed;
  std::puts("OK");
  return kDone;
}

}  // namespace weir
