// The service of the bench: bench_backend [PORT]. Answers from memory, so that it is never what
// limits. It swallows any request body.
//
//   GET /                 12 bytes
//   GET /BYTES            so many bytes, with Content-Length
//   GET /BYTES/CHUNK      the same, in chunks of that size
//
// Says "port N" on stdout when it is ready; ends by a signal.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/body.h"
#include "tests/bench/endpoint.h"
#include "tests/bench/skimmer.h"

namespace weir::bench {
namespace {

struct Answer {
  std::string head;  // with the body, where that is small
  BodyWire body;
};

// By the target. There are as many as the bench asks for: a handful.
const Answer& answer_for(std::string_view request_line) {
  static std::map<std::string, std::unique_ptr<Answer>, std::less<>> known;
  const std::size_t from = request_line.find('/');
  const std::string_view target =
      from == std::string_view::npos
          ? "/"
          : request_line.substr(from, request_line.find(' ', from) - from);
  if (const auto found = known.find(target); found != known.end()) return *found->second;
  const std::string start =
      "HTTP/1.1 200 OK\r\nDate: Sat, 21 Nov 2026 03:00:00 GMT\r\nContent-Type: text/plain\r\n";
  const BodyShape shape = BodyShape::parse(std::string(target.substr(1)).c_str());
  auto made = shape.bytes ? Answer{start + shape.framing_field() + "\r\n", BodyWire(shape)}
                          : Answer{start + "Content-Length: 12\r\n\r\nhello world\n", BodyWire({})};
  return *known.emplace(target, std::make_unique<Answer>(std::move(made))).first->second;
}

struct Connection {
  int fd = -1;
  Skimmer request;
  const Answer* answer = nullptr;  // while it is being sent
  std::uint64_t sent = 0;          // of it
};

enum class Sent { all, part, broken };

Sent send_answer(Connection& connection) {
  const std::string_view head = connection.answer->head;
  const BodyWire& body = connection.answer->body;
  while (connection.sent < head.size() + body.size()) {
    const bool in_head = connection.sent < head.size();
    const std::string_view next =
        in_head ? head.substr(connection.sent) : body.from(connection.sent - head.size());
    const int more = in_head && body.size() ? MSG_MORE : 0;
    const ssize_t n =
        send(connection.fd, next.data(), next.size(), MSG_DONTWAIT | MSG_NOSIGNAL | more);
    if (n < 0) return errno == EAGAIN ? Sent::part : Sent::broken;
    connection.sent += static_cast<std::uint64_t>(n);
  }
  connection.answer = nullptr;
  return Sent::all;
}

class Backend {
 public:
  explicit Backend(std::uint16_t port) : listener_(listen_on(port, false)) {
    watch(EPOLL_CTL_ADD, listener_, EPOLLIN);
    tell_port(listener_);
  }

  [[noreturn]] void run() {
    epoll_event events[256];
    for (;;) {
      const int count = epoll_wait(epoll_, events, 256, -1);
      for (int i = 0; i < count; ++i) {
        if (events[i].data.fd == listener_) {
          accept_all();
        } else {
          serve(*connections_[static_cast<std::size_t>(events[i].data.fd)]);
        }
      }
    }
  }

 private:
  void watch(int operation, int fd, std::uint32_t what) {
    epoll_event event{};
    event.events = what;
    event.data.fd = fd;
    if (epoll_ctl(epoll_, operation, fd, &event)) give_up("epoll_ctl");
  }

  void accept_all() {
    for (int fd; (fd = accept_from(listener_)) >= 0;) {
      if (connections_.size() <= static_cast<std::size_t>(fd)) connections_.resize(fd + 1);
      connections_[fd] = std::make_unique<Connection>();
      connections_[fd]->fd = fd;
      watch(EPOLL_CTL_ADD, fd, EPOLLIN);
    }
  }

  // While an answer does not fit, nothing is read.
  void serve(Connection& connection) {
    if (connection.answer) {
      const Sent sent = send_answer(connection);
      if (sent == Sent::part) return;
      if (sent == Sent::broken) return drop(connection);
      watch(EPOLL_CTL_MOD, connection.fd, EPOLLIN);
      return;  // what came meanwhile is reported again
    }
    const ssize_t n = recv(connection.fd, input_, sizeof input_, MSG_DONTWAIT);
    if (n <= 0) {
      if (n == 0 || errno != EAGAIN) drop(connection);
      return;
    }
    std::string_view in(input_, static_cast<std::size_t>(n));
    if (!connection.request.take(in)) return;
    connection.answer = &answer_for(connection.request.first_line());
    connection.sent = 0;
    connection.request.start();
    const Sent sent = send_answer(connection);
    if (sent == Sent::broken) return drop(connection);
    if (sent == Sent::part) watch(EPOLL_CTL_MOD, connection.fd, EPOLLOUT);
  }

  void drop(Connection& connection) {
    const int fd = connection.fd;
    connections_[static_cast<std::size_t>(fd)].reset();
    close(fd);
  }

  const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  const int listener_;
  std::vector<std::unique_ptr<Connection>> connections_;  // by descriptor
  char input_[256 * 1024];
};

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 0;
  std::make_unique<weir::bench::Backend>(static_cast<std::uint16_t>(port))->run();
}
