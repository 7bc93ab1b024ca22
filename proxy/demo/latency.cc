#include "proxy/demo/latency.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>

namespace weir::demo {

// Below 64 µs each microsecond has its own; then the power of two and the six bits after it.
std::size_t Latencies::bucket(std::uint64_t us) {
  if (us < kPerPower) return us;
  auto shift = static_cast<std::size_t>(std::bit_width(us)) - 7;
  std::size_t index = (shift + 1) * kPerPower + ((us >> shift) - kPerPower);
  return std::min(index, kPerPower * kPowers - 1);
}

std::uint64_t Latencies::upper(std::size_t index) {
  if (index < kPerPower) return index;
  std::size_t shift = index / kPerPower - 1;
  return ((index % kPerPower + kPerPower + 1) << shift) - 1;
}

void Latencies::add(Duration latency) {
  auto us = std::chrono::duration_cast<std::chrono::microseconds>(latency).count();
  ++counts_[bucket(static_cast<std::uint64_t>(std::max<std::int64_t>(us, 0)))];
  ++total_;
}

void Latencies::add_all(const Latencies& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  total_ += other.total_;
}

void Latencies::clear() {
  counts_.fill(0);
  total_ = 0;
}

Duration Latencies::percentile(double q) const {
  if (total_ == 0) return Duration{0};
  auto rank = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(total_)));
  rank = std::clamp<std::uint64_t>(rank, 1, total_);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= rank) return std::chrono::microseconds(upper(i));
  }
  return std::chrono::microseconds(upper(counts_.size() - 1));
}

}  // namespace weir::demo
