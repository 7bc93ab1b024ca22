#include "proxy/net/timers.h"

#include <algorithm>
#include <bit>
#include <sys/timerfd.h>
#include <unistd.h>

#include "proxy/clock/clock.h"

namespace weir {

Timers::~Timers() {
  if (timer_fd_ >= 0) ::close(timer_fd_);
}

bool Timers::open(uv_loop_t* loop) {
  timer_fd_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (timer_fd_ < 0) return false;
  uv_timer_init(loop, &timer_);
  timer_.data = this;
  uv_poll_init(loop, &poll_, timer_fd_);
  poll_.data = this;
  now_tick_ = tick_of(read_clock());
  return uv_poll_start(&poll_, UV_READABLE, [](uv_poll_t* handle, int, int) {
           static_cast<Timers*>(handle->data)->ring_heap();
         }) == 0;
}

void Timers::close() {
  if (timer_fd_ < 0 || uv_is_closing(reinterpret_cast<uv_handle_t*>(&timer_)) != 0) return;
  uv_close(reinterpret_cast<uv_handle_t*>(&timer_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), nullptr);
}

void Timers::set(Timer& entry, Time at, bool exact) {
  if (at == kNever) return cancel(entry);
  if (entry.armed()) {
    if (entry.at_ == at && entry.exact() == exact) return;
    cancel(entry);
  }
  entry.at_ = at;
  if (exact) {
    heap_push(entry);
    arm_timerfd();
    return;
  }
  if (in_wheel_ == 0) now_tick_ = std::max(now_tick_, tick_of(read_clock()) - 1);
  entry.place_ = Timer::Place::wheel;
  ++in_wheel_;
  insert(entry);
  const std::uint64_t tick = std::max(tick_of(at), now_tick_ + 1);
  const std::uint64_t wake = entry.index_ < kSlots ? tick : (tick & ~std::uint64_t{kSlots - 1});
  if (armed_tick_ == 0 || wake < armed_tick_) arm_timer(wake);
}

void Timers::cancel(Timer& entry) {
  if (entry.place_ == Timer::Place::wheel) {
    unlink(entry);
    --in_wheel_;
  } else if (entry.place_ == Timer::Place::heap) {
    heap_remove(entry);
    arm_timerfd();
  }
  entry.place_ = Timer::Place::nowhere;
}

// The first tick that is not before `at`.
std::uint64_t Timers::tick_of(Time at) {
  const std::int64_t ns = std::max<std::int64_t>(at.time_since_epoch().count(), 0);
  return (static_cast<std::uint64_t>(ns) + (1U << kTickBits) - 1) >> kTickBits;
}

void Timers::insert(Timer& entry) {
  const std::uint64_t tick = std::max(tick_of(entry.at_), now_tick_ + 1);
  if (tick - now_tick_ < kSlots) return link(entry, tick % kSlots);
  // Beyond both levels it is looked at again after a whole turn.
  const std::uint64_t turn =
      std::min<std::uint64_t>(tick / kSlots, now_tick_ / kSlots + kSlots - 1);
  link(entry, kSlots + static_cast<std::uint32_t>(turn % kSlots));
}

void Timers::link(Timer& entry, std::uint32_t slot) {
  entry.index_ = slot;
  entry.next_ = slots_[slot];
  entry.back_ = &slots_[slot];
  if (entry.next_ != nullptr) entry.next_->back_ = &entry.next_;
  slots_[slot] = &entry;
  if (slot < kRinging) occupied_[slot / 64] |= std::uint64_t{1} << (slot % 64);
}

void Timers::unlink(Timer& entry) {
  *entry.back_ = entry.next_;
  if (entry.next_ != nullptr) entry.next_->back_ = entry.back_;
  const std::uint32_t slot = entry.index_;
  if (slot < kRinging && slots_[slot] == nullptr) {
    occupied_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
  }
}

void Timers::advance(Time now) {
  const std::uint64_t target =
      static_cast<std::uint64_t>(now.time_since_epoch().count()) >> kTickBits;
  while (in_wheel_ != 0 && now_tick_ < target) {
    const std::uint64_t boundary = (now_tick_ / kSlots + 1) * kSlots;
    const std::uint64_t stop = std::min(target, boundary);
    const std::uint64_t tick = std::min(stop, next_tick());
    now_tick_ = std::max(tick, now_tick_ + 1);
    if (now_tick_ % kSlots == 0) cascade();
    ring_slot(now_tick_ % kSlots);
  }
  now_tick_ = std::max(now_tick_, target);
}

// A new turn of the first level begins: what the second level holds for it moves there.
void Timers::cascade() {
  Timer*& slot = slots_[kSlots + now_tick_ / kSlots % kSlots];
  Timer* moving = nullptr;
  while (slot != nullptr) {
    Timer* entry = slot;
    unlink(*entry);
    entry->next_ = moving;
    moving = entry;
  }
  while (moving != nullptr) {
    Timer* entry = moving;
    moving = entry->next_;
    if (tick_of(entry->at_) <= now_tick_) {
      link(*entry, now_tick_ % kSlots);
    } else {
      insert(*entry);
    }
  }
}

void Timers::ring_slot(std::uint32_t slot) {
  // Moved to a list of their own first: who rings may set and cancel others.
  while (Timer* entry = slots_[slot]) {
    unlink(*entry);
    link(*entry, kRinging);
  }
  while (Timer* entry = slots_[kRinging]) {
    cancel(*entry);
    entry->on_timer();
  }
}

// The next tick at which something may have to be done; only asked when the wheel is not empty.
std::uint64_t Timers::next_tick() const {
  const auto search = [this](std::uint32_t base, std::uint32_t from) -> std::uint32_t {
    for (std::uint32_t i = 0; i < kSlots;) {
      const std::uint32_t at = (from + i) % kSlots;
      const std::uint64_t word = occupied_[(base + at) / 64] >> (at % 64);
      if (word != 0) return i + static_cast<std::uint32_t>(std::countr_zero(word));
      i += 64 - at % 64;
    }
    return kSlots;
  };
  const std::uint32_t near = search(0, (now_tick_ + 1) % kSlots);
  const std::uint64_t near_tick = near < kSlots ? now_tick_ + 1 + near : UINT64_MAX;
  const std::uint32_t far = search(kSlots, (now_tick_ / kSlots + 1) % kSlots);
  const std::uint64_t far_tick =
      far < kSlots ? (now_tick_ / kSlots + 1 + far) * kSlots : UINT64_MAX;
  return std::min(near_tick, far_tick);
}

void Timers::arm_timer(std::uint64_t tick) {
  armed_tick_ = tick;
  const std::int64_t wait =
      static_cast<std::int64_t>(tick << kTickBits) - read_clock().time_since_epoch().count();
  const std::uint64_t milliseconds =
      wait <= 0 ? 0 : static_cast<std::uint64_t>(wait + 999'999) / 1'000'000;
  // libuv counts from its own cached time, which may be old: then it rings early, and again.
  uv_update_time(timer_.loop);
  uv_timer_start(
      &timer_,
      [](uv_timer_t* handle) {
        auto& self = *static_cast<Timers*>(handle->data);
        self.armed_tick_ = 0;
        self.advance(read_clock());
        if (self.in_wheel_ != 0) self.arm_timer(self.next_tick());
      },
      milliseconds, 0);
}

void Timers::heap_push(Timer& entry) {
  entry.place_ = Timer::Place::heap;
  entry.index_ = static_cast<std::uint32_t>(heap_.size());
  heap_.push_back(&entry);
  sift(entry.index_);
}

void Timers::heap_remove(Timer& entry) {
  const std::uint32_t index = entry.index_;
  heap_[index] = heap_.back();
  heap_[index]->index_ = index;
  heap_.pop_back();
  if (index < heap_.size()) sift(index);
}

// Moves the entry at `index` up or down to where it belongs.
void Timers::sift(std::uint32_t index) {
  const auto swap = [this](std::uint32_t a, std::uint32_t b) {
    std::swap(heap_[a], heap_[b]);
    heap_[a]->index_ = a;
    heap_[b]->index_ = b;
  };
  while (index > 0 && heap_[index]->at_ < heap_[(index - 1) / 2]->at_) {
    swap(index, (index - 1) / 2);
    index = (index - 1) / 2;
  }
  for (;;) {
    std::uint32_t least = index;
    for (std::uint32_t child = 2 * index + 1; child <= 2 * index + 2; ++child) {
      if (child < heap_.size() && heap_[child]->at_ < heap_[least]->at_) least = child;
    }
    if (least == index) return;
    swap(index, least);
    index = least;
  }
}

void Timers::ring_heap() {
  std::uint64_t expirations = 0;
  [[maybe_unused]] const ssize_t n = ::read(timer_fd_, &expirations, sizeof expirations);
  fd_set_to_ = kNever;
  ringing_heap_ = true;
  const Time now = read_clock();
  while (!heap_.empty() && heap_.front()->at_ <= now) {
    Timer& entry = *heap_.front();
    cancel(entry);
    entry.on_timer();
  }
  ringing_heap_ = false;
  arm_timerfd();
}

void Timers::arm_timerfd() {
  if (ringing_heap_ || heap_.empty()) return;
  const Time at = heap_.front()->at_;
  if (at == fd_set_to_) return;
  // A timer that rings too early is harmless; so one that is set to earlier than needed stays.
  if (fd_set_to_ < at) return;
  fd_set_to_ = at;
  const std::int64_t ns = std::max<std::int64_t>(at.time_since_epoch().count(), 1);
  itimerspec spec{};
  spec.it_value.tv_sec = ns / 1'000'000'000;
  spec.it_value.tv_nsec = ns % 1'000'000'000;
  timerfd_settime(timer_fd_, TFD_TIMER_ABSTIME, &spec, nullptr);
}

}  // namespace weir
