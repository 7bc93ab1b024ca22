// What a connection can cost at worst, with thousands of them: the figures of docs/operating.md,
// "Memory".
#include "tests/e2e/memory_crowd.h"

namespace weir::testing {
namespace {

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
