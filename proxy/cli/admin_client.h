// Asks the admin plane of a running weir, for `healthcheck` and `drain`. A plain blocking socket:
// these commands start often (as container health checks) and should be quick.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace weir {

struct AdminAnswer {
  int status = 0;        // 0: no answer
  std::string body;      // of at most 64 KiB
  std::string error;     // without an answer: one line
  bool refused = false;  // nobody listens there
};

// `address`: 127.0.0.1:9901, [::1]:9901, :9901, with or without http://. What listens on all
// addresses is asked on the loopback. The whole takes at most `timeout`.
AdminAnswer ask_admin(std::string_view address, std::string_view method, std::string_view target,
                      std::chrono::milliseconds timeout);

}  // namespace weir
