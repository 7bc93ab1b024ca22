#include "proxy/demo/event_loop.h"

#include <arpa/inet.h>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace weir::demo {
namespace {

constexpr std::uint64_t kTimer = 0, kStop = 1;

void control(int epoll, int operation, int fd, std::uint64_t tag, bool output) {
  epoll_event event{};
  event.events = EPOLLIN;
  if (output) event.events |= EPOLLOUT;
  event.data.u64 = tag;
  if (epoll_ctl(epoll, operation, fd, &event) != 0) throw std::runtime_error("demo: epoll");
}

sockaddr_in loopback(const std::string& host, std::uint16_t port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  if (inet_pton(AF_INET, host.c_str(), &name.sin_addr) != 1) {
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  return name;
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this == &other) return *this;
  reset();
  fd_ = other.fd_;
  other.fd_ = -1;
  return *this;
}

void Descriptor::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

EventLoop::EventLoop()
    : epoll_(epoll_create1(EPOLL_CLOEXEC)),
      timer_(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)),
      stop_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!epoll_.open() || !timer_.open() || !stop_.open()) {
    throw std::runtime_error("demo: no descriptors left");
  }
  watch(timer_.get(), kTimer);
  watch(stop_.get(), kStop);
}

void EventLoop::watch(int fd, std::uint64_t tag, bool output) {
  control(epoll_.get(), EPOLL_CTL_ADD, fd, tag, output);
}

void EventLoop::change(int fd, std::uint64_t tag, bool output) {
  control(epoll_.get(), EPOLL_CTL_MOD, fd, tag, output);
}

// Time counts like CLOCK_MONOTONIC (uv_hrtime), so it can be set as it is.
void EventLoop::set_timer(Time at) {
  itimerspec spec{};
  if (at != kNever) {
    std::int64_t ns = at.time_since_epoch().count();
    if (ns < 1) ns = 1;
    spec.it_value.tv_sec = ns / 1'000'000'000;
    spec.it_value.tv_nsec = ns % 1'000'000'000;
  }
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
}

void EventLoop::run(const std::function<void(std::uint64_t)>& on_event,
                    const std::function<void()>& on_timer) {
  std::array<epoll_event, 64> events;
  for (;;) {
    int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
    if (count < 0 && errno != EINTR) return;
    for (int i = 0; i < count; ++i) {
      std::uint64_t tag = events[static_cast<std::size_t>(i)].data.u64;
      if (tag == kStop) return;
      if (tag != kTimer) {
        on_event(tag);
        continue;
      }
      std::uint64_t rung = 0;
      if (::read(timer_.get(), &rung, sizeof rung) == sizeof rung) on_timer();
    }
  }
}

void EventLoop::stop() {
  std::uint64_t one = 1;
  [[maybe_unused]] ssize_t n = ::write(stop_.get(), &one, sizeof one);
}

Descriptor connect_to(const std::string& host, std::uint16_t port) {
  Descriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in name = loopback(host, port);
  if (!fd.open() || (::connect(fd.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) != 0 &&
                     errno != EINPROGRESS)) {
    throw std::runtime_error("demo: the load cannot connect");
  }
  int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

}  // namespace weir::demo
