// The tenant that behaves, beside the attack: drill_neighbour PORT TENANT [--from ADDRESS]
// [--fresh]
//
// Reads "RATE SECONDS" from stdin, a line each, and prints a line of JSON when that run has ended.
// An open loop: a request is sent when it is due, whatever the answers do, and its time counts from
// then. Each request asks for /n/ID and expects ID back. --fresh: a new connection for each
// request. An answer that has not come within five seconds, or not whole, is lost.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "tests/bench/endpoint.h"

namespace weir::drill {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;
constexpr Seconds kLost{5};

struct Settings {
  std::uint16_t port = 0;
  std::string tenant;
  std::string from = "127.0.0.1";
  bool fresh = false;
};

struct Connection {
  int fd = -1;
  bool busy = false;
  std::string id;           // of the request under way
  std::string output;       // what the socket has not taken
  std::string input;        // of its answer
  Clock::time_point since;  // when it was due
};

class Neighbour {
 public:
  explicit Neighbour(Settings settings) : settings_(std::move(settings)) {}

  void run(double rate, double seconds) {
    counts_ = {};
    times_.clear();
    const auto count = static_cast<std::uint64_t>(rate * seconds);
    const Clock::time_point start = Clock::now();
    const auto due = [&](std::uint64_t k) {
      return start +
             std::chrono::duration_cast<Clock::duration>(Seconds(static_cast<double>(k) / rate));
    };
    std::uint64_t started = 0;
    while (started < count || busy_ > 0) {
      while (started < count && due(started) <= Clock::now()) send_request(due(started++));
      give_up_on_late_ones();
      Seconds left = started < count ? due(started) - Clock::now() : Seconds(0.05);
      if (started >= count && busy_ == 0) break;
      wait(std::clamp(left.count(), 0.0, 0.05));
    }
    report(count);
  }

 private:
  struct Counts {
    std::map<int, std::uint64_t> statuses;
    std::uint64_t ok = 0, lost = 0, swapped = 0;
  };

  void send_request(Clock::time_point since) {
    auto free = std::find_if(connections_.begin(), connections_.end(),
                             [](const Connection& each) { return !each.busy; });
    if (free == connections_.end()) free = open();
    Connection& connection = *free;
    connection.busy = true;
    ++busy_;
    connection.since = since;
    connection.id = std::to_string(++serial_) + "-" + settings_.tenant;
    connection.input.clear();
    connection.output = "GET /n/" + connection.id +
                        " HTTP/1.1\r\nHost: drill\r\nx-tenant: " + settings_.tenant + "\r\n\r\n";
    if (connection.fd < 0) return lose(connection);
    send_more(connection);
  }

