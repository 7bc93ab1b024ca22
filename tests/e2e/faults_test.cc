// The service fails in every way; weir says how, and is there again as soon as the service is.
#include <boost/json.hpp>

#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

std::string reason(const Response& r) {
  if (r.headers["content-type"] != "application/problem+json") return "not weir's: " + r.body;
  return std::string(boost::json::parse(r.body).at("reason").as_string());
}

TEST(Faults, ServiceThatIsDownIsA502UntilItIsBack) {
  Address address = dead_address();
  Weir weir(address.text(), "chain: []\n");
  Client client(weir.address());
  for (int round = 0; round < 3; ++round) {
    Response down = client.get();
    EXPECT_EQ(down.status, 502);
    EXPECT_EQ(reason(down), "connect_failure");
    Service service({}, {address});
    EXPECT_EQ(client.get().status, 200) << "round " << round;
  }
  EXPECT_EQ(client.connections(), 1);
}

TEST(Faults, KeptConnectionsThatTheServiceClosedAreReplaced) {
  Service service;
  Weir weir(service.text(), "chain: []\n");
  Client client(weir.address());
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(client.get().status, 200) << i;
    service.close_idle();  // sometimes before weir has seen it, sometimes after
  }
  EXPECT_EQ(client.connections(), 1);
}

TEST(Faults, ServiceThatHangsIsA504AndItsConnectionIsClosed) {
  Service service([](const ServiceRequest&) { return Reply::fault(Reply::Then::silence); });
  Weir weir(service.text(), "chain:\n  - timeout: 200ms\n  - concurrency_limit: {limit: 1}\n");
  for (int i = 0; i < 2; ++i) {  // the second shows that the permit came back
    Response r = weir.get();
    EXPECT_EQ(r.status, 504);
    EXPECT_EQ(reason(r), "head_timeout");
  }
  EXPECT_TRUE(eventually([&] { return service.counts().open == 0; }));
}

TEST(Faults, TimeRunOutInTheLineIsA503) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest&) { return Reply::held(hold); });
  Weir weir(service.text(), R"(
chain:
  - timeout: 300ms
  - buffer: {capacity: 10, max_wait: 60s}
  - concurrency_limit: {limit: 1}
)");
  Client first(weir.address()), second(weir.address());
  first.send({});
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
  second.send({});
  Response a = first.read(), b = second.read();
  EXPECT_EQ(a.status, 504) << "it was tried";
  // The second may have got the first one's permit just in time to be tried as well.
  EXPECT_TRUE(b.status == 503 || b.status == 504);
  if (b.status == 503) {
    EXPECT_EQ(reason(b), "deadline_in_queue");
  }
}

TEST(Faults, ResetAndClosedConnectionsAre502) {
  Service service([](const ServiceRequest& r) {
    return Reply::fault(r.target == "/reset" ? Reply::Then::reset : Reply::Then::close);
  });
  Weir weir(service.text(), "chain: []\n");
  for (std::string target : {"/reset", "/close"}) {
    Response r = weir.get(target);
    EXPECT_EQ(r.status, 502) << target;
    EXPECT_EQ(reason(r), "upstream_reset") << target;
  }
}

TEST(Faults, WhatIsNoAnswerIsA502) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "upstream_malformed"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", "upstream_malformed"},
      {"HTTP/1.1 200 OK\r\nbroken line\r\n\r\n", "upstream_malformed"},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(200'000, 'x') + "\r\n\r\n", "upstream_malformed"},
      {"HTTP/1.1 200 OK\r\nContent-Le", "upstream_truncated"},
      {"HTTP/2 200\r\n\r\n", "upstream_malformed"},
  };
  for (const auto& [raw, expected] : cases) {
    Service service([raw = raw](const ServiceRequest&) {
      Reply reply;
      reply.raw = raw;
      reply.then = Reply::Then::close;
      return reply;
    });
    Weir weir(service.text(), "chain: []\n");
    Response r = weir.get();
    EXPECT_EQ(r.status, 502) << raw.substr(0, 60);
    EXPECT_EQ(reason(r), expected) << raw.substr(0, 60);
  }
}

