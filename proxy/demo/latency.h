// Latencies as counts in buckets of at most 1.6% width: bounded memory, percentiles at any time.
// One thread, or the owner's lock.
#pragma once

#include <array>
#include <cstdint>

#include "filters/time.h"

namespace weir::demo {

class Latencies {
 public:
  void add(Duration latency);
  void add_all(const Latencies& other);
  void clear();
  std::uint64_t count() const { return total_; }
  // The latency that a share `q` (0 … 1) of them did not exceed; 0 without any.
  Duration percentile(double q) const;

 private:
  // Microseconds: 64 buckets for each power of two, up to 2^27 µs (134 s).
  static constexpr std::size_t kPerPower = 64, kPowers = 22;
  static std::size_t bucket(std::uint64_t us);
  static std::uint64_t upper(std::size_t index);
  std::array<std::uint32_t, kPerPower * kPowers> counts_{};
  std::uint64_t total_ = 0;
};

}  // namespace weir::demo
