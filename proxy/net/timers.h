// The timers of one worker: thousands of coarse alarms and a few exact ones.
//
// Coarse alarms stand in a timing wheel of two levels (G. Varghese, T. Lauck, "Hashed and
// Hierarchical Timing Wheels", 1987) with a tick of 2^23 ns (8.4 ms), driven by one uv_timer that
// is set to the next tick at which something may ring, and not at all while the wheel is empty.
// Exact ones stand in a heap over one timerfd, which is set only when the earliest changes.
//
// Owner and thread: the worker. An entry belongs to what it rings for and must be cancelled before
// it dies. Setting and cancelling are O(1) for coarse alarms, O(log n) for exact ones; neither
// allocates, but for the heap's growth.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <uv.h>

#include "filters/time.h"

namespace weir {

class Timers;

class Timer {
 public:
  Timer() = default;
  virtual ~Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  bool armed() const { return place_ != Place::nowhere; }
  bool exact() const { return place_ == Place::heap; }
  Time deadline() const { return at_; }

 protected:
  // The alarm rang; the entry is not armed any more. May set or cancel any entry.
  virtual void on_timer() = 0;

 private:
  friend class Timers;
  enum class Place : std::uint8_t { nowhere, wheel, heap };

  Timer* next_ = nullptr;
  Timer** back_ = nullptr;  // what points at this
  Time at_ = kNever;
  std::uint32_t index_ = 0;  // in the heap; or the slot of the wheel
  Place place_ = Place::nowhere;
};

class Timers {
 public:
  Timers() = default;
  ~Timers();
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  // Takes its handles from `loop`; false if no timerfd is to be had.
  bool open(uv_loop_t* loop);
  void close();  // before the loop's last run

  // Arms the entry, or moves it; kNever cancels it. A coarse one rings up to a tick late.
  void set(Timer& entry, Time at, bool exact = false);
  void cancel(Timer& entry);

 private:
  static constexpr int kTickBits = 23;
  static constexpr std::uint32_t kSlots = 256;
  static constexpr std::uint32_t kRinging = 2 * kSlots;  // the list that is being rung

  static std::uint64_t tick_of(Time at);
  void insert(Timer& entry);
  void link(Timer& entry, std::uint32_t slot);
  void unlink(Timer& entry);
  void advance(Time now);
  void cascade();
  void ring_slot(std::uint32_t slot);
  std::uint64_t next_tick() const;
  void arm_timer(std::uint64_t tick);

  void heap_push(Timer& entry);
  void heap_remove(Timer& entry);
  void sift(std::uint32_t index);
  void ring_heap();
  void arm_timerfd();

  // Slots 0 … 255: the next 256 ticks; 256 … 511: the next 256 times 256 ticks.
  std::array<Timer*, 2 * kSlots + 1> slots_{};
  std::array<std::uint64_t, 2 * kSlots / 64> occupied_{};
  std::uint64_t now_tick_ = 0;    // up to which all has rung
  std::uint64_t armed_tick_ = 0;  // when the uv_timer rings; 0: it is not armed
  std::uint32_t in_wheel_ = 0;
  bool ringing_heap_ = false;
  int timer_fd_ = -1;
  Time fd_set_to_ = kNever;
  std::vector<Timer*> heap_;
  uv_timer_t timer_{};
  uv_poll_t poll_{};
};

}  // namespace weir
