#include "filters/labeled_counter.h"

#include <algorithm>
#include <numeric>

namespace weir {

std::uint64_t LabeledCounter::total() const {
  std::uint64_t sum = 0;
  for (const auto& row : counts_) sum = std::accumulate(row.begin(), row.end(), sum);
  return sum;
}

void Histogram::observe(Duration d) {
  ++counts[bucket(d)];
  sum_nanoseconds += static_cast<std::uint64_t>(std::max<std::int64_t>(d.count(), 0));
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
