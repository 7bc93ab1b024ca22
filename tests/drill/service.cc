// The service of the drill: drill_service. Good and hostile answers, by target:
//
//   /n/ID             200, its body is ID: tells an answer that was given to another request
//   /bytes/N          200 with N bytes
//   /stall/N          the head and N bytes of a longer body, then silence
//   /wait/MS          200 after that long
//   /hang             no answer at all
//   /tunnel           101 to a WebSocket; what comes after it is read and dropped
//   /endless/interim  103 heads without end
//   /endless/chunks   a chunked body of one-byte chunks without end
//   /endless/fields   a head whose fields never end
//
// Reads and drops any request body. Says "port N" when it is ready; ends by a signal.
#include <charconv>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/endpoint.h"
#include "tests/bench/skimmer.h"

namespace weir::drill {
namespace {

using Clock = std::chrono::steady_clock;

std::string repeated(const std::string& unit, std::size_t at_least) {
  std::string out;
  while (out.size() < at_least) out += unit;
  return out;
}

struct Answer {
  std::string first;                  // sent once
  std::string filler;                 // then this, over and over
  std::uint64_t filler_left = 0;      // so many bytes of it
  std::chrono::milliseconds wait{0};  // before any of it
};

constexpr std::uint64_t kEndless = ~std::uint64_t{0};
constexpr std::size_t kBlock = 64 * 1024;
constexpr int kSendsATurn = 1;  // then the others: the tenant beside the attack asks here too

Answer counted(std::string body) {
  return {"HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body,
          "", 0};
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Answer endless(std::string_view kind) {
  if (kind == "interim")
    return {"", repeated("HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n", kBlock), kEndless};
  if (kind == "chunks")
    return {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", repeated("1\r\nx\r\n", kBlock),
            kEndless};
  return {"HTTP/1.1 200 OK\r\n", repeated("x-field: some text that goes on\r\n", kBlock), kEndless};
}

// A request line as "GET /kind/argument HTTP/1.1"; a long one may be cut.
Answer answer_for(std::string_view line) {
  line.remove_prefix(std::min(line.find('/'), line.size()));
  const std::string_view target = line.substr(0, line.find(' '));
  const std::size_t second = std::min(target.find('/', 1), target.size());
  const std::string_view kind = target.substr(0, second);
  const std::string_view argument = target.substr(std::min(second + 1, target.size()));
  if (kind == "/bytes" || kind == "/stall") {
    const std::uint64_t sent = number(argument), promised = sent + (kind == "/stall" ? 1 : 0);
    return {"HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(promised) + "\r\n\r\n",
            std::string(kBlock, 'x'), sent};
  }
  if (kind == "/wait") {
    Answer answer = counted("waited\n");
    answer.wait = std::chrono::milliseconds(number(argument));
    return answer;
  }
  if (kind == "/hang") return {};
  if (kind == "/tunnel")
    return {"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
            "", 0};
  if (kind == "/endless") return endless(argument);
  return counted(std::string(kind == "/n" ? argument : target.substr(0, 40)));
}

struct Connection {
  explicit Connection(int descriptor) : fd(descriptor) {}
  ~Connection() { close(fd); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  const int fd;
  std::uint64_t serial = 0;
  bench::Skimmer request;
  std::string input;  // pipelined requests that wait for their turn
  Answer answer;
  bool answering = false;  // an answer waits or is being sent
  std::size_t sent = 0;    // of the current piece of it
};

class HostileService {
 public:
  HostileService() : listener_(bench::listen_on(0, false)) {
    watch(EPOLL_CTL_ADD, listener_, EPOLLIN);
    bench::tell_port(listener_);
  }

  [[noreturn]] void run() {
    epoll_event events[256];
    for (;;) {
      const int count = epoll_wait(epoll_, events, 256, due_in());
      begin_due();
      for (int i = 0; i < count; ++i) {
        const int fd = events[i].data.fd;
        if (fd == listener_) {
          accept_all();
        } else if (const auto found = connections_.find(fd); found != connections_.end()) {
          serve(*found->second, events[i].events);
        }
      }
    }
  }

 private:
  void watch(int operation, int fd, std::uint32_t what) {
    epoll_event event{};
    event.events = what;
    event.data.fd = fd;
    if (epoll_ctl(epoll_, operation, fd, &event)) bench::give_up("epoll_ctl");
  }

  void accept_all() {
    for (int fd; (fd = bench::accept_from(listener_)) >= 0;) {
      connections_[fd] = std::make_unique<Connection>(fd);
      connections_[fd]->serial = ++serial_;
      watch(EPOLL_CTL_ADD, fd, EPOLLIN);
    }
  }

  void serve(Connection& connection, std::uint32_t events) {
    if ((events & (EPOLLERR | EPOLLHUP)) || ((events & EPOLLIN) && !receive(connection)))
      return drop(connection);
    if ((events & EPOLLOUT) && connection.answering && !send_more(connection)) drop(connection);
  }

  // False: the peer has gone.
  bool receive(Connection& connection) {
    const ssize_t n = recv(connection.fd, input_, sizeof input_, MSG_DONTWAIT);
    if (n <= 0) return n < 0 && errno == EAGAIN;
    connection.input.append(input_, static_cast<std::size_t>(n));
    return next_request(connection);
  }

  bool next_request(Connection& connection) {
    while (!connection.answering && !connection.input.empty()) {
      std::string_view in = connection.input;
      const bool whole = connection.request.take(in);
      connection.input.erase(0, connection.input.size() - in.size());
      if (!whole) return true;
      connection.answer = answer_for(connection.request.first_line());
      connection.request.start();
      connection.answering = true;
      connection.sent = 0;
      if (connection.answer.wait.count() > 0) {
        due_.emplace(Clock::now() + connection.answer.wait,
                     std::pair(connection.fd, connection.serial));
      } else if (!send_more(connection)) {
        return false;
      }
    }
    return true;
  }

  // False: broken.
  bool send_more(Connection& connection) {
    Answer& answer = connection.answer;
    for (int turn = 0; turn < kSendsATurn; ++turn) {
      const bool in_first = connection.sent < answer.first.size();
      if (!in_first && answer.filler_left == 0) return finish(connection);
      const std::size_t offset =
          in_first ? connection.sent
                   : (connection.sent - answer.first.size()) % answer.filler.size();
      std::string_view next = std::string_view(in_first ? answer.first : answer.filler);
      next = next.substr(offset, in_first ? next.npos : answer.filler_left);
      const ssize_t n = send(connection.fd, next.data(), next.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n < 0 && errno != EAGAIN) return false;
      if (n < 0) break;
      connection.sent += static_cast<std::size_t>(n);
      if (!in_first && answer.filler_left != kEndless)
        answer.filler_left -= static_cast<std::uint64_t>(n);
    }
    watch(EPOLL_CTL_MOD, connection.fd, EPOLLIN | EPOLLOUT);
    return true;
  }

  bool finish(Connection& connection) {
    // Nothing was sent for /hang, so nothing comes after it either.
    connection.answering = connection.answer.first.empty();
    watch(EPOLL_CTL_MOD, connection.fd, EPOLLIN);
    return next_request(connection);
  }

  int due_in() const {
    if (due_.empty()) return -1;
    const auto left = due_.begin()->first - Clock::now();
    return static_cast<int>(
        std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(left).count()));
  }
  void begin_due() {
    while (!due_.empty() && due_.begin()->first <= Clock::now()) {
      const auto [fd, serial] = due_.begin()->second;
      due_.erase(due_.begin());
      const auto found = connections_.find(fd);
      if (found == connections_.end() || found->second->serial != serial) continue;
      if (!send_more(*found->second)) drop(*found->second);
    }
  }

  void drop(Connection& connection) { connections_.erase(connection.fd); }

  const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  const int listener_;
  std::uint64_t serial_ = 0;
  std::map<int, std::unique_ptr<Connection>> connections_;  // by descriptor
  std::multimap<Clock::time_point, std::pair<int, std::uint64_t>> due_;
  char input_[256 * 1024];
};

}  // namespace
}  // namespace weir::drill

int main() { std::make_unique<weir::drill::HostileService>()->run(); }
