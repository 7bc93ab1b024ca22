// The one place where weir reads a clock.
#pragma once

#include <chrono>
#include <string>

#include "filters/time.h"

namespace weir {

// Steady: CLOCK_MONOTONIC, which uv_hrtime reads too. The signature is Gate::ReadClock; the context
// is not used.
Time read_clock(void* context = nullptr);

// The time of day, for access logs, Date fields and start times.
std::chrono::system_clock::time_point wall_clock();

}  // namespace weir