TEST(Faults, AnswerCutInItsBodyIsCutForTheClientToo) {
  Service service([](const ServiceRequest& r) {
    Reply reply = Reply::text(200, std::string(1000, 'x'));
    if (r.target == "/chunked") reply.framing = Reply::Framing::chunked;
    reply.cut_at = 400;
    reply.then = Reply::Then::close;
    return reply;
  });
  Weir weir(service.text(), "chain: []\n");
  for (std::string target : {"/length", "/chunked"}) {
    Response r = weir.get(target);
    EXPECT_EQ(r.status, 200) << target;
    EXPECT_FALSE(r.complete) << target << ": a cut answer must not look whole";
    EXPECT_EQ(r.body.substr(0, 400), std::string(400, 'x'));
  }
  EXPECT_TRUE(weir.idle());
  EXPECT_EQ(weir.metrics().sum("weir_responses_truncated_total", {{"side", "upstream"}}), 2);
}

constexpr const char* kRetry = R"(
chain:
  - retry: {attempts: 3, retry_on: [connect_failure, reset, 503], backoff: {base: 1ms, max: 2s}, budget: 100%}
)";

TEST(Faults, ServiceThatFailsOnceIsTriedAgain) {
  Service service([](const ServiceRequest& r) {
    if (r.number == 1) return Reply::fault(Reply::Then::reset);
    if (r.number == 2) return Reply::text(503, "not yet");
    return Reply::text(200, r.body + "third time");
  });
  Weir weir(service.text(), kRetry);
  Response r = fetch(weir.address(), {"PUT", "/", {}, "the "});
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.body, "the third time");
  EXPECT_EQ(service.counts().begun, 3u);
  Samples s = weir.metrics();
  EXPECT_EQ(s.value("weir_retries_total", {{"result", "taken"}}), 2);
  EXPECT_EQ(s.value("weir_upstream_attempts_total", {{"result", "response"}}), 1);
  EXPECT_EQ(s.value("weir_upstream_attempts_total", {{"result", "server_error"}}), 1);
  EXPECT_EQ(s.value("weir_upstream_attempts_total", {{"result", "reset"}}), 1);
}

TEST(Faults, PostIsNotTriedAgain) {
  Service service([](const ServiceRequest&) { return Reply::text(503, "no"); });
  Weir weir(service.text(), kRetry);
  Response r = weir.post("/", "order");
  EXPECT_EQ(r.status, 503);
  EXPECT_EQ(r.body, "no") << "the service's own answer";
  EXPECT_EQ(service.counts().begun, 1u);
}

TEST(Faults, AttemptsRunOutAndTheServicesLastAnswerCounts) {
  Service service([](const ServiceRequest& r) {
    Reply reply = Reply::text(503, "no " + std::to_string(r.number));
    return reply;
  });
  Weir weir(service.text(), kRetry);
  Response r = weir.get();
  EXPECT_EQ(r.status, 503);
  EXPECT_EQ(r.body, "no 3");
  EXPECT_EQ(service.counts().begun, 3u);
}

TEST(Faults, RetryAfterBeyondTheLongestBackOffIsNotTaken) {
  Service service([](const ServiceRequest&) {
    Reply reply = Reply::text(503, "later");
    reply.headers.add("Retry-After", "120");
    return reply;
  });
  Weir weir(service.text(), kRetry);
  Response r = weir.get();
  EXPECT_EQ(r.status, 503);
  EXPECT_EQ(r.headers["retry-after"], "120");
  EXPECT_EQ(service.counts().begun, 1u);
}

TEST(Faults, EarlyAnswerReachesAClientThatIsStillSending) {
  ServiceOptions early;
  early.answer_early = true;
  Service service([](const ServiceRequest&) { return Reply::text(413, "too much"); }, early);
  Weir weir(service.text(), "chain: []\n");
  Response r = weir.post("/", pattern_bytes(5'000'000));
  EXPECT_EQ(r.status, 413) << r.reason;
  EXPECT_EQ(r.body, "too much");
  EXPECT_TRUE(weir.idle());
}

}  // namespace
}  // namespace weir::testing
