#include "filters/request.h"

#include "filters/filter.h"

namespace weir {

// The slots and the arrays of what visits leave behind are written before they are read: by
// Chain::arrive, and by each visit as it is made.
Request::Request() {}  // NOLINT(cppcoreguidelines-pro-type-member-init)

Request::~Request() = default;

Alarm Request::alarm() const {
  // A coarse alarm may ring a tick late, so an exact one within it goes first.
  Time coarse = kNever;
  Time exact = kNever;
  for (std::size_t i = 0; i < depth_; ++i) {
    const Alarm& alarm = visits_[i]->alarm();
    Time& earliest = alarm.exact ? exact : coarse;
    if (alarm.at < earliest) earliest = alarm.at;
  }
  if (exact != kNever && (coarse == kNever || exact <= saturating_add(coarse, kAlarmTick))) {
    return {exact, true};
  }
  return {coarse, false};
}

}  // namespace weir
