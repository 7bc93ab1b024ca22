// A small event loop for the demo's own parts, the service and the load: epoll, one precise timer,
// and a way to stop it. Not weir's: its workers stand on libuv.
//
// Owner: a DemoService or DemoLoad; it runs on that one's thread. stop() may come from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "filters/time.h"

namespace weir::demo {

// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept;
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_ = -1;
};

class EventLoop {
 public:
  EventLoop();  // throws std::runtime_error if the system gives no descriptors

  // `tag` (not 0 or 1) comes back with the event. Watches for input, and for output if asked.
  void watch(int fd, std::uint64_t tag, bool output = false);
  void change(int fd, std::uint64_t tag, bool output);
  // One at a time; kNever: none.
  void set_timer(Time at);

  // Until stop(): on_event for descriptors, on_timer when the timer has rung.
  void run(const std::function<void(std::uint64_t tag)>& on_event,
           const std::function<void()>& on_timer);
  void stop();

 private:
  Descriptor epoll_, timer_, stop_;
};

// Begins to connect to an address of this machine, non-blocking; the socket is writable when that
// is done. Throws std::runtime_error.
Descriptor connect_to(const std::string& host, std::uint16_t port);

}  // namespace weir::demo
