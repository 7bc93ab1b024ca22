// Whether a line stands: CoDel's sign of a bad queue (RFC 8289 §4.2), its wait not having been
// under a target for a while. Pure arithmetic on what the buffer tells it.
#pragma once

#include <algorithm>

#include "filters/time.h"

namespace weir {

class StandingQueueDetector {
 public:
  explicit StandingQueueDetector(Duration target) : target_(target) {}

  // The line is empty, or somebody gets his turn after less than the target.
  void was_under(Time now) { last_under_ = std::max(last_under_, now); }
  // Somebody gets his turn after `wait`. (Who gives up says nothing of the line.)
  void left(Duration wait, Time now) {
    if (wait < target_) was_under(now);
  }
  // The head joined at `joined`: until that is `target` ago its age is a wait under the target.
  void head_seen(Time joined, Time now) { was_under(std::min(now, joined + target_)); }

  Time last_under() const { return last_under_; }
  Duration target() const { return target_; }

 private:
  Duration target_;
  Time last_under_{};
};

}  // namespace weir
