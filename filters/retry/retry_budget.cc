#include "filters/retry/retry_budget.h"

#include <algorithm>

namespace weir {

void RetryBudget::request_came(Time now) {
  roll(now);
  ++current().requests;
  ++sum_.requests;
}

bool RetryBudget::draw(Time now) {
  if (available(now) < 1) return false;
  ++current().retries;
  ++sum_.retries;
  return true;
}

double RetryBudget::available(Time now) {
  roll(now);
  const double allowed = share_ * static_cast<double>(sum_.requests) + per_second_ * kSeconds;
  return std::max(0.0, allowed - static_cast<double>(sum_.retries));
}

void RetryBudget::roll(Time now) {
  const std::int64_t second = now.time_since_epoch() / std::chrono::seconds(1);
  for (std::size_t i = 0; second_ < second && i < kSeconds; ++i) {
    ++second_;
    sum_.requests -= current().requests;
    sum_.retries -= current().retries;
    current() = {};
  }
  second_ = std::max(second_, second);
}

}  // namespace weir
