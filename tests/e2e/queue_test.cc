// The line in front of a concurrency limit, seen from the service: never more inside than allowed.
#include <atomic>
#include <thread>

#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

std::string line_of(int capacity, int limit, int workers = 1) {
  return "workers: " + std::to_string(workers) +
         "\nchain:\n  - buffer: {capacity: " + std::to_string(capacity) +
         ", max_wait: 60s}\n  - concurrency_limit: {limit: " + std::to_string(limit) + "}\n";
}

bool depth_reaches(const Weir& weir, double depth) {
  return weir.metrics_reach(
      [depth](const Samples& s) { return s.sum("weir_queue_depth") == depth; });
}

TEST(Queue, ServiceNeverSeesMoreThanTheLimitWhateverComes) {
  for (int workers : {1, 3}) {
    Service service;
    Weir weir(service.text(), line_of(1000, 3, workers));
    std::vector<std::thread> clients;
    std::atomic<int> good{0};
    for (int i = 0; i < 12; ++i) {
      clients.emplace_back([&, i] {
        Client client(weir.address());
        for (int n = 0; n < 50; ++n) {
          Response r = n % 5 == 0 ? client.post("/", pattern_bytes(1000 * i)) : client.get();
          good += r.status == 200;
        }
      });
    }
    for (std::thread& t : clients) t.join();
    EXPECT_EQ(good, 600) << workers << " workers";
    EXPECT_EQ(service.counts().begun, 600u);
    EXPECT_LE(service.counts().max_inside, 3u);
    EXPECT_TRUE(weir.idle());
    expect_balanced(weir.metrics());
  }
}

TEST(Queue, WaitingRequestsAreServedInOrderOfArrival) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest& r) { return Reply::held(hold, r.target); });
  Weir weir(service.text(), line_of(10, 1));
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(std::make_unique<Client>(weir.address()));
    clients.back()->send({"GET", "/" + std::to_string(i)});
    if (i == 0) {
      ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
    } else {
      ASSERT_TRUE(depth_reaches(weir, i));
    }
  }
  hold->open();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(clients[i]->read().body, "/" + std::to_string(i));
  std::vector<ServiceRequest> seen = service.requests();
  ASSERT_EQ(seen.size(), 5u);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(seen[i].target, "/" + std::to_string(i));
  EXPECT_EQ(service.counts().max_inside, 1u);
}

TEST(Queue, PermitIsHeldUntilTheLastByteOfTheAnswer) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest& r) {
    Reply reply = Reply::text(200, "head and tail");
    if (r.target == "/slow") {
      reply.hold_body = hold;
      reply.hold_at = 4;
    }
    return reply;
  });
  Weir weir(service.text(), line_of(10, 1));
  Socket slow = Socket::connect(weir.address());
  slow.write_all("GET /slow HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  std::string answer;
  ASSERT_EQ(slow.read_until(answer, "\r\n\r\nhead"), Socket::Status::ok);
  Client next(weir.address());
  next.send({"GET", "/next"});
  ASSERT_TRUE(depth_reaches(weir, 1)) << "the head is out, but the permit is not back";
  EXPECT_EQ(service.counts().begun, 1u);
  hold->release();
  EXPECT_EQ(next.read().status, 200);
  slow.read_to_end(answer);
  EXPECT_EQ(parse_response(answer).body, "head and tail");
}

TEST(Queue, BufferBeforeATokenBucketShapesInsteadOfRefusing) {
  Service service;
  Weir weir(service.text(), R"(
tenants: {"*": {rate: 50/s, burst: 1}}
chain:
  - buffer: {capacity: 100, max_wait: 60s}
  - token_bucket: {key: tenant}
)");
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(std::make_unique<Client>(weir.address()));
    clients.back()->send({});
  }
  for (auto& client : clients) EXPECT_EQ(client->read().status, 200);
  EXPECT_EQ(weir.metrics().sum("weir_rejected_total"), 0);
}

TEST(Queue, TenantWithoutTokensHoldsUpNobodyElse) {
  Service service;
  Weir weir(service.text(), R"(
tenants: {slow: {rate: 1/h, burst: 1}, "*": {rate: 1000/s}}
chain:
  - buffer: {capacity: 10, max_wait: 60s}
  - token_bucket: {key: tenant}
)");
  EXPECT_EQ(weir.get("/", {{"x-tenant", "slow"}}).status, 200);
  Client stuck(weir.address());
  stuck.send({"GET", "/", {{"x-tenant", "slow"}}});
  ASSERT_TRUE(depth_reaches(weir, 1));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(weir.get("/", {{"x-tenant", "quick"}}).status, 200);
  EXPECT_EQ(weir.metrics().sum("weir_queue_depth"), 1);
}

TEST(Queue, UpstreamConnectionsAreALimitToo) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest&) { return Reply::held(hold); });
  WeirOptions options;
  options.config = "upstream: {address: \"" + service.text() +
                   "\", max_connections: 2}\nchain:\n  - buffer: {capacity: 10, max_wait: 60s}\n";
  Weir weir(options);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(std::make_unique<Client>(weir.address()));
    clients.back()->send({});
  }
  ASSERT_TRUE(depth_reaches(weir, 3));
  EXPECT_TRUE(eventually([&] { return service.counts().connections == 2; }));
  hold->open();
  for (auto& client : clients) EXPECT_EQ(client->read().status, 200);
  EXPECT_EQ(service.counts().connections, 2u);
}

// From what weir exposes alone: L = λW for the line and for the permits, between two moments at
// which nobody is inside.
TEST(Queue, LittlesLawHoldsInTheExposedSeries) {
  Service service;
  Weir weir(service.text(), line_of(4, 2, 2));
  std::vector<std::thread> clients;
  for (int i = 0; i < 10; ++i) {
    clients.emplace_back([&] {
      Client client(weir.address());
      for (int n = 0; n < 40; ++n) client.get();
    });
  }
  for (std::thread& t : clients) t.join();
  ASSERT_TRUE(weir.idle());
  const Samples s = weir.metrics();
  const Labels line = {{"filter", "buffer"}}, permits = {{"filter", "concurrency_limit"}};
  const Labels route = {{"route", s.values_of("weir_request_duration_seconds_count", "route")[0]}};
  const double waits = s.value("weir_queue_wait_seconds_sum", line);
  EXPECT_GT(waits, 0);
  EXPECT_NEAR(s.value("weir_queue_depth_seconds_total", line), waits, 1e-6 * waits);
  EXPECT_EQ(s.value("weir_queue_wait_seconds_count", line), 400);
  const double refused = s.sum("weir_queue_refusals_total", line);
  EXPECT_GT(refused, 0) << "ten clients, six places";
  EXPECT_EQ(refused, s.sum("weir_rejected_total", line));
  EXPECT_EQ(s.value("weir_permits_granted_total", permits), 400 - refused);
  EXPECT_EQ(s.value("weir_permits_denied_total", permits),
            refused + s.value("weir_queue_entries_total", line));
  // A permit is held at least as long as the service takes to its head, and no request longer than
  // it is inside.
  const double busy = s.value("weir_permits_busy_seconds_total", permits);
  EXPECT_GE(busy, s.value("weir_upstream_duration_seconds_sum", route));
  EXPECT_LE(busy, s.value("weir_request_duration_seconds_sum", route));
  EXPECT_LE(waits, s.value("weir_request_duration_seconds_sum", route));
}

}  // namespace
}  // namespace weir::testing
