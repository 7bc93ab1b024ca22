// A small seeded source of randomness for jitter: splitmix64 (Steele, Lea, Flood, 2014). Not for
// secrets.
#pragma once

#include <cstdint>

#include "filters/time.h"

namespace weir {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  // Uniform in [0, bound].
  Duration up_to(Duration bound) {
    const double unit = static_cast<double>(next() >> 11) * 0x1.0p-53;
    return Duration(static_cast<std::int64_t>(unit * static_cast<double>(bound.count())));
  }

 private:
  std::uint64_t state_;
};

}  // namespace weir
