// The clients of the bench: bench_load PORT CONNECTIONS [--tenants N] [--target T] [--body B]
//
// One request at a time on each connection; the tenants (header x-tenant) take turns. B is the
// request's body, BYTES or BYTES/CHUNK. Reads commands from stdin, one a line, and prints a line of
// JSON when each is done:
//
//   closed N          N requests, each connection sending its next when it has its answer
//   open RATE N       N requests, at that many a second whatever the answers do; a request's time
//                     counts from when it was due, so a stall delays none of them unseen
//
// Ends with stdin. A connection that ends between two requests is made anew, and counted.
#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/body.h"
#include "tests/bench/endpoint.h"
#include "tests/bench/skimmer.h"

namespace weir::bench {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

struct Settings {
  std::uint16_t port = 0;
  std::size_t connections = 1;
  int tenants = 1000;
  std::string target = "/";
  BodyShape body;
};

struct Connection {
  int fd = -1;
  Skimmer response;
  const std::string* head = nullptr;  // of the request under way
  std::uint64_t sent = 0;             // of it and its body
  Clock::time_point since;            // when it was due
  bool blocked = false;               // its socket is full
};

class Load {
 public:
  explicit Load(const Settings& settings) : settings_(settings), body_(settings.body) {
    for (int i = 0; i < settings.tenants; ++i) {
      std::string tenant = std::to_string(i);
      tenant.insert(0, 4 - std::min<std::size_t>(tenant.size(), 4), '0');
      heads_.push_back((settings.body.bytes ? "POST " : "GET ") + settings.target +
                       " HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Tenant: tenant-" + tenant + "\r\n" +
                       (settings.body.bytes ? settings.body.framing_field() : "") + "\r\n");
    }
    connections_.resize(settings.connections);
    for (Connection& connection : connections_) open(connection);
  }

  void closed(std::uint64_t count) {
    begin(count);
    const std::size_t at_once = std::min<std::uint64_t>(count, connections_.size());
    for (std::size_t i = 0; i < at_once; ++i) send_next(connections_[i], Clock::now());
    while (done_ < count) wait(-1);
    report();
  }

  void open(double rate, std::uint64_t count) {
    begin(count);
    free_.clear();
    for (Connection& connection : connections_) free_.push_back(&connection);
    open_loop_ = true;
    const Clock::time_point start = Clock::now();
    const auto due = [&](std::uint64_t k) {
      return start + nanoseconds(static_cast<std::int64_t>(static_cast<double>(k) / rate * 1e9));
    };
    while (done_ < count) {
      const Clock::time_point now = Clock::now();
      while (started_ < count && !free_.empty() && due(started_) <= now) {
        Connection& connection = *free_.front();
        free_.pop_front();
        send_next(connection, due(started_));
      }
      const bool idle = started_ < count && !free_.empty();
      wait(idle ? std::max<std::int64_t>(0, (due(started_) - Clock::now()).count()) : -1);
    }
    open_loop_ = false;
    report();
  }

 private:
  void begin(std::uint64_t count) {
    latencies_.clear();
    latencies_.reserve(count);
    statuses_.fill(0);
    count_ = count;
    started_ = done_ = errors_ = reconnects_ = bytes_ = 0;
    begun_ = Clock::now();
  }

  void open(Connection& connection) {
    connection.fd = connect_to(settings_.port);
    connection.response.start();
    connection.head = nullptr;
    connection.blocked = false;
    watch(EPOLL_CTL_ADD, connection, EPOLLIN);
  }
  void reopen(Connection& connection) {
    close(connection.fd);
    open(connection);
    ++reconnects_;
  }
  void watch(int operation, Connection& connection, std::uint32_t what) {
    epoll_event event{};
    event.events = what;
    event.data.ptr = &connection;
    if (epoll_ctl(epoll_, operation, connection.fd, &event)) give_up("epoll_ctl");
  }

  void send_next(Connection& connection, Clock::time_point since) {
    connection.head = &heads_[next_tenant_];
    if (++next_tenant_ == heads_.size()) next_tenant_ = 0;
    connection.sent = 0;
    connection.since = since;
    ++started_;
    send_more(connection);
  }

