// Clients that leave before their answer has come: the service is told, and what they hold is given
// back in bounded time.
#include <atomic>
#include <semaphore>
#include <string>

#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

bool is_inside(const Weir& weir, double count) {
  return weir.metrics_reach(
      [count](const Samples& s) { return s.sum("weir_requests_inside") == count; });
}

TEST(Abandoned, TheServiceIsToldAndThePermitComesBackWhenItCloses) {
  std::atomic<int> told = 0;
  RawService service([&](RawService::Connection& c) {
    c.read_until();
    if (c.read_until().empty()) ++told;
  });
  Weir weir(service.text(), "chain: [concurrency_limit: {limit: 20}]\n");
  std::vector<Socket> crowd;
  for (int i = 0; i < 20; ++i) {
    crowd.push_back(Socket::connect(weir.address()));
    crowd.back().write_all(kGet);
  }
  ASSERT_TRUE(is_inside(weir, 20));
  crowd.clear();
  EXPECT_TRUE(eventually([&] { return told == 20; }));
  EXPECT_TRUE(weir.idle());
  EXPECT_EQ(weir.metrics().value("weir_upstream_attempts_total", {{"result", "reset"}}), 0)
      << "it is no failure of the service";
}

TEST(Abandoned, ThePermitIsKeptWhileTheServiceIsAtWork) {
  std::counting_semaphore<> may_answer(0);
  RawService service([&](RawService::Connection& c) {
    c.read_until();
    may_answer.acquire();
    c.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    c.read_until();
  });
  Weir weir(service.text(), "chain: [concurrency_limit: {limit: 1}]\n");
  {
    Socket client = Socket::connect(weir.address());
    client.write_all(kGet);
    ASSERT_TRUE(is_inside(weir, 1));
  }
  ASSERT_TRUE(weir.metrics_reach([](const Samples& s) {
    return s.value("weir_connections_active", {{"side", "downstream"}}) == 0;
  }));
  EXPECT_EQ(weir.get().status, 503);
  may_answer.release();
  EXPECT_TRUE(weir.idle());
  EXPECT_TRUE(weir.metrics_reach([](const Samples& s) {
    return s.value("weir_connections_active", {{"side", "upstream"}}) == 0;
  })) << "a connection that had a FIN is not used again";
}

TEST(Abandoned, AServiceThatDoesNotNoticeIsCut) {
  std::counting_semaphore<> over(0);
  RawService service([&](RawService::Connection& c) {
    c.read_until();
    over.acquire();
  });
  Weir weir(service.text(),
            "limits: {abandoned_timeout: 300ms}\nchain: [concurrency_limit: {limit: 1}]\n");
  {
    Socket client = Socket::connect(weir.address());
    client.write_all(kGet);
    ASSERT_TRUE(is_inside(weir, 1));
  }
  EXPECT_TRUE(weir.idle());
  over.release();
}

}  // namespace
}  // namespace weir::testing
