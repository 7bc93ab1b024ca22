// The rows of docs/operating.md, "Memory", of which one connection costs much: each with peers that
// try to pass its bound. Bodies that are kept: bounds_test.cc.
#include "tests/e2e/memory_crowd.h"

namespace weir::testing {
namespace {

constexpr std::uint64_t kKiB = 1 << 10;
constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

struct MemoryRows : Memory {
  // Of clients whose kernels take little for them.
  void connect_narrow(Weir& weir, std::size_t n) {
    while (crowd.size() < n) crowd.push_back(Socket::connect(weir.address(), 4 << 10));
  }
  // As much as goes, more than once, as sockets make room.
  void everyone_sends_some(const std::string& bytes) {
    for (int i = 0; i < 4; ++i) {
      for (Socket& socket : crowd) socket.write_some(bytes);
    }
  }
  void expect_inside(Weir& weir, std::size_t n) {
    EXPECT_TRUE(weir.metrics_reach(
        [n](const Samples& s) { return s.sum("weir_requests_inside") == static_cast<double>(n); }));
  }
};

std::string repeated(std::string_view text, std::size_t size) {
  std::string all;
  while (all.size() < size) all += text;
  return all;
}

TEST_F(MemoryRows, UploadsThatTheServiceDoesNotRead) {
  auto service = std::make_unique<DeafService>();
  Weir weir(patient(service->text()));
  const std::uint64_t before = weir.process().resident_bytes();
  connect(weir, kFew);
  everyone_sends("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n");
  everyone_sends_some(std::string(8 << 20, 'x'));
  expect_inside(weir, kFew);
  expect_growth(weir, before, (7 + 64 + 128 + 8) * kKiB);
  service.reset();
  expect_given_back(weir, before);
}

TEST_F(MemoryRows, AnswersToTraceThatAreNotRead) {
  Service service;
  WeirOptions options = patient(service.text());
  options.config += "allow_trace: true\n";
  Weir weir(options);
  const std::uint64_t before = warm(weir);
  connect_narrow(weir, kFew);
  const std::string trace =
      "TRACE / HTTP/1.1\r\nHost: h\r\nMax-Forwards: 0\r\nX: " + std::string(30'000, 'x') +
      "\r\n\r\n";
  everyone_sends_some(repeated(trace, 8 << 20));
  expect_growth(weir, before, (1 + 64 + 64 + 32) * kKiB);
  expect_given_back(weir, before);
}

// Each of these requests is answered by weir itself.
TEST_F(MemoryRows, PipelinedRefusalsThatAreNotRead) {
  Service service;
  WeirOptions options =
      patient(service.text(), "[token_bucket: {key: method, rate: 1/h, burst: 30}]");
  Weir weir(options);
  const std::uint64_t before = warm(weir);
  connect_narrow(weir, kFew);
  everyone_sends_some(repeated("GET / HTTP/1.1\r\nHost:a\r\n\r\n", 4 << 20));
  expect_growth(weir, before, (64 + 16) * kKiB + kMiB / kFew);
  expect_given_back(weir, before);
}

TEST_F(MemoryRows, InterimHeadsThatAreNotRead) {
  RawService service([](RawService::Connection& c) {
    c.read_until();
    c.write(repeated(
        "HTTP/1.1 103 Early Hints\r\nLink: </" + std::string(900, 'a') + ">; rel=preload\r\n\r\n",
        900 << 10));
    c.read_until();
  });
  Weir weir(patient(service.text()));
  const std::uint64_t before = weir.process().resident_bytes();
  connect_narrow(weir, kFew);
  everyone_sends(kGet);
  expect_inside(weir, kFew);
  expect_growth(weir, before, (7 + 64 + 128) * kKiB);
  expect_given_back(weir, before);
}

TEST_F(MemoryRows, TunnelsThatAreNotRead) {
  RawService service([](RawService::Connection& c) {
    c.read_until();
    c.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    c.write(std::string(16 << 20, 'x'));
    while (c.socket().write_all("x", milliseconds(1000)).status == Socket::Status::timed_out) {
    }
  });
  Weir weir(patient(service.text()));
  const std::uint64_t before = weir.process().resident_bytes();
  connect_narrow(weir, kFew);
  everyone_sends("GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  EXPECT_TRUE(weir.metrics_reach([](const Samples& s) {
    return s.value("weir_tunnels_active") == static_cast<double>(kFew);
  }));
  everyone_sends_some(std::string(8 << 20, 'x'));
  expect_growth(weir, before, (1 + 2 * 128) * kKiB);
  for (Socket& socket : crowd) socket.reset();
}

TEST_F(MemoryRows, AServiceThatSendsItsHeadInParts) {
  RawService service([](RawService::Connection& c) {
    c.read_until();
    c.write("HTTP/1.1 200 OK\r\nX: " + std::string(30'000, 'x'));
    c.read_until();
  });
  Weir weir(patient(service.text()));
  const std::uint64_t before = weir.process().resident_bytes();
  connect(weir, kFew);
  everyone_sends(kGet);
  expect_inside(weir, kFew);
  expect_growth(weir, before, (1 + 7 + 32 + 64) * kKiB);
  expect_given_back(weir, before);
}

TEST_F(MemoryRows, TheRestOfRefusedBodies) {
  Service service;
  WeirOptions options = patient(service.text());
  options.config += "tenants: {\"*\": {deny: true}}\n";
  Weir weir(options);
  warm(weir);
  const std::uint64_t before = weir.process().resident_bytes();
  connect(weir, kSome);
  for (Socket& socket : crowd) {
    socket.write_all("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n");
    std::string answer;
    ASSERT_EQ(socket.read_until(answer, "\r\n\r\n"), Socket::Status::ok);
    socket.write_all(std::string(50'000, 'x'));
  }
  expect_growth(weir, before, 350 + kMiB / 2 / kSome);
  expect_given_back(weir, before);
}

TEST_F(MemoryRows, TheAdminListener) {
  Service service;
  Weir weir(service.text());
  const std::uint64_t before = warm(weir);
  std::vector<Socket> visitors;
  for (int i = 0; i < 256; ++i) {
    visitors.push_back(Socket::connect(weir.admin(), 4 << 10));
    visitors.back().write_all("GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " +
                              std::string(7'000, 'x'));
  }
  EXPECT_EQ(fetch(weir.admin(), {"GET", "/live"}).status, 200);
  if (kSanitized) return;
  EXPECT_LE(weir.process().resident_bytes(), before + 64 * 32 * kKiB + kMiB);
}

}  // namespace
}  // namespace weir::testing
