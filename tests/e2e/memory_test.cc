// What a connection can cost at worst, with thousands of them: the figures of docs/operating.md,
// "Memory". Under a sanitizer the allocator is another, so there only the traffic is looked at.
#include <algorithm>
#include <list>
#include <sys/resource.h>
#include <thread>

#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

constexpr std::size_t kMany = kSanitized ? 400 : 10'000;
constexpr std::size_t kSome = kSanitized ? 50 : 500;
constexpr std::uint64_t kMiB = 1 << 20;
// What may stay when all have gone again: malloc's slack, and tables that grew.
constexpr std::uint64_t kLeft = 2 * kMiB;

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
std::uint64_t warm(Weir& weir) {
  for (int i = 0; i < 20; ++i) weir.get();
  weir.metrics();
  return weir.process().resident_bytes();
}

WeirOptions patient(const std::string& service, const std::string& chain = "[]",
                    std::size_t most = 512) {
  WeirOptions options;
  options.config =
      "limits: {max_connections: 11000, head_timeout: 10m, body_timeout: 10m, idle_timeout: 10m}\n"
      "upstream: {address: \"" +
      service + "\", connect_timeout: 1m, max_connections: " + std::to_string(most) +
      "}\nchain: " + chain + "\n";
  return options;
}

TEST_F(Memory, IdleConnections) {
  Service service;
  Weir weir(patient(service.text()));
  const std::uint64_t before = warm(weir);
  connect(weir, kMany);
  for (Socket& socket : crowd) {
    std::string answer;
    ASSERT_EQ(socket.write_all("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, Socket::Status::ok);
    ASSERT_EQ(socket.read_until(answer, "\r\n\r\n"), Socket::Status::ok);
  }
  expect_growth(weir, before, 350);
  expect_given_back(weir, before);
}

TEST_F(Memory, DribblingHeads) {
  Service service;
  Weir weir(patient(service.text()));
  const std::uint64_t before = warm(weir);
  connect(weir, kMany);
  everyone_sends("GET / HTTP/1.1\r\nHost: h\r\nX: ");
  expect_growth(weir, before, 350 + 550);
  for (int i = 0; i < 5; ++i) everyone_sends(std::string(700, 'x'));
  expect_growth(weir, before, 350 + 4'600);
  EXPECT_EQ(weir.get().status, 200) << "others are served meanwhile";
  expect_given_back(weir, before);
}

TEST_F(Memory, DribblingBodies) {
  DeafService service;
  const std::size_t with_connection = kMany * 8 / 10;
  Weir weir(patient(service.text(), "[buffer: {capacity: 12000, max_wait: 10m}]", with_connection));
  const std::uint64_t before = weir.process().resident_bytes();
  connect(weir, kMany);
  everyone_sends("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nx");
  EXPECT_TRUE(weir.metrics_reach([&](const Samples& s) {
    return s.sum("weir_queue_depth") == static_cast<double>(kMany - with_connection);
  }));
  everyone_sends("y");
  expect_growth(weir, before, 7'000);
  expect_given_back(weir, before);
}

TEST_F(Memory, WaitingInLineWithMoreBehind) {
  auto service = std::make_unique<DeafService>();
  Weir weir(patient(service->text(),
                    "[buffer: {capacity: 10000, max_wait: 10m}, concurrency_limit: {limit: 1}]"));
  const std::uint64_t before = weir.process().resident_bytes();
  connect(weir, kSome);
  const std::string behind(256 << 10, 'x');
  for (Socket& socket : crowd) {
    socket.write_all("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    socket.write_some(behind);
  }
  expect_growth(weir, before, 80 << 10);
  service.reset();  // with the one request that it is at
  expect_given_back(weir, before);
}

TEST_F(Memory, ClientsThatDoNotReadTheirAnswers) {
  Nginx nginx;
  Weir weir(patient(nginx.text(), "[]", 600));
  const std::uint64_t before = warm(weir);
  connect(weir, kSome);
  everyone_sends("GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(weir.metrics_reach([&](const Samples& s) {
    return s.value("weir_upstream_attempts_total", {{"result", "response"}}) >=
           static_cast<double>(kSome);
  }));
  expect_growth(weir, before, 80 << 10);
  expect_given_back(weir, before);
}

TEST_F(Memory, AtRest) {
  Service service;
  Weir weir(service.text());
  EXPECT_EQ(weir.get().status, 200);
  const std::string rollup =
      read_file("/proc/" + std::to_string(weir.process().pid()) + "/smaps_rollup");
  const std::size_t at = rollup.find("\nPss:");
  ASSERT_NE(at, std::string::npos) << rollup;
  const std::uint64_t kib = std::stoull(rollup.substr(at + 5));
  RecordProperty("proportional_kib", std::to_string(kib));
  if (kSanitized) return;
  EXPECT_LE(kib, 7'000U);
}

}  // namespace
}  // namespace weir::testing
