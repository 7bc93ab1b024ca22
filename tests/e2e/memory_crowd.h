// What connections cost weir: crowds of them, and the figures of docs/operating.md, "Memory". Under
// a sanitizer the allocator is another, so there only the traffic is looked at.
#pragma once

#include <list>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <thread>
#include <utility>
#include <vector>

#include "tests/e2e/fixture.h"

namespace weir::testing {

inline constexpr std::size_t kMany = kSanitized ? 400 : 10'000;
inline constexpr std::size_t kSome = kSanitized ? 50 : 500;
inline constexpr std::size_t kFew = kSanitized ? 10 : 64;
inline constexpr std::uint64_t kMiB = 1 << 20;
// What may stay when all have gone again: malloc's slack, and tables that grew.
inline constexpr std::uint64_t kLeft = 2 * kMiB;

// Accepts and holds connections without ever reading.
class DeafService {
 public:
  DeafService()
      : acceptor_([this] {
          while (auto socket = listener_.accept()) held_.push_back(std::move(*socket));
        }) {}
  ~DeafService() {
    listener_.stop();
    acceptor_.join();
  }
  DeafService(const DeafService&) = delete;
  DeafService& operator=(const DeafService&) = delete;
  std::string text() const { return listener_.address().text(); }

 private:
  Listener listener_;
  std::list<Socket> held_;
  std::thread acceptor_;
};

struct Memory : ::testing::Test {
  Memory() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < 2 * kMany) {
      throw std::runtime_error("this test needs " + std::to_string(2 * kMany) +
                               " file descriptors: raise the hard limit (ulimit -Hn)");
    }
  }

  // Several source addresses, as one has only so many ports.
  void connect(Weir& weir, std::size_t n) {
    while (crowd.size() < n) {
      const std::size_t source = 1 + crowd.size() / 2'000;
      crowd.push_back(Socket::connect_from("127.0.0." + std::to_string(source), weir.address()));
    }
  }
  void everyone_sends(std::string_view bytes) {
    for (Socket& socket : crowd) ASSERT_EQ(socket.write_all(bytes).status, Socket::Status::ok);
  }
  void expect_connections(Weir& weir, std::size_t n) {
    EXPECT_TRUE(weir.metrics_reach([n](const Samples& s) {
      return s.value("weir_connections_active", {{"side", "downstream"}}) == static_cast<double>(n);
    }));
  }
  // Resident memory has grown by at most `each` for each of the crowd.
  void expect_growth(Weir& weir, std::uint64_t before, std::uint64_t each) {
    expect_connections(weir, crowd.size());
    const std::uint64_t now = weir.process().resident_bytes();
    const std::uint64_t grown = now > before ? now - before : 0;
    RecordProperty("bytes_each", std::to_string(grown / crowd.size()));
    if (kSanitized) return;
    EXPECT_LE(grown / crowd.size(), each) << "bytes for each connection";
  }
  void expect_given_back(Weir& weir, std::uint64_t before) {
    // With a reset: a FIN would stay behind what weir does not read.
    for (Socket& socket : crowd) socket.reset();
    crowd.clear();
    expect_connections(weir, 0);
    EXPECT_TRUE(weir.idle());
    if (kSanitized) return;
    EXPECT_TRUE(eventually([&] { return weir.process().resident_bytes() <= before + kLeft; }))
        << "before " << before << ", now " << weir.process().resident_bytes();
  }

  std::vector<Socket> crowd;
};

// The first requests and scrapes take memory that every later one uses again.
inline std::uint64_t warm(Weir& weir) {
  for (int i = 0; i < 20; ++i) weir.get();
  weir.metrics();
  return weir.process().resident_bytes();
}

inline WeirOptions patient(const std::string& service, const std::string& chain = "[]",
                           std::size_t most = 512) {
  WeirOptions options;
  options.config =
      "limits: {max_connections: 11000, head_timeout: 10m, body_timeout: 10m, idle_timeout: 10m}\n"
      "upstream: {address: \"" +
      service + "\", connect_timeout: 1m, max_connections: " + std::to_string(most) +
      "}\nchain: " + chain + "\n";
  return options;
}

}  // namespace weir::testing
