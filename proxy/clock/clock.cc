#include "proxy/clock/clock.h"

#include <ctime>

namespace weir {

Time read_clock(void* /*context*/) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return Time{std::chrono::seconds(now.tv_sec) + Duration(now.tv_nsec)};
}

std::chrono::system_clock::time_point wall_clock() { return std::chrono::system_clock::now(); }

}  // namespace weir
