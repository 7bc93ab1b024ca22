// The attacker: drill_flood PORT CONNECTIONS [OPTION VALUE]...
//
//   --once TEXT       what each connection sends first
//   --repeat TEXT     what it sends then, over and over: as fast as it is taken, or with --every
//   --every MS        a tick: one --repeat and one --read for each connection
//   --read WHAT       all (the default), none, or so many bytes a tick
//   --answered        --once is sent again after each whole answer (a closed loop)
//   --life MS         after that long a connection leaves, and another takes its place
//   --reopen          a connection that the peer closed is replaced
//   --receive-buffer BYTES, --from ADDRESS
//
// In TEXT, \r, \n and \xHH are characters, and %n is a number that no other text has. Says "ready"
// when all connections are open, or cannot be; ends when stdin does, with what it did as JSON.
#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <sys/timerfd.h>
#include <vector>

#include "tests/bench/endpoint.h"
#include "tests/bench/skimmer.h"

namespace weir::drill {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kBlock = 64 * 1024;
constexpr int kSendsATurn = 4;
constexpr long kTickMs = 10;  // of those that live for a time

struct Settings {
  std::uint16_t port = 0;
  std::size_t connections = 1;
  std::string once, repeat, from = "127.0.0.1";
  long every_ms = 0, life_ms = 0;
  int receive_buffer = 0;
  bool reads_all = true, answered = false, reopen = false;
  std::size_t read_each_tick = 0;
};

struct Connection {
  int fd = -1;
  std::string output;
  bench::Skimmer answer;
  Clock::time_point opened;
};

class Flood {
 public:
  explicit Flood(Settings settings) : settings_(std::move(settings)) {
    watch(EPOLL_CTL_ADD, 0, nullptr, EPOLLIN);
    const long tick = settings_.every_ms ? settings_.every_ms : settings_.life_ms ? kTickMs : 0;
    if (tick) start_ticking(tick);
    for (std::size_t i = 0; i < settings_.connections; ++i) {
      connections_.push_back(std::make_unique<Connection>());
      open(*connections_.back());
    }
    std::puts("ready");
    std::fflush(stdout);
  }

  void run() {
    std::array<epoll_event, 256> events{};
    for (bool going = true; going;) {
      const int count = epoll_wait(epoll_, events.data(), events.size(), 100);
      for (int i = 0; i < count; ++i) {
        void* const who = events[static_cast<std::size_t>(i)].data.ptr;
        const std::uint32_t what = events[static_cast<std::size_t>(i)].events;
        if (!who) {
          going = false;  // stdin has ended
        } else if (who == this) {
          tick();
        } else {
          serve(*static_cast<Connection*>(who), what);
        }
      }
      if (settings_.reopen) reopen_some();
    }
    report();
  }

 private:
  void start_ticking(long ms) {
    timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    itimerspec often{};
    often.it_value = often.it_interval = {ms / 1000, ms % 1000 * 1'000'000};
    timerfd_settime(timer_, 0, &often, nullptr);
    watch(EPOLL_CTL_ADD, timer_, this, EPOLLIN);
  }
  bool watch(int operation, int fd, void* who, std::uint32_t what) {
    epoll_event event{};
    event.events = what;
    event.data.ptr = who;
    return epoll_ctl(epoll_, operation, fd, &event) == 0;
  }

