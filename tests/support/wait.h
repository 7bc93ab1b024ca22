// How long tests wait for what must happen. Bounds only: no test's verdict hangs on a measured
// time.
#pragma once

#include <chrono>
#include <functional>

namespace weir::testing {

using std::chrono::milliseconds;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// Longer than anything takes that is going to happen at all, on a busy machine too.
inline constexpr milliseconds kPatience{kSanitized ? 60'000 : 20'000};

// Asks until the condition holds, or the bound is over; says which.
bool eventually(const std::function<bool()>& condition, milliseconds bound = kPatience);

// A point in time to wait until, for waits in several steps.
class Deadline {
 public:
  explicit Deadline(milliseconds bound) : at_(std::chrono::steady_clock::now() + bound) {}
  bool over() const { return std::chrono::steady_clock::now() >= at_; }
  milliseconds left() const;  // rounded up; 0 when over

 private:
  std::chrono::steady_clock::time_point at_;
};

}  // namespace weir::testing
