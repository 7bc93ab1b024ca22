// The signals and other events that the main thread waits for while weir runs.
//
// Threads: block_signals before any other thread is made, so that all inherit it; wait() on the
// main thread; notify() on any.
#pragma once

#include <atomic>
#include <cstdint>

#include "filters/time.h"

namespace weir {

// TERM, INT, HUP, USR1 wait until they are asked for; PIPE is ignored.
void block_signals();

class Events {
 public:
  enum class Kind : std::uint8_t { stop, hangup, reopen, drain_asked, drained, time_over };

  Events();
  ~Events();
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  // Blocks until the next event, or until that time. Those of notify() may be told once for many.
  Kind wait(Time until = kNever);
  void notify(Kind kind);  // drain_asked or drained

 private:
  int signals_;  // a signalfd
  int wake_;     // an eventfd
  std::atomic<bool> drain_asked_{false};
  std::atomic<bool> drained_{false};
};

}  // namespace weir
