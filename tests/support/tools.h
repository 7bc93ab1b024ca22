// Real clients: curl and wrk, run as processes, their findings parsed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/http_text.h"
#include "tests/support/wait.h"

namespace weir::testing {

struct CurlResult {
  int code = -1;       // curl's exit code
  Response response;   // status 0 if there was none
  std::string errors;  // what curl said
};
// `arguments`: what a person would type after `curl -i`, the URL among it.
CurlResult run_curl(std::vector<std::string> arguments, milliseconds bound = kPatience);

struct WrkOptions {
  std::string url;
  int connections = 8;
  int seconds = 1;
  std::vector<std::string> headers = {};  // "x-tenant: acme"
  std::string script = {};                // Lua
};
struct WrkResult {
  int code = -1;
  std::uint64_t requests = 0;  // answers that it read whole
  std::uint64_t errors = 0;    // of these: status 400 and above
  std::uint64_t socket_errors = 0, timeouts = 0;
  std::string output;
};
WrkResult run_wrk(const WrkOptions& options);

}  // namespace weir::testing