  void open(Connection& connection) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) bench::give_up("socket");
    if (settings_.receive_buffer)
      setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &settings_.receive_buffer, sizeof(int));
    bench::no_delay(fd);
    const timeval patience{2, 0};  // a connection that weir does not accept holds up the others
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in from = bench::loopback(0);
    inet_pton(AF_INET, settings_.from.c_str(), &from.sin_addr);
    const int late = 1;  // the port is chosen at connect: one address has enough of them then
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &late, sizeof late);
    const sockaddr_in to = bench::loopback(settings_.port);
    if (bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from) ||
        connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to)) {
      ++refused_;
      close(fd);
      return;
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    ++opened_;
    connection.fd = fd;
    connection.opened = Clock::now();
    connection.answer.start();
    connection.output = written(settings_.once);
    watch(EPOLL_CTL_ADD, fd, &connection, wanted(connection));
    send_more(connection);
  }
  std::uint32_t wanted(const Connection& connection) const {
    std::uint32_t what = EPOLLRDHUP;
    if (settings_.reads_all) what |= EPOLLIN;
    const bool floods = !settings_.repeat.empty() && settings_.every_ms == 0;
    if (!connection.output.empty() || floods) what |= EPOLLOUT;
    return what;
  }

  void serve(Connection& connection, std::uint32_t what) {
    if (connection.fd < 0) return;
    if (what & (EPOLLERR | EPOLLHUP)) return leave(connection, true);
    if ((what & EPOLLIN) && !receive(connection, ~std::size_t{0})) return leave(connection, true);
    if ((what & EPOLLRDHUP) && !settings_.reads_all && settings_.read_each_tick == 0)
      return leave(connection, true);
    if (what & EPOLLOUT) send_more(connection);
  }

  void send_more(Connection& connection) {
    for (int turn = 0; turn < kSendsATurn; ++turn) {
      if (connection.output.empty() && !settings_.repeat.empty() && settings_.every_ms == 0)
        while (connection.output.size() < kBlock) connection.output += written(settings_.repeat);
      if (connection.output.empty()) break;
      const ssize_t n = send(connection.fd, connection.output.data(), connection.output.size(),
                             MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0) break;
      sent_ += static_cast<std::uint64_t>(n);
      connection.output.erase(0, static_cast<std::size_t>(n));
    }
    watch(EPOLL_CTL_MOD, connection.fd, &connection, wanted(connection));
  }

  // False: the peer has closed or reset.
  bool receive(Connection& connection, std::size_t most) {
    const ssize_t n =
        recv(connection.fd, input_.data(), std::min(most, input_.size()), MSG_DONTWAIT);
    if (n <= 0) {
      if (n < 0 && errno == ECONNRESET) ++resets_;
      return n < 0 && errno == EAGAIN;
    }
    received_ += static_cast<std::uint64_t>(n);
    std::string_view in(input_.data(), static_cast<std::size_t>(n));
    while (!in.empty() && connection.answer.take(in)) {
      ++answers_[connection.answer.status()];
      connection.answer.start();
      if (!settings_.answered) continue;
      connection.output += written(settings_.once);
      send_more(connection);
    }
    return true;
  }

  void tick() {
    std::uint64_t ignored = 0;
    if (read(timer_, &ignored, sizeof ignored) < 0) return;
    const Clock::time_point now = Clock::now();
    for (const auto& each : connections_) {
      Connection& connection = *each;
      if (connection.fd < 0) continue;
      if (settings_.every_ms && !settings_.repeat.empty()) {
        if (connection.output.empty()) connection.output = written(settings_.repeat);
        send_more(connection);
      }
      if (settings_.read_each_tick && !receive(connection, settings_.read_each_tick)) {
        leave(connection, true);
      } else if (settings_.life_ms &&
                 now - connection.opened > std::chrono::milliseconds(settings_.life_ms)) {
        leave(connection, false);
        open(connection);
      }
    }
  }

  void leave(Connection& connection, bool by_peer) {
    if (by_peer) {
      ++closed_by_peer_;
      gone_.push_back(&connection);
    }
    close(connection.fd);
    connection.fd = -1;
  }
  void reopen_some() {
    std::vector<Connection*> gone;
    gone.swap(gone_);
    for (Connection* each : gone) {
      open(*each);
      if (each->fd < 0) gone_.push_back(each);
    }
  }

  // The text with the characters that it describes.
  std::string written(const std::string& text) {
    const std::size_t mark = text.find("%n");
    if (mark == std::string::npos) return text;
    return text.substr(0, mark) + std::to_string(++number_) + written(text.substr(mark + 2));
  }

  void report() const {
    const auto open = std::count_if(connections_.begin(), connections_.end(),
                                    [](const auto& each) { return each->fd >= 0; });
    std::printf(
        "{\"opened\": %llu, \"refused\": %llu, \"open\": %lld, \"sent\": %llu, "
        "\"received\": %llu, \"closed_by_peer\": %llu, \"resets\": %llu, \"answers\": {",
        ull(opened_), ull(refused_), static_cast<long long>(open), ull(sent_), ull(received_),
        ull(closed_by_peer_), ull(resets_));
    const char* comma = "";
    for (const auto& [status, count] : answers_) {
      std::printf("%s\"%d\": %llu", comma, status, ull(count));
      comma = ", ";
    }
    std::printf("}}\n");
  }
  static unsigned long long ull(std::uint64_t n) { return n; }

  const Settings settings_;
  const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  int timer_ = -1;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> gone_;
  std::uint64_t number_ = 0, opened_ = 0, refused_ = 0, sent_ = 0, received_ = 0;
  std::uint64_t closed_by_peer_ = 0, resets_ = 0;
  std::map<int, std::uint64_t> answers_;  // whole ones, by status
  std::vector<char> input_ = std::vector<char>(256 * 1024);
};

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char kind = text[++i];
    if (kind == 'x' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += kind == 'r' ? '\r' : kind == 'n' ? '\n' : kind;
    }
  }
  return out;
}

// True if the option takes no value.
bool set_switch(Settings& settings, const std::string& option) {
  if (option == "--answered") return settings.answered = true;
  if (option == "--reopen") return settings.reopen = true;
  return false;
}
bool set_value(Settings& settings, const std::string& option, const std::string& value) {
  if (option == "--once") {
    settings.once = unescaped(value);
  } else if (option == "--repeat") {
    settings.repeat = unescaped(value);
  } else if (option == "--every") {
    settings.every_ms = std::stol(value);
  } else if (option == "--life") {
    settings.life_ms = std::stol(value);
  } else if (option == "--receive-buffer") {
    settings.receive_buffer = std::stoi(value);
  } else if (option == "--from") {
    settings.from = value;
  } else if (option == "--read") {
    settings.reads_all = value == "all";
    if (value != "all" && value != "none") settings.read_each_tick = std::stoul(value);
  } else {
    return false;
  }
  return true;
}

int run(int argc, char** argv) {
  Settings settings;
  if (argc >= 3) {
    settings.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    settings.connections = static_cast<std::size_t>(std::atoi(argv[2]));
  }
  for (int i = 3; i < argc; ++i) {
    if (set_switch(settings, argv[i])) continue;
    if (i + 1 == argc || !set_value(settings, argv[i], argv[i + 1])) {
      std::fprintf(stderr, "drill_flood: what is '%s'?\n", argv[i]);
      return 2;
    }
    ++i;
  }
  if (settings.port == 0 || settings.connections == 0) {
    std::fputs("usage: drill_flood PORT CONNECTIONS [OPTION VALUE]...\n", stderr);
    return 2;
  }
  Flood(settings).run();
  return 0;
}

}  // namespace
}  // namespace weir::drill

int main(int argc, char** argv) { return weir::drill::run(argc, argv); }
