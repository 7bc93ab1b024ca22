#include "proxy/loop/clock.h"

#include <uv.h>

namespace weir {

Time read_clock(void* /*context*/) {
  return Time{Duration{static_cast<std::int64_t>(uv_hrtime())}};
}

std::chrono::system_clock::time_point wall_clock() { return std::chrono::system_clock::now(); }

}  // namespace weir
