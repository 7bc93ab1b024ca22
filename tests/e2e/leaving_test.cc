// Clients that leave: in line, while the service works, while the answer streams, while they send.
#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

constexpr const char* kLine = R"(
chain:
  - buffer: {capacity: 10, max_wait: 60s}
  - concurrency_limit: {limit: 1}
)";

bool waiting_in_line(const Weir& weir, double n) {
  return weir.metrics_reach([n](const Samples& s) { return s.sum("weir_queue_depth") == n; });
}

double gone(const Samples& s) { return s.sum("weir_requests_total", {{"code", "499"}}); }

TEST(Leaving, ClientThatLeavesTheLineIsNeverSeenByTheService) {
  for (bool by_reset : {false, true}) {
    auto hold = std::make_shared<Hold>();
    Service service([&](const ServiceRequest& r) { return Reply::held(hold, r.target); });
    Weir weir(service.text(), kLine);
    Client first(weir.address()), leaver(weir.address()), last(weir.address());
    first.send({"GET", "/first"});
    ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
    leaver.send({"GET", "/leaver"});
    ASSERT_TRUE(waiting_in_line(weir, 1));
    last.send({"GET", "/last"});
    ASSERT_TRUE(waiting_in_line(weir, 2));
    by_reset ? leaver.socket().reset() : leaver.disconnect();
    ASSERT_TRUE(waiting_in_line(weir, 1)) << "it leaves the line at once";
    hold->open();
    EXPECT_EQ(first.read().body, "/first");
    EXPECT_EQ(last.read().body, "/last");
    for (const ServiceRequest& r : service.requests()) EXPECT_NE(r.target, "/leaver");
    EXPECT_TRUE(weir.idle());
    EXPECT_EQ(gone(weir.metrics()), 1);
    expect_balanced(weir.metrics());
  }
}

// A service that does not notice holds the permit for longer: abandoned_test.cc.
TEST(Leaving, AServiceThatNoticesGivesThePermitToTheNextAtOnce) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest& r) { return Reply::held(hold, r.target); });
  Weir weir(service.text(), kLine);
  Client leaver(weir.address()), next(weir.address());
  leaver.send({"GET", "/leaver"});
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
  leaver.disconnect();
  next.send({"GET", "/next"});
  EXPECT_TRUE(eventually([&] { return service.counts().begun == 2; }));
  EXPECT_EQ(service.counts().given_up, 1u);
  hold->open();
  EXPECT_EQ(next.read().body, "/next");
  EXPECT_EQ(service.counts().max_inside, 1u);
  EXPECT_TRUE(weir.idle());
  EXPECT_EQ(gone(weir.metrics()), 1);
}

TEST(Leaving, AbandonedRequestIsNotTriedAgain) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest&) {
    Reply reply = Reply::text(503);
    reply.hold = hold;
    return reply;
  });
  Weir weir(service.text(), R"(
chain:
  - retry: {attempts: 3, retry_on: [503], backoff: {base: 1ms}, budget: 100%}
)");
  Client leaver(weir.address());
  leaver.send({});
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
  leaver.disconnect();
  ASSERT_TRUE(weir.metrics_reach([](const Samples& s) {
    return s.sum("weir_connections_active", {{"side", "downstream"}}) == 0;
  }));
  hold->open();
  EXPECT_TRUE(weir.idle());
  EXPECT_EQ(service.counts().begun, 1u);
}

TEST(Leaving, StreamToAClientThatLeftIsCancelledAtOnce) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest& r) {
    if (r.target == "/next") return Reply::text(200);
    Reply reply = Reply::text(200, std::string(1000, 'x'));
    reply.hold_body = hold;
    reply.hold_at = 10;
    return reply;
  });
  Weir weir(service.text(), kLine);
  Socket leaver = Socket::connect(weir.address());
  leaver.write_all("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  std::string answer;
  ASSERT_EQ(leaver.read_until(answer, "\r\n\r\nxxx"), Socket::Status::ok);
  leaver.close();
  EXPECT_TRUE(eventually([&] { return service.counts().given_up == 1; }));
  EXPECT_EQ(weir.get("/next").status, 200);
  EXPECT_TRUE(weir.idle());
}

TEST(Leaving, UploadCutShortIsCancelledAtOnce) {
  Service service;
  Weir weir(service.text(), kLine);
  for (bool by_reset : {false, true}) {
    Socket leaver = Socket::connect(weir.address());
    leaver.write_all("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nonly a part");
    std::uint64_t before = by_reset ? 1 : 0;
    ASSERT_TRUE(eventually([&] { return service.counts().begun == before + 1; }));
    by_reset ? leaver.reset() : leaver.close();
    EXPECT_TRUE(eventually([&] { return service.counts().given_up == before + 1; }));
  }
  EXPECT_EQ(weir.get().status, 200) << "the permits came back";
  EXPECT_EQ(service.counts().bodies, 1u) << "half a body never looks like a whole one";
  EXPECT_TRUE(weir.idle());
  expect_balanced(weir.metrics());
}

TEST(Leaving, HalfARequestLeavesNothingBehind) {
  Service service;
  Weir weir(service.text(), kLine);
  {
    Socket socket = Socket::connect(weir.address());
    socket.write_all("GET / HTTP/1.1\r\nHost: h\r\nX-Half");
  }
  { Socket silent = Socket::connect(weir.address()); }
  EXPECT_TRUE(weir.metrics_reach([](const Samples& s) {
    return s.sum("weir_connections_active", {{"side", "downstream"}}) == 0;
  }));
  EXPECT_EQ(weir.metrics().sum("weir_arrivals_total"), 0);
}

}  // namespace
}  // namespace weir::testing
