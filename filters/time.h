// The clock of the chain: nanoseconds on a steady clock that filters are told, never read.
//
// Only proxy/loop makes a Time out of a real clock; tests make them up.
#pragma once

#include <chrono>
#include <cstdint>

namespace weir {

// A clock without now(): it exists to give Time its type.
struct SteadyNanoseconds {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = std::chrono::duration<rep, period>;
  using time_point = std::chrono::time_point<SteadyNanoseconds>;
  static constexpr bool is_steady = true;
};

using Duration = SteadyNanoseconds::duration;
using Time = SteadyNanoseconds::time_point;

inline constexpr Time kNever = Time::max();

// `t + d` that stops at kNever instead of overflowing.
constexpr Time saturating_add(Time t, Duration d) {
  return d > Duration{0} && t > kNever - d ? kNever : t + d;
}

constexpr double to_seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace weir
