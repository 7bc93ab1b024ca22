// A small seeded source of randomness for jitter and sampling: splitmix64 (G. Steele, D. Lea,
// C. Flood, "Fast Splittable Pseudorandom Number Generators", 2014, with the constants of its
// reference code). Not for secrets.
#pragma once

#include <cstdint>

#include "filters/time.h"

namespace weir {

// Moves `state` on and returns the next number. Different states give different numbers.
inline std::uint64_t splitmix64(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() { return splitmix64(state_); }
  // Uniform in [0, bound].
  Duration up_to(Duration bound) {
    const double unit = static_cast<double>(next() >> 11) * 0x1.0p-53;
    return Duration(static_cast<std::int64_t>(unit * static_cast<double>(bound.count())));
  }

 private:
  std::uint64_t state_;
};

}  // namespace weir
