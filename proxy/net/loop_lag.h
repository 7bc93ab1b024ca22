// How late a worker's event loop is: an exact alarm ten times a second, and by how much it rang
// after its time. What became ready meanwhile waited as long.
//
// Owner and thread: the worker, which stops it before its alarms close.
#pragma once

#include "metrics/worker_metrics.h"
#include "proxy/clock/clock.h"
#include "proxy/net/timers.h"

namespace weir {

class LoopLag final : private Timer {
 public:
  LoopLag(Timers& alarms, SharedHistogram& lag) : timers_(alarms), lag_(lag) {}

  void start() { timers_.set(*this, read_clock() + kInterval, true); }
  void stop() { timers_.cancel(*this); }

 private:
  static constexpr Duration kInterval = std::chrono::milliseconds(100);

  void on_timer() override {
    lag_.observe(read_clock() - deadline());
    start();
  }

  Timers& timers_;
  SharedHistogram& lag_;
};

}  // namespace weir
