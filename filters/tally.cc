#include "filters/tally.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace weir {

std::uint64_t Tally::total() const {
  std::uint64_t sum = 0;
  for (const auto& row : counts_) sum = std::accumulate(row.begin(), row.end(), sum);
  return sum;
}

void Histogram::observe(Duration d) {
  ++counts[bucket(d)];
  sum_nanoseconds += static_cast<std::uint64_t>(std::max<std::int64_t>(d.count(), 0));
}

std::size_t Histogram::bucket(Duration d) {
  static constexpr auto kNanoseconds = [] {
    std::array<std::uint64_t, kBounds.size() + 1> bounds{};
    for (std::size_t i = 0; i < kBounds.size(); ++i) bounds[i] = kMicroseconds[i] * 1'000;
    bounds.back() = UINT64_MAX;
    return bounds;
  }();
  // By the number of bits, the first bucket that such a number may fall into: the right one is that
  // or one of the next two.
  static constexpr auto kFirst = [] {
    std::array<std::uint8_t, 65> first{};
    for (std::size_t bits = 1; bits < first.size(); ++bits) {
      const std::uint64_t least = std::uint64_t{1} << (bits - 1);
      while (kNanoseconds[first[bits]] < least) ++first[bits];
    }
    return first;
  }();
  const auto nanoseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(d.count(), 0));
  std::size_t bucket = kFirst[static_cast<std::size_t>(std::bit_width(nanoseconds))];
  while (kNanoseconds[bucket] < nanoseconds) ++bucket;
  return bucket;
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
  sum_nanoseconds += other.sum_nanoseconds;
}

std::uint64_t Histogram::total() const {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

std::string_view to_string(RetryResult result) {
  switch (result) {
    case RetryResult::taken: return "taken";
    case RetryResult::budget_exhausted: return "budget_exhausted";
    case RetryResult::attempts_exhausted: return "attempts_exhausted";
    case RetryResult::no_time: return "no_time";
    case RetryResult::not_replayable: return "not_replayable";
    case RetryResult::count_: break;
  }
  return "unknown";
}

}  // namespace weir
