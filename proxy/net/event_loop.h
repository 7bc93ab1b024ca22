// A worker's event loop: libuv's, for timers, listening, names and wake-ups, embedded in the
// poller, which serves the sockets.
//
// Owner: the worker. wake_up() may be called on any thread, also after the loop has ended; the rest
// on the worker's.
#pragma once

#include <mutex>
#include <string>

#include <uv.h>

#include "proxy/net/poller.h"

namespace weir {

class EventLoop {
 public:
  class Owner : public Poller::Host {
   public:
    virtual void on_wake_up() = 0;  // wake_up() was called, once or more often

   protected:
    ~Owner() = default;
  };

  explicit EventLoop(Poller& poller) : poller_(poller) {}
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Empty, or why it could not be opened.
  std::string open(Owner& owner);
  bool is_open() const { return open_; }  // open() came so far that close() has something to do
  uv_loop_t* native() { return &loop_; }  // for what in proxy/net has handles of its own

  // Serves what is ready, waiting for it or not. False: nothing is left that it could wait for, and
  // it has closed.
  bool turn(bool wait) {
    if (poller_.streams() == 0 && !alive()) return false;
    poller_.turn(wait);
    return true;
  }
  void wake_up();
  // No more wake-ups: the loop ends once the other handles have closed too.
  void stop_wake_ups();
  // After an open() of a part that failed: all handles are closing.
  void close();

 private:
  bool alive();  // false: it has closed

  Poller& poller_;
  Owner* owner_ = nullptr;
  uv_loop_t loop_{};
  uv_async_t async_{};
  std::mutex mutex_;
  bool open_ = false;
  bool async_open_ = false;
};

}  // namespace weir