  void send_more(Connection& connection) {
    const std::string_view head = *connection.head;
    while (connection.sent < head.size() + body_.size()) {
      const bool in_head = connection.sent < head.size();
      const std::string_view next =
          in_head ? head.substr(connection.sent) : body_.from(connection.sent - head.size());
      const int more = in_head && body_.size() ? MSG_MORE : 0;
      const ssize_t n = ::send(connection.fd, next.data(), next.size(), MSG_NOSIGNAL | more);
      if (n < 0) {
        if (errno == EAGAIN) block(connection, true);
        return;  // broken: reading will tell
      }
      connection.sent += static_cast<std::uint64_t>(n);
    }
    block(connection, false);
  }
  void block(Connection& connection, bool blocked) {
    if (connection.blocked == blocked) return;
    connection.blocked = blocked;
    watch(EPOLL_CTL_MOD, connection, blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }

  // For at most so many ns (-1: for ever).
  void wait(std::int64_t ns) {
    epoll_event events[256];
    const timespec limit{ns / 1'000'000'000, ns % 1'000'000'000};
    const int count = epoll_pwait2(epoll_, events, 256, ns < 0 ? nullptr : &limit, nullptr);
    for (int i = 0; i < count; ++i) {
      Connection& connection = *static_cast<Connection*>(events[i].data.ptr);
      if (events[i].events & EPOLLOUT) send_more(connection);
      if (events[i].events & ~static_cast<std::uint32_t>(EPOLLOUT)) receive(connection);
    }
  }

  void receive(Connection& connection) {
    const ssize_t n = recv(connection.fd, input_.data(), input_.size(), MSG_DONTWAIT);
    if (n <= 0) {
      if (n == 0 || errno != EAGAIN) ended(connection);
      return;
    }
    std::string_view in(input_.data(), static_cast<std::size_t>(n));
    const std::uint64_t before = connection.response.body_bytes();
    const bool complete = connection.response.take(in);
    bytes_ += connection.response.body_bytes() - before;
    if (!complete) return;
    ++statuses_[static_cast<std::size_t>(std::clamp(connection.response.status(), 0, 599))];
    const bool whole = connection.sent == connection.head->size() + body_.size();
    connection.response.start();
    if (!whole) reopen(connection);  // answered early; what is left of the request is not sent
    finish(connection);
  }

  // The peer closed.
  void ended(Connection& connection) {
    const bool within = connection.head != nullptr;
    reopen(connection);
    if (!within) return;
    ++errors_;
    finish(connection);
  }

  void finish(Connection& connection) {
    const Clock::time_point now = Clock::now();
    latencies_.push_back((now - connection.since).count());
    connection.head = nullptr;
    ++done_;
    if (open_loop_) {
      free_.push_back(&connection);
    } else if (started_ < count_) {
      send_next(connection, now);
    }
  }

  double percentile_us(double share) {
    if (latencies_.empty()) return 0;
    const auto at = static_cast<std::size_t>(share * static_cast<double>(latencies_.size() - 1));
    std::nth_element(latencies_.begin(), latencies_.begin() + static_cast<std::ptrdiff_t>(at),
                     latencies_.end());
    return static_cast<double>(latencies_[at]) / 1e3;
  }

  void report() {
    const std::chrono::duration<double> seconds = Clock::now() - begun_;
    std::printf("{\"requests\": %llu, \"seconds\": %.6f, \"errors\": %llu, \"reconnects\": %llu, ",
                ull(done_), seconds.count(), ull(errors_), ull(reconnects_));
    std::printf("\"body_bytes\": %llu, \"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, ",
                ull(bytes_), percentile_us(0.5), percentile_us(0.99), percentile_us(0.999));
    std::printf("\"statuses\": {");
    const char* comma = "";
    for (std::size_t status = 0; status < statuses_.size(); ++status) {
      if (!statuses_[status]) continue;
      std::printf("%s\"%zu\": %llu", comma, status, ull(statuses_[status]));
      comma = ", ";
    }
    std::printf("}}\n");
    std::fflush(stdout);
  }
  static unsigned long long ull(std::uint64_t n) { return n; }

  const Settings settings_;
  const BodyWire body_;
  const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  std::vector<std::string> heads_;  // one a tenant
  std::size_t next_tenant_ = 0;
  std::vector<Connection> connections_;
  std::deque<Connection*> free_;  // in an open loop: those with nothing to do
  bool open_loop_ = false;
  std::vector<std::int64_t> latencies_;  // ns
  std::array<std::uint64_t, 600> statuses_{};
  std::uint64_t count_ = 0, started_ = 0, done_ = 0, errors_ = 0, reconnects_ = 0, bytes_ = 0;
  Clock::time_point begun_;
  std::vector<char> input_ = std::vector<char>(256 * 1024);
};

bool read_settings(int argc, char** argv, Settings& settings) {
  if (argc < 3 || argc % 2 == 0) return false;
  settings.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  settings.connections = static_cast<std::size_t>(std::atoi(argv[2]));
  for (int i = 3; i < argc; i += 2) {
    const std::string_view option = argv[i];
    if (option == "--tenants") {
      settings.tenants = std::atoi(argv[i + 1]);
    } else if (option == "--target") {
      settings.target = argv[i + 1];
    } else if (option == "--body") {
      settings.body = BodyShape::parse(argv[i + 1]);
    } else {
      return false;
    }
  }
  return settings.connections > 0 && settings.tenants > 0;
}

int run(int argc, char** argv) {
  Settings settings;
  if (!read_settings(argc, argv, settings)) {
    std::fputs("usage: bench_load PORT CONNECTIONS [--tenants N] [--target T] [--body B]\n",
               stderr);
    return 2;
  }
  Load load(settings);
  for (std::string word; std::cin >> word;) {
    double rate = 0;
    std::uint64_t count = 0;
    if (word == "closed" && std::cin >> count) {
      load.closed(count);
    } else if (word == "open" && std::cin >> rate >> count && rate > 0) {
      load.open(rate, count);
    } else {
      std::fprintf(stderr, "bench_load: what is '%s'?\n", word.c_str());
      return 2;
    }
  }
  return 0;
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) { return weir::bench::run(argc, argv); }
