#include "proxy/demo/sample_command.h"

#include <stdexcept>

#include "config/units.h"
#include "proxy/log/log.h"
#include "proxy/process/exit_code.h"
#include "proxy/process/signals.h"

namespace weir {

int run_sample(const demo::SampleOptions& options) {
  block_signals();
  start_log();
  int code = kDone;
  try {
    Events events;
    const demo::SampleService service(options);
    log_info("sample service listening on " + service.address() + ": " +
             std::to_string(options.places) + " at a time, " +
             print_duration(options.service_time.count()) + " each");
    while (events.wait() != Events::Kind::stop) continue;
    log_info("served " + std::to_string(service.stats().served) + " requests");
  } catch (const std::runtime_error& error) {
    log_error(error.what());
    code = kFailed;
  }
  stop_log();
  return code;
}

}  // namespace weir