  std::list<Connection>::iterator open() {
    connections_.emplace_back();
    Connection& connection = connections_.back();
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) bench::give_up("socket");
    bench::no_delay(fd);
    sockaddr_in from = bench::loopback(0);
    inet_pton(AF_INET, settings_.from.c_str(), &from.sin_addr);
    const sockaddr_in to = bench::loopback(settings_.port);
    if (bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from)) bench::give_up("bind");
    if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) && errno != EINPROGRESS) {
      close(fd);
      return std::prev(connections_.end());
    }
    connection.fd = fd;
    watch(EPOLL_CTL_ADD, connection, EPOLLIN | EPOLLOUT);
    return std::prev(connections_.end());
  }

  void watch(int operation, Connection& connection, std::uint32_t what) {
    epoll_event event{};
    event.events = what;
    event.data.ptr = &connection;
    if (epoll_ctl(epoll_, operation, connection.fd, &event)) bench::give_up("epoll_ctl");
  }

  // A socket that is still connecting says EAGAIN too.
  void send_more(Connection& connection) {
    while (!connection.output.empty()) {
      const ssize_t n = send(connection.fd, connection.output.data(), connection.output.size(),
                             MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0) break;
      connection.output.erase(0, static_cast<std::size_t>(n));
    }
    watch(EPOLL_CTL_MOD, connection, connection.output.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
  }

  void wait(double seconds) {
    epoll_event events[64];
    const timespec limit{0, static_cast<long>(seconds * 1e9)};
    const int count = epoll_pwait2(epoll_, events, 64, &limit, nullptr);
    for (int i = 0; i < count; ++i) {
      Connection& connection = *static_cast<Connection*>(events[i].data.ptr);
      if (events[i].events & EPOLLOUT) send_more(connection);
      if (events[i].events & ~static_cast<std::uint32_t>(EPOLLOUT)) receive(connection);
    }
    connections_.remove_if([](const Connection& each) { return each.fd < 0 && !each.busy; });
  }

  void receive(Connection& connection) {
    char bytes[16 * 1024];
    const ssize_t n = recv(connection.fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return connection.busy ? lose(connection) : drop(connection);
    connection.input.append(bytes, static_cast<std::size_t>(n));
    const std::size_t head = connection.input.find("\r\n\r\n");
    if (head == std::string::npos) return;
    const std::size_t body = head + 4, whole = body + length_of(connection.input.substr(0, body));
    if (connection.input.size() < whole) return;
    judge(connection, connection.input.substr(body, whole - body));
    if (connection.input.size() > whole) ++counts_.swapped;  // an answer that was not asked for
    const bool closes = settings_.fresh || has_field(connection.input.substr(0, head), "close");
    connection.busy = false;
    --busy_;
    if (closes) drop(connection);
  }

  void judge(const Connection& connection, const std::string& body) {
    const int status = std::atoi(connection.input.c_str() + 9);
    ++counts_.statuses[status];
    times_.push_back(Seconds(Clock::now() - connection.since).count());
    if (status != 200) return;
    if (body == connection.id) {
      ++counts_.ok;
    } else {
      ++counts_.swapped;
    }
  }

  static std::size_t length_of(const std::string& head) {
    const char* const found = strcasestr(head.c_str(), "\r\ncontent-length:");
    return found ? std::strtoull(found + 17, nullptr, 10) : 0;
  }
  static bool has_field(const std::string& head, const std::string& option) {
    return strcasestr(head.c_str(), ("\r\nconnection: " + option).c_str()) != nullptr;
  }

  void give_up_on_late_ones() {
    const Clock::time_point now = Clock::now();
    for (Connection& connection : connections_)
      if (connection.busy && now - connection.since > kLost) lose(connection);
  }
  void lose(Connection& connection) {
    ++counts_.lost;
    connection.busy = false;
    --busy_;
    drop(connection);
  }
  void drop(Connection& connection) {
    if (connection.fd >= 0) close(connection.fd);
    connection.fd = -1;
  }

  double percentile_ms(double share) {
    if (times_.empty()) return 0;
    std::sort(times_.begin(), times_.end());
    return times_[static_cast<std::size_t>(share * static_cast<double>(times_.size() - 1))] * 1e3;
  }

  void report(std::uint64_t sent) {
    std::cout << "{\"sent\": " << sent << ", \"ok\": " << counts_.ok
              << ", \"lost\": " << counts_.lost << ", \"swapped\": " << counts_.swapped
              << ", \"p50_ms\": " << percentile_ms(0.5) << ", \"p99_ms\": " << percentile_ms(0.99)
              << ", \"max_ms\": " << percentile_ms(1) << ", \"statuses\": {";
    const char* comma = "";
    for (const auto& [status, count] : counts_.statuses) {
      std::cout << comma << '"' << status << "\": " << count;
      comma = ", ";
    }
    std::cout << "}}" << std::endl;
  }

  const Settings settings_;
  const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  std::list<Connection> connections_;
  std::size_t busy_ = 0;
  std::uint64_t serial_ = 0;
  Counts counts_;
  std::vector<double> times_;  // seconds
};

int run(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: drill_neighbour PORT TENANT [--from ADDRESS] [--fresh]\n", stderr);
    return 2;
  }
  Settings settings;
  settings.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  settings.tenant = argv[2];
  for (int i = 3; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--fresh") settings.fresh = true;
    if (option == "--from" && i + 1 < argc) settings.from = argv[++i];
  }
  Neighbour neighbour(settings);
  for (double rate = 0, seconds = 0; std::cin >> rate >> seconds;) neighbour.run(rate, seconds);
  return 0;
}

}  // namespace
}  // namespace weir::drill

int main(int argc, char** argv) { return weir::drill::run(argc, argv); }
