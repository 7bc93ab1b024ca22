// The gate: one lock for all the state that requests share.
//
// A worker makes a Pass when a request enters, leaves, wakes or ends. The pass takes the time after
// it has locked, so that time never runs backwards inside, and filters are plain single-threaded
// code, exact with any number of workers. Nothing inside does I/O, logs, or allocates without
// bound.
//
// What a pass frees is served at its end, in a loop: the heads of the lines that waited for it get
// their grants, and the mailboxes of their workers are told after the gate is open again. No visit
// is entered from inside another's moment.
#pragma once

#include <cstdint>
#include <vector>

#include "filters/lock.h"
#include "filters/time.h"

namespace weir {

class WaitableResource;
class Gate;
class Request;

// Where a worker finds its requests that were granted something, or whose alarm changed, while
// another request was being dealt with. Links are in the requests; guarded by the gate. A request
// that ends is unlinked.
class Mailbox {
 public:
  Mailbox() = default;
  virtual ~Mailbox() = default;
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // Inside a pass. `put` of a request that is already there does nothing.
  void put(Request& request, Gate& gate);
  Request* take();  // the oldest, or null
  static void unlink(Request& request);
  bool empty() const { return first_ == nullptr; }

 protected:
  // Called after a pass that put something here, outside the gate, on the thread of that pass. Must
  // make the worker call Chain::wake for all that take() gives. Thread-safe.
  virtual void notify() = 0;

 private:
  friend class Gate;
  Request* first_ = nullptr;
  Request* last_ = nullptr;
  bool told_ = false;  // to be notified at the end of this pass
};

class Gate {
 public:
  using ReadClock = Time (*)(void* context);
  explicit Gate(ReadClock read, void* context = nullptr) : read_(read), context_(context) {}
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  // The right to touch shared state, for the life of the object. Not recursive.
  class Pass {
   public:
    explicit Pass(Gate& gate);
    ~Pass();
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;
    Time now() const { return gate_.now_; }

   private:
    Gate& gate_;
  };

  // --- inside a pass
  Time now() const { return now_; }
  std::uint64_t pass() const { return pass_; }  // counts the passes
  // Has the cause's line looked at before the pass ends.
  void serve_later(WaitableResource& cause);

 private:
  friend class Mailbox;
  void serve_all();
  [[gnu::noinline]] void notify_all();

  ReadClock read_;
  void* context_;
  Lock lock_;
  Time now_{};
  std::uint64_t pass_ = 0;
  std::vector<WaitableResource*> to_serve_;
  std::vector<Mailbox*> to_notify_;
};

}  // namespace weir
