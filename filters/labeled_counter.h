// Plain counters for what happens inside the gate. They are read inside the gate too, so they
// need no atomics.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string_view>
#include <vector>

#include "filters/outcome.h"

namespace weir {

// Counts by reason and tenant label.
class LabeledCounter {
 public:
  explicit LabeledCounter(std::uint32_t labels = 1) : labels_(labels) {}
  void add(Reason reason, std::uint32_t label) {
    auto& row = counts_[static_cast<std::size_t>(reason)];
    if (row.size() < labels_) row.resize(labels_);
    ++row[label < labels_ ? label : labels_ - 1];
  }
  std::uint64_t count(Reason reason, std::uint32_t label) const {
    const auto& row = counts_[static_cast<std::size_t>(reason)];
    return label < row.size() ? row[label] : 0;
  }
  std::uint64_t total() const;
  // There are that many labels now; it only ever becomes more.
  void bound_labels(std::uint32_t labels) { labels_ = std::max(labels_, labels); }

 private:
  std::uint32_t labels_;
  std::array<std::vector<std::uint64_t>, static_cast<std::size_t>(Reason::count_)> counts_;
};

// A histogram of durations with fixed bounds, in seconds: 100 µs … 60 s.
class Histogram {
 public:
  static constexpr std::array<std::uint64_t, 18> kMicroseconds = {
      100,       250,       500,       1'000,      2'500,      5'000,
      10'000,    25'000,    50'000,    100'000,    250'000,    500'000,
      1'000'000, 2'500'000, 5'000'000, 10'000'000, 30'000'000, 60'000'000};
  // In seconds.
  static constexpr std::array<double, kMicroseconds.size()> kBounds = [] {
    std::array<double, kMicroseconds.size()> bounds{};
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      bounds[i] = static_cast<double>(kMicroseconds[i]) / 1e6;
    }
    return bounds;
  }();
  void observe(Duration d);
  static std::size_t bucket(Duration d);  // the index in `counts` that `d` falls into
  void merge(const Histogram& other);

  // counts[i]: observations in (kBounds[i-1], kBounds[i]]; the last: all above.
  std::array<std::uint64_t, kBounds.size() + 1> counts{};
  std::uint64_t sum_nanoseconds = 0;
  std::uint64_t total() const;
};

inline std::size_t Histogram::bucket(Duration d) {
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

// What became of the wish for another attempt; the `result` label of weir_retries_total.
enum class RetryResult : std::uint8_t {
  taken,  // another attempt is made, after the pause
  budget_exhausted,
  attempts_exhausted,
  no_time,         // the pause would end beyond the deadline or backoff.max
  not_replayable,  // the method, or a body that is no longer held
  count_,
};

std::string_view to_string(RetryResult result);

}  // namespace weir
