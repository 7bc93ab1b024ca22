#include "tests/support/wait.h"

#include <algorithm>
#include <thread>

namespace weir::testing {

milliseconds Deadline::left() const {
  auto rest = std::chrono::ceil<milliseconds>(at_ - std::chrono::steady_clock::now());
  return std::max(rest, milliseconds(0));
}

bool eventually(const std::function<bool()>& condition, milliseconds bound) {
  Deadline deadline(bound);
  for (milliseconds pause(1);; pause = std::min(pause * 2, milliseconds(20))) {
    if (condition()) return true;
    if (deadline.over()) return condition();
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace weir::testing
