// The lines of a buffer: who waits, for what, in which order. All inside the gate.
//
// A Waiter stands in two lists at once: the buffer's whole line and, until it is granted something,
// the ResourceQueue of the cause that it waits for. Both are ordered by the requests' first
// arrival.
#pragma once

#include <cstddef>

#include "filters/limiter.h"
#include "filters/waiter.h"

namespace weir {

// Those of one buffer's line that wait for one cause.
class ResourceQueue {
 public:
  // Finds this owner's sub-line among those of `cause`, or null.
  static ResourceQueue* find(const WaitableResource& cause, const void* owner);

  // An empty sub-line starts to serve as `owner`'s for `cause`.
  void open(WaitableResource& cause, const void* owner, bool newest_first);
  // Once empty: unlinks itself from its cause.
  void close();

  void add(Waiter& waiter) {
    waiters_.insert(waiter);
    ++cause_->waiting();
  }
  void remove(Waiter& waiter) {
    waiters_.remove(waiter);
    --cause_->waiting();
  }

  // Whom the next grant goes to.
  Waiter* head() const { return newest_first_ ? waiters_.last() : waiters_.first(); }
  Waiter* oldest() const { return waiters_.first(); }
  std::size_t size() const { return waiters_.size(); }
  WaitableResource& cause() const { return *cause_; }

 private:
  friend class WaitableResource;
  WaiterList<&Waiter::in_sub> waiters_;
  WaitableResource* cause_ = nullptr;
  const void* owner_ = nullptr;
  ResourceQueue* next_ = nullptr;  // of the same cause
  bool newest_first_ = false;
};

}  // namespace weir
