// What is refused, and how weir says so.
#include <boost/json.hpp>

#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string member(const Response& r, const char* name) {
  boost::json::value body = boost::json::parse(r.body);
  const auto* value = body.as_object().if_contains(name);
  return value && value->is_string() ? std::string(value->as_string()) : "";
}

TEST(Refusal, QuotaIsA429ThatNamesThePolicy) {
  Service service;
  Weir weir(service.text(), R"(
tenants:
  acme: {rate: 2/h, burst: 2}
  "*": {rate: 1000/s}
chain:
  - token_bucket: {key: tenant}
)");
  Client client(weir.address());
  Headers acme = {{"x-tenant", "acme"}};
  EXPECT_EQ(client.get("/", acme).status, 200);
  EXPECT_EQ(client.get("/", acme).status, 200);
  Response r = client.get("/", acme);
  EXPECT_EQ(r.status, 429);
  EXPECT_EQ(r.headers["content-type"], "application/problem+json");
  EXPECT_EQ(member(r, "reason"), "quota_exceeded");
  EXPECT_EQ(member(r, "policy"), "acme");
  EXPECT_EQ(member(r, "request_id"), r.headers["x-request-id"]);
  int wait = std::stoi("0" + r.headers["retry-after"]);
  EXPECT_GE(wait, 1);
  EXPECT_LE(wait, 1800) << "one token comes every half hour";
  EXPECT_THAT(r.headers["ratelimit-policy"], HasSubstr("\"acme\";q=2;w=3600"));
  EXPECT_THAT(r.headers["ratelimit"], StartsWith("\"acme\";r=0;t="));
  EXPECT_THAT(r.headers["proxy-status"], HasSubstr("quota_exceeded"));
  EXPECT_EQ(client.get("/", {{"x-tenant", "other"}}).status, 200) << "nobody else is touched";
  EXPECT_EQ(client.connections(), 1) << "a refusal keeps the connection";
  EXPECT_EQ(service.counts().begun, 3u);

  Samples s = weir.metrics();
  EXPECT_EQ(s.sum("weir_rejected_total", {{"reason", "quota_exceeded"}, {"tenant", "acme"}}), 1);
  EXPECT_EQ(
      s.value("weir_requests_total", {{"tenant", "acme"}, {"code", "429"}, {"source", "weir"}}), 1);
  expect_balanced(s);
}

// What ends here by its Max-Forwards is a request like any other in the books, but asks no filter.
TEST(Refusal, NoneOfWhatEndsHere) {
  Service service;
  Weir weir(service.text(), R"(
allow_trace: true
chain:
  - token_bucket: {rate: 1/h, burst: 1}
)");
  Client client(weir.address());
  const Headers last = {{"Max-Forwards", "0"}};
  for (int i = 0; i < 3; ++i) {
    const Response shown = client.request({.method = "TRACE", .target = "/a", .headers = last});
    EXPECT_EQ(shown.status, 200);
    EXPECT_EQ(shown.headers["content-type"], "message/http");
    EXPECT_THAT(shown.body, StartsWith("TRACE /a HTTP/1.1\r\n"));
    EXPECT_EQ(client.request({.method = "OPTIONS", .headers = last}).status, 204);
  }
  EXPECT_EQ(service.counts().begun, 0U);
  EXPECT_EQ(client.request({.method = "TRACE", .target = "/a"}).status, 200)
      << "the token is there";
  EXPECT_EQ(client.request({.method = "TRACE", .target = "/a"}).status, 429);
  EXPECT_EQ(service.counts().begun, 1U);

  const Samples s = weir.metrics();
  EXPECT_EQ(s.sum("weir_requests_total", {{"code", "200"}, {"source", "weir"}}), 3);
  EXPECT_EQ(s.sum("weir_requests_total", {{"code", "204"}, {"source", "weir"}}), 3);
  expect_balanced(s);
}

TEST(Refusal, FullServiceIsA503AtOnceWithoutABuffer) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest&) { return Reply::held(hold); });
  Weir weir(service.text(), "chain:\n  - concurrency_limit: {limit: 1}\n");
  Client first(weir.address()), second(weir.address());
  first.send({});
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
  Response r = second.get();
  EXPECT_EQ(r.status, 503);
  EXPECT_EQ(member(r, "reason"), "concurrency_limit");
  EXPECT_GE(std::stoi("0" + r.headers["retry-after"]), 1);
  hold->release();
  EXPECT_EQ(first.read().status, 200);
  hold->open();
  EXPECT_EQ(second.get().status, 200) << "the permit came back";
}

