// The lines of a buffer: who waits, for what, in which order. All inside the gate.
//
// A Waiter stands in two lists at once: the buffer's whole line and, until it is granted something,
// the SubLine of the cause that it waits for. Both are ordered by the requests' first arrival. Links
// are in the waiters; nothing is allocated for one.
#pragma once

#include <cstddef>

#include "filters/limiter.h"

namespace weir {

class SubLine;

struct Waiter {
  Request* request = nullptr;
  SubLine* sub = nullptr;  // null once granted or dropped: it keeps its place in the line only
  Time joined{};
  Time look_at = kNever;   // as the head: when its cause is to be looked at again
  struct Links {
    Waiter* previous = nullptr;
    Waiter* next = nullptr;
  };
  Links in_sub, in_line;

  // `look_at` has changed.
  virtual void rearm() = 0;
  // It gets what it waited for: it takes itself out of its sub-line.
  virtual void granted(const Grant& grant) = 0;

 protected:
  ~Waiter() = default;
};

// True if `a` arrived first.
inline bool before(const Request& a, const Request& b) {
  return a.arrived != b.arrived ? a.arrived < b.arrived : a.ticket < b.ticket;
}

// A list of waiters by first arrival, linked through one of their Links.
template <Waiter::Links Waiter::*kLinks>
class WaiterList {
 public:
  Waiter* first() const { return first_; }
  Waiter* last() const { return last_; }
  bool empty() const { return first_ == nullptr; }
  std::size_t size() const { return size_; }

  // Newcomers go to the end at once; one that comes back is looked a place for from the front,
  // where it nearly always belongs.
  void insert(Waiter& waiter) {
    Waiter* next = nullptr;
    if (last_ != nullptr && before(*waiter.request, *last_->request)) {
      next = first_;
      while (before(*next->request, *waiter.request)) next = (next->*kLinks).next;
    }
    Waiter* previous = next != nullptr ? (next->*kLinks).previous : last_;
    waiter.*kLinks = {previous, next};
    (previous != nullptr ? (previous->*kLinks).next : first_) = &waiter;
    (next != nullptr ? (next->*kLinks).previous : last_) = &waiter;
    ++size_;
  }
  void remove(Waiter& waiter) {
    const Waiter::Links links = waiter.*kLinks;
    (links.previous != nullptr ? (links.previous->*kLinks).next : first_) = links.next;
    (links.next != nullptr ? (links.next->*kLinks).previous : last_) = links.previous;
    waiter.*kLinks = {};
    --size_;
  }

 private:
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
  std::size_t size_ = 0;
};

// Those of one buffer's line that wait for one cause.
class SubLine {
 public:
  // Finds this owner's sub-line among those of `cause`, or null.
  static SubLine* find(const Cause& cause, const void* owner);

  // An empty sub-line starts to serve as `owner`'s for `cause`.
  void open(Cause& cause, const void* owner, bool newest_first);
  // Once empty: unlinks itself from its cause.
  void close();

  void add(Waiter& waiter) { waiters_.insert(waiter); }
  void remove(Waiter& waiter) { waiters_.remove(waiter); }

  // Whom the next grant goes to.
  Waiter* head() const { return newest_first_ ? waiters_.last() : waiters_.first(); }
  Waiter* oldest() const { return waiters_.first(); }
  std::size_t size() const { return waiters_.size(); }
  Cause& cause() const { return *cause_; }

 private:
  friend class Cause;
  WaiterList<&Waiter::in_sub> waiters_;
  Cause* cause_ = nullptr;
  const void* owner_ = nullptr;
  SubLine* next_ = nullptr;  // of the same cause
  bool newest_first_ = false;
};

}  // namespace weir
