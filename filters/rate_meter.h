// How often something happened lately: events in the last full window and in the running one, the
// former fading out as the latter fills.
#pragma once

#include <cstdint>

#include "filters/time.h"

namespace weir {

class RateMeter {
 public:
  static constexpr Duration kWindow = std::chrono::seconds(1);

  void add(Time now) {
    roll(now);
    ++current_;
  }
  double per_second(Time now) {
    roll(now);
    const double gone = to_seconds(now - start_) / to_seconds(kWindow);
    return static_cast<double>(previous_) * (1 - gone) + static_cast<double>(current_);
  }

 private:
  void roll(Time now) {
    if (now - start_ < kWindow) return;
    previous_ = now - start_ < 2 * kWindow ? current_ : 0;
    current_ = 0;
    start_ = now - (now - start_) % kWindow;
  }

  Time start_{};
  std::uint64_t previous_ = 0, current_ = 0;
};

}  // namespace weir
