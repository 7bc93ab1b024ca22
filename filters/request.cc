#include "filters/request.h"

#include "filters/filter.h"

namespace weir {

Alarm Request::alarm() const {
  // A coarse alarm may ring a tick late, so an exact one within it goes first.
  Time coarse = kNever;
  Time exact = kNever;
  for (std::size_t i = 0; i < depth_; ++i) {
    const Alarm& alarm = visits_[i]->alarm();
    if (alarm.at == kNever) continue;
    if (alarm.exact) {
      exact = std::min(exact, alarm.at);
    } else {
      coarse = std::min(coarse, alarm.at);
    }
  }
  if (exact != kNever && (coarse == kNever || exact <= saturating_add(coarse, kAlarmTick))) {
    return {exact, true};
  }
  return {coarse, false};
}

}  // namespace weir