TEST(Refusal, FullLineIsThe503OfWhatIsWaitedFor) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest&) { return Reply::held(hold); });
  Weir weir(service.text(), R"(
chain:
  - buffer: {capacity: 1, max_wait: 60s}
  - concurrency_limit: {limit: 1}
)");
  Client first(weir.address()), waiting(weir.address()), over(weir.address());
  first.send({});
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
  waiting.send({});
  ASSERT_TRUE(weir.metrics_reach([](const Samples& s) { return s.sum("weir_queue_depth") == 1; }));
  Response full = over.get();
  EXPECT_EQ(full.status, 503);
  EXPECT_EQ(member(full, "reason"), "concurrency_limit");
  Samples s = weir.metrics();
  EXPECT_EQ(s.sum("weir_queue_refusals_total", {{"how", "full"}}), 1);
  EXPECT_EQ(s.sum("weir_queue_refusals_total"), 1);
  EXPECT_EQ(s.sum("weir_queue_depth"), 1) << "who waits keeps its place";
  EXPECT_EQ(service.counts().begun, 1u);
  hold->open();
  EXPECT_EQ(first.read().status, 200);
  EXPECT_EQ(waiting.read().status, 200);
  EXPECT_EQ(service.counts().begun, 2u) << "the refused one never reached the service";
  expect_balanced(weir.metrics());
}

TEST(Refusal, TimeInLineIsThe503OfWhatWasWaitedFor) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest&) { return Reply::held(hold); });
  Weir weir(service.text(), R"(
chain:
  - buffer: {capacity: 1, max_wait: 200ms}
  - concurrency_limit: {limit: 1}
)");
  Client first(weir.address()), waiting(weir.address());
  first.send({});
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
  Response expired = waiting.get();
  EXPECT_EQ(expired.status, 503);
  EXPECT_EQ(member(expired, "reason"), "concurrency_limit");
  Samples s = weir.metrics();
  EXPECT_EQ(s.sum("weir_queue_refusals_total", {{"how", "expired"}}), 1);
  EXPECT_EQ(s.sum("weir_queue_refusals_total"), 1);
  EXPECT_EQ(s.sum("weir_queue_depth"), 0);
  EXPECT_EQ(service.counts().begun, 1u) << "it never reached the service";
  hold->open();
  EXPECT_EQ(first.read().status, 200);
}

TEST(Refusal, DeniedAndUnknownTenantsAre403) {
  Service service;
  Weir weir(service.text(), R"(
tenant: {from: header x-tenant, unknown: refuse}
tenants: {acme: {rate: 100/s}, evil: {deny: true}, anonymous: {rate: 100/s}}
chain:
  - token_bucket: {key: tenant}
)");
  EXPECT_EQ(weir.get("/", {{"x-tenant", "acme"}}).status, 200);
  Response evil = weir.get("/", {{"x-tenant", "evil"}});
  EXPECT_EQ(evil.status, 403);
  EXPECT_EQ(member(evil, "reason"), "tenant_denied");
  Response unknown = weir.get("/", {{"x-tenant", "nobody"}});
  EXPECT_EQ(unknown.status, 403);
  EXPECT_EQ(member(unknown, "reason"), "tenant_unknown");
  EXPECT_EQ(weir.get().status, 200) << "the default tenant is configured";
}

TEST(Refusal, PathWithoutARouteGoesThroughTheDefaultChain) {
  Service service;
  Weir weir(service.text(), R"(
tenants: {"*": {rate: 1/h, burst: 1}}
chain:
  - token_bucket: {key: tenant}
routes:
  - {match: {path_prefix: /api}, chain: []}
)");
  EXPECT_EQ(weir.get("/apix").status, 200);
  EXPECT_EQ(weir.get("/apix").status, 429) << "by the default chain's quota";
  EXPECT_EQ(weir.get("/api/x").status, 200) << "which its route's chain does not have";
}

TEST(Refusal, BodyOfARefusedRequestDoesNotBreakTheConnection) {
  Service service;
  Weir weir(service.text(), R"(
tenants: {"*": {rate: 1/h, burst: 1}}
chain:
  - token_bucket: {key: tenant}
)");
  Client client(weir.address());
  EXPECT_EQ(client.get().status, 200);
  EXPECT_EQ(client.post("/", pattern_bytes(20'000)).status, 429);
  EXPECT_EQ(client.get().status, 429) << "in step after a short body was drained";
  EXPECT_EQ(client.connections(), 1);

  Response large = weir.post("/", pattern_bytes(500'000));
  EXPECT_EQ(large.status, 429) << "not lost in a reset: " << large.reason;
  EXPECT_FALSE(large.keep_alive);
}

TEST(Refusal, ShadowModeCountsAndLetsPass) {
  Service service;
  Weir weir(service.text(), R"(
tenants: {acme: {rate: 1/h, burst: 1}, "*": {rate: 1/h}}
chain:
  - token_bucket: {key: tenant, enforce: false}
)");
  Client client(weir.address());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.get("/", {{"x-tenant", "acme"}}).status, 200);
  Samples s = weir.metrics();
  EXPECT_EQ(s.sum("weir_shadow_rejected_total", {{"tenant", "acme"}}), 4);
  EXPECT_EQ(s.sum("weir_rejected_total"), 0);
}

TEST(Refusal, LoadShedRefusesWhatTheServiceCannotTake) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest&) { return Reply::held(hold); });
  Weir weir(service.text(), "chain:\n  - load_shed: {}\n  - concurrency_limit: {limit: 2}\n");
  Client a(weir.address()), b(weir.address());
  a.send({});
  b.send({});
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 2; }));
  EXPECT_EQ(weir.get().status, 503);
  hold->open();
  EXPECT_EQ(a.read().status, 200);
  EXPECT_EQ(b.read().status, 200);
}

}  // namespace
}  // namespace weir::testing
