#include "tests/fuzz/stage.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <uv.h>

#include "config/load.h"
#include "metrics/worker_metrics.h"
#include "proxy/clock/clock.h"
#include "proxy/context/shared_state.h"
#include "proxy/net/listener.h"
#include "proxy/runtime/worker.h"
#include "tests/fuzz/judge.h"

namespace weir::fuzz {

namespace {

constexpr int kMostTurns = 20'000;  // weir has to come to rest within so many
constexpr std::size_t kMostPieces = 24;

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) fail("the path is too long", path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

int open_socket() {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) fail("no socket");
  return fd;
}

// A folder of this process's own, gone when it exits.
const std::string& folder() {
  static const std::string path = [] {
    std::string made = "/tmp/weir-fuzz-XXXXXX";
    if (::mkdtemp(made.data()) == nullptr) fail("no temporary folder");
    return made;
  }();
  return path;
}
std::string client_path() { return folder() + "/c"; }
std::string service_path() { return folder() + "/s"; }

}  // namespace

std::vector<std::string_view> cut(std::string_view bytes, std::uint8_t seed) {
  std::vector<std::string_view> pieces;
  std::uint32_t state = seed * 2'654'435'761U;
  while (seed != 0 && bytes.size() > 1 && pieces.size() + 1 < kMostPieces) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    // Mostly small pieces; the large ones leave something for what stands further back.
    const std::size_t most = (state & 3) == 0 ? bytes.size() / 2 + 1 : 8;
    const std::size_t n = std::min<std::size_t>(1 + (state >> 8) % most, bytes.size());
    pieces.push_back(bytes.substr(0, n));
    bytes.remove_prefix(n);
  }
  if (!bytes.empty()) pieces.push_back(bytes);
  return pieces;
}

class Stage::Plane {
 public:
  explicit Plane(const std::string& config)
      : gate(read_clock),
        snapshot(load(config, gate)),
        shared(snapshot, gate),
        metrics(static_cast<std::uint32_t>(snapshot->labels.size()),
                static_cast<std::uint32_t>(snapshot->route_labels.size())),
        worker(shared, metrics) {
    shared.max_clients = snapshot->settings.limits.max_connections;
    shared.workers.push_back(&worker);
    if (const std::string error = socket.open(snapshot->settings.listen, "listen"); !error.empty())
      fail(error);
    if (const std::string error = worker.open(socket); !error.empty()) fail(error);
  }

  static std::shared_ptr<const Snapshot> load(const std::string& config, Gate& gate) {
    LoadOptions options;
    options.seed = 1;
    LoadResult result = load_text("listen: \"unix:" + client_path() + "\"\n" +
                                      "upstream: {address: \"unix:" + service_path() +
                                      "\", idle_timeout: 1h}\n" + config,
                                  options, gate);
    if (!result.snapshot) fail("the fuzzer's config is bad: " + result.errors.at(0).text());
    return std::move(result.snapshot);
  }

  // Runs what is ready; false: nothing was, and nothing is.
  bool turn() {
    const bool before = worker.poller().has_work();
    worker.turn(false);
    return before || worker.poller().has_work();
  }

  Counts counts() const {
    Counts counts;
    for (const WorkerMetrics::Ledger& each : metrics.ledger()) {
      counts.arrived += each.arrivals;
      counts.inside += each.inside;
      for (const auto& row : each.ended.rows) {
        counts.ended += row.count;
        if (row.source == Source::service) counts.ended_by_service += row.count;
      }
    }
    return counts;
  }
  bool empty() const {
    return shared.clients.load() == 0 && shared.upstream_open.load() == 0 &&
           shared.buffered_bytes.load() == 0 && shared.tunnels.load() == 0;
  }

  Gate gate;
  std::shared_ptr<const Snapshot> snapshot;
  SharedState shared;
  WorkerMetrics metrics;
  ListeningSocket socket;
  Worker worker;
};

