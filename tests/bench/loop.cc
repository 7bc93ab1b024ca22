// The yardstick: bench_loop BACKEND_PORT [PORT]. A bare loop that only copies bytes: each client's
// connection has one of its own to the backend, one read and one write a hop, nothing looked at. No
// proxy of this kind (one thread, epoll, ordinary sockets) can be cheaper.
//
// Several of them can share a PORT. Says "port N" on stdout when it is ready; ends by a signal.
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/endpoint.h"

namespace weir::bench {
namespace {

// One end of a pair; what is read from one is written to the other.
struct End {
  int fd = -1;
  End* peer = nullptr;
  std::string unsent;  // read from the peer; while there is any, the peer is not read
};
using Pair = std::array<End, 2>;  // the client's, the backend's

class Loop {
 public:
  Loop(std::uint16_t backend, std::uint16_t port)
      : backend_(backend), listener_(listen_on(port, true)) {
    watch(EPOLL_CTL_ADD, listener_, EPOLLIN, nullptr);
    tell_port(listener_);
  }

  [[noreturn]] void run() {
    epoll_event events[256];
    for (;;) {
      const int count = epoll_wait(epoll_, events, 256, -1);
      for (int i = 0; i < count; ++i) {
        auto* end = static_cast<End*>(events[i].data.ptr);
        if (!end) {
          accept_all();
        } else if (end->fd >= 0) {
          serve(*end, events[i].events);
        }
      }
      // Not before: events of this round may still point at them.
      over_.clear();
    }
  }

 private:
  void watch(int operation, int fd, std::uint32_t what, End* end) {
    epoll_event event{};
    event.events = what;
    event.data.ptr = end;
    if (epoll_ctl(epoll_, operation, fd, &event)) give_up("epoll_ctl");
  }

  void accept_all() {
    for (int fd; (fd = accept_from(listener_)) >= 0;) {
      auto pair = std::make_unique<Pair>();
      (*pair)[0] = {.fd = fd, .peer = &(*pair)[1], .unsent = {}};
      (*pair)[1] = {.fd = connect_to(backend_), .peer = &(*pair)[0], .unsent = {}};
      for (End& end : *pair) watch(EPOLL_CTL_ADD, end.fd, EPOLLIN, &end);
      const auto slot = static_cast<std::size_t>(fd);
      if (pairs_.size() <= slot) pairs_.resize(slot + 1);
      pairs_[slot] = std::move(pair);
    }
  }

  void serve(End& end, std::uint32_t what) {
    if (what & EPOLLOUT) return send_rest(end);
    const ssize_t n = recv(end.fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (n <= 0) {
      if (n == 0 || errno != EAGAIN) drop(end);
      return;
    }
    const auto size = static_cast<std::size_t>(n);
    const ssize_t sent = send(end.peer->fd, buffer_.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent == n) return;
    if (sent < 0 && errno != EAGAIN) return drop(end);
    end.peer->unsent.assign(buffer_.data() + std::max<ssize_t>(sent, 0), buffer_.data() + size);
    watch(EPOLL_CTL_MOD, end.fd, 0, &end);
    watch(EPOLL_CTL_MOD, end.peer->fd, EPOLLOUT, end.peer);
  }

  // While an end is being written to it is not read: HTTP has one direction busy at a time.
  void send_rest(End& end) {
    const ssize_t n = send(end.fd, end.unsent.data(), end.unsent.size(), MSG_NOSIGNAL);
    if (n < 0) {
      if (errno != EAGAIN) drop(end);
      return;
    }
    end.unsent.erase(0, static_cast<std::size_t>(n));
    if (!end.unsent.empty()) return;
    watch(EPOLL_CTL_MOD, end.fd, EPOLLIN, &end);
    watch(EPOLL_CTL_MOD, end.peer->fd, EPOLLIN, end.peer);
  }

  void drop(End& end) {
    End& client = (end.peer - &end == 1) ? end : *end.peer;
    const auto slot = static_cast<std::size_t>(client.fd);
    for (End* each : {&end, end.peer}) {
      close(each->fd);
      each->fd = -1;
    }
    over_.push_back(std::move(pairs_[slot]));
  }

  const std::uint16_t backend_;
  const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  const int listener_;
  std::vector<std::unique_ptr<Pair>> pairs_;  // by the client's descriptor
  std::vector<std::unique_ptr<Pair>> over_;
  std::vector<char> buffer_ = std::vector<char>(64 * 1024);
};

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: bench_loop BACKEND_PORT [PORT]\n", stderr);
    return 2;
  }
  const auto port = [&](int i) {
    return static_cast<std::uint16_t>(argc > i ? std::atoi(argv[i]) : 0);
  };
  weir::bench::Loop(port(1), port(2)).run();
}
