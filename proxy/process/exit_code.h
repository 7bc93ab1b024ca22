// What weir's commands exit with; part of the contract with scripts and orchestrators.
#pragma once

namespace weir {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;  // bad config, could not start, no answer
inline constexpr int kWrongUsage = 2;
inline constexpr int kCutShort = 3;  // the drain ran out of time

}  // namespace weir