Stage::Stage(const std::string& config) {
  std::signal(SIGPIPE, SIG_IGN);
  listener_ = open_socket();
  const sockaddr_un address = address_of(service_path());
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, 64) != 0)
    fail("cannot listen");
  plane_ = std::make_unique<Plane>(config);
}

Stage::~Stage() {
  reset();
  plane_->worker.drain(Time{});
  while (plane_->worker.turn(true)) {
  }
  ::close(listener_);
  ::unlink(service_path().c_str());
  plane_.reset();
  ::rmdir(folder().c_str());
}

Stage::End& Stage::connect() {
  End& end = *clients_.emplace_back(std::make_unique<End>());
  end.fd = open_socket();
  const sockaddr_un address = address_of(client_path());
  if (::connect(end.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail("cannot connect to weir");
  settle();
  return end;
}

bool Stage::write(End& end, std::string_view bytes) {
  while (!bytes.empty() && end.fd >= 0) {
    const ssize_t n = ::send(end.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return bytes.empty();
}

bool Stage::send(End& end, std::string_view bytes) {
  const bool sent = write(end, bytes);
  settle();
  return sent;
}

std::size_t Stage::flood(End& end, std::string_view bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size() && end.fd >= 0) {
    const ssize_t n = ::send(end.fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n < 0) break;
    sent += static_cast<std::size_t>(n);
    settle();
  }
  return sent;
}

void Stage::shut_down(End& end) {
  if (end.fd >= 0) ::shutdown(end.fd, SHUT_WR);
  settle();
}

void Stage::close(End& end) {
  if (end.fd >= 0) ::close(std::exchange(end.fd, -1));
  settle();
}

bool Stage::read(End& end) {
  if (end.ended || end.paused || end.fd < 0) return false;
  char bytes[16 << 10];
  bool moved = false;
  for (;;) {
    const ssize_t n = ::recv(end.fd, bytes, sizeof bytes, 0);
    if (n < 0 && errno == EAGAIN) return moved;
    moved = true;
    if (n <= 0) {
      end.ended = true;
      return true;
    }
    end.got.append(bytes, static_cast<std::size_t>(n));
  }
}

bool Stage::accept_some() {
  bool moved = false;
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return moved;
    service_.emplace_back(std::make_unique<End>())->fd = fd;
    moved = true;
  }
}

void Stage::settle() {
  int quiet = 0;  // turns; libuv takes new descriptors into its poll only in the next one
  for (int turns = 0; quiet < 2; ++turns) {
    if (turns > kMostTurns) fail("weir does not come to rest");
    bool moved = plane_->turn();
    moved = accept_some() || moved;
    for (const auto& client : clients_) moved = read(*client) || moved;
    for (std::size_t i = 0; i < service_.size(); ++i) {  // NOLINT: serving may add to it
      if (!read(*service_[i])) continue;
      moved = true;
      if (serve) serve(*service_[i]);
    }
    quiet = moved ? 0 : quiet + 1;
  }
}

Stage::Counts Stage::counts() const {
  Counts counts = plane_->counts();
  counts.arrived -= before_.arrived;
  counts.ended -= before_.ended;
  counts.ended_by_service -= before_.ended_by_service;
  return counts;
}

void Stage::reset() {
  serve = {};
  for (const auto& client : clients_) close(*client);
  settle();
  for (const auto& end : service_) close(*end);
  settle();
  // What is paused asks its socket once a second.
  const Time patience = read_clock() + std::chrono::seconds(10);
  while (!plane_->empty() && read_clock() < patience) {
    plane_->worker.turn(true);
    settle();
  }
  if (!plane_->empty()) fail("both sides are closed, and weir holds connections");
  const Counts now = counts();
  if (now.inside != 0 || now.arrived != now.ended) fail("requests are lost from the ledger");
  before_ = plane_->counts();
  clients_.clear();
  service_.clear();
}

}  // namespace weir::fuzz
