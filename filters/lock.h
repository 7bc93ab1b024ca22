// A mutex of one word. Where nobody else holds it, locking and unlocking are one atomic instruction
// each, a tenth of what pthread's take (./dev bench instructions); else the thread sleeps in the
// kernel. After U. Drepper, "Futexes Are Tricky", section 6 ("mutex 2").
//
// Threads: any. Not recursive, not fair.
#pragma once

#include <atomic>
#include <cstdint>

namespace weir {

class Lock {
 public:
  Lock() = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  void lock() {
    State expected = State::open;
    if (!state_.compare_exchange_strong(expected, State::held, std::memory_order_acquire)) wait();
  }
  void unlock() {
    if (state_.exchange(State::open, std::memory_order_release) == State::awaited) {
      state_.notify_one();
    }
  }

 private:
  enum class State : std::uint32_t { open, held, awaited };

  // Whoever has waited takes it as awaited: others may wait as well.
  [[gnu::noinline]] void wait() {
    while (state_.exchange(State::awaited, std::memory_order_acquire) != State::open) {
      state_.wait(State::awaited, std::memory_order_relaxed);
    }
  }

  std::atomic<State> state_{State::open};
};

}  // namespace weir
