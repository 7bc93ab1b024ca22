// How late a worker's event loop is: an exact alarm ten times a second, and by how much it rang
// after its time. What became ready meanwhile waited as long.
//
// Owner and thread: the worker, which stops it before its alarms close.
#pragma once

#include "metrics/worker_metrics.h"
#include "proxy/clock/clock.h"
#include "proxy/net/alarms.h"

namespace weir {

class LoopLag final : private AlarmEntry {
 public:
  LoopLag(Alarms& alarms, SharedHistogram& lag) : alarms_(alarms), lag_(lag) {}

  void start() { alarms_.set(*this, read_clock() + kInterval, true); }
  void stop() { alarms_.cancel(*this); }

 private:
  static constexpr Duration kInterval = std::chrono::milliseconds(100);

  void ring() override {
    lag_.observe(read_clock() - rings_at());
    start();
  }

  Alarms& alarms_;
  SharedHistogram& lag_;
};

}  // namespace weir
