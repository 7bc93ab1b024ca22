// Gives memory back to the system when a peak of connections is over: malloc by itself keeps every
// page on which one small block is still in use, or kept for the next borrower.
//
// Once a second at most, and only when the connections have become half as many as they were: what
// is kept for the next borrower is freed, and malloc_trim runs on a thread of its own for as long
// as it takes (a millisecond for 5,000 connections). It holds an arena's lock meanwhile, which the
// worker meets only where it allocates: at new connections, not on the warm path.
//
// Owner and thread: the worker's.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <utility>

#include "proxy/net/timers.h"

namespace weir {

class MemoryReturn final : private Timer {
 public:
  // `let_go` frees what is kept for the next borrower.
  MemoryReturn(Timers& alarms, std::function<void()> let_go)
      : timers_(alarms), let_go_(std::move(let_go)) {}
  ~MemoryReturn() override { stop(); }

  void opened();
  void closed();
  void stop();  // before the alarms end

  // For the whole process, before it has threads: blocks from 128 KiB on are mapped, and unmapped
  // when freed, however large the largest was; the top of a heap is kept up to 1 MiB.
  static void configure();

 private:
  static constexpr std::int64_t kWorthIt = 64;  // connections
  bool peak_is_over() const { return 2 * open_ + kWorthIt <= peak_; }
  void on_timer() override;

  Timers& timers_;
  std::function<void()> let_go_;
  std::int64_t open_ = 0;
  std::int64_t peak_ = 0;  // since memory was last given back
  std::atomic<bool> busy_{false};
  std::thread thread_;
};

}  // namespace weir
