// Who waits in a buffer's line, and lists of such. All inside the gate.
//
// Links are in the waiters; nothing is allocated for one.
#pragma once

#include <cstddef>

#include "filters/request.h"
#include "filters/time.h"

namespace weir {

class ResourceQueue;

struct Waiter {
  Request* request = nullptr;
  ResourceQueue* sub =
      nullptr;  // null once granted or dropped: it keeps its place in the line only
  Time joined{};
  Time look_at = kNever;  // as the head: when its cause is to be looked at again
  struct Links {
    Waiter* previous = nullptr;
    Waiter* next = nullptr;
  };
  Links in_sub, in_line;  // in_sub: of its sub-line, or of those that its cause has granted

  // `look_at` has changed.
  virtual void rearm() = 0;
  // It gets what it waited for: it takes itself out of its sub-line.
  virtual void granted(const Grant& grant) = 0;
  // Its grant goes to one that arrived before it: it stands in its sub-line again.
  virtual void revoked() = 0;

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

}  // namespace weir
