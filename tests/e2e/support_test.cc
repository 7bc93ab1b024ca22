// The tests' own tools, without weir between them: what they report must be true.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/client.h"
#include "tests/support/metrics_text.h"
#include "tests/support/nginx.h"
#include "tests/support/process.h"
#include "tests/support/raw_service.h"
#include "tests/support/service.h"
#include "tests/support/tools.h"

namespace weir::testing {
namespace {

TEST(TestSupport, ClientKeepsItsConnectionToTheService) {
  Service service([](const ServiceRequest& r) { return Reply::text(200, r.method + r.body); });
  Client client(service.address());
  EXPECT_EQ(client.get("/").body, "GET");
  ClientRequest chunked{"POST", "/x", {}, pattern_bytes(100'000), true, {{"x-sum", "1"}}};
  EXPECT_EQ(client.request(chunked).body, "POST" + chunked.body);
  EXPECT_EQ(client.connections(), 1);
  EXPECT_TRUE(service.last_request().chunked);
  EXPECT_EQ(service.last_request().trailers["x-sum"], "1");
  EXPECT_TRUE(eventually([&] { return service.counts().ended == 2; }));
  EXPECT_EQ(service.counts().max_inside, 1u);
}

TEST(TestSupport, HeldRequestsAreCountedInsideUntilReleased) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest&) { return Reply::held(hold); });
  Client a(service.address()), b(service.address()), c(service.address());
  for (Client* client : {&a, &b, &c}) client->send({});
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 3; }));
  EXPECT_EQ(service.counts().inside, 3u);
  c.disconnect();
  EXPECT_TRUE(eventually([&] { return service.counts().given_up == 1; }));
  hold->release(2);
  EXPECT_EQ(a.read().status, 200);
  EXPECT_EQ(b.read().status, 200);
  EXPECT_EQ(service.counts().inside, 0u);
  EXPECT_EQ(service.counts().max_inside, 3u);
}

TEST(TestSupport, ServiceFailsAsScripted) {
  Service service([](const ServiceRequest& r) {
    if (r.target == "/reset") return Reply::fault(Reply::Then::reset);
    if (r.target == "/close") return Reply::fault(Reply::Then::close);
    Reply reply = Reply::text(200, "0123456789");
    if (r.target == "/cut") {
      reply.cut_at = 4;
      reply.then = Reply::Then::close;
    }
    if (r.target == "/until-close") reply.framing = Reply::Framing::until_close;
    if (r.target == "/chunked") reply.framing = Reply::Framing::chunked;
    return reply;
  });
  auto get = [&](const std::string& target) { return fetch(service.address(), {"GET", target}); };
  EXPECT_EQ(get("/reset").status, 0);
  EXPECT_EQ(get("/close").status, 0);
  Response cut = get("/cut");
  EXPECT_FALSE(cut.complete);
  EXPECT_EQ(cut.body, "0123");
  EXPECT_EQ(get("/until-close").body, "0123456789");
  EXPECT_TRUE(get("/until-close").complete);
  EXPECT_EQ(get("/chunked").body, "0123456789");
}

TEST(TestSupport, ServiceComesBackOnTheSamePort) {
  Address address;
  {
    Service first;
    address = first.address();
    EXPECT_EQ(fetch(address).status, 200);
  }
  EXPECT_FALSE(Socket::try_connect(address).open());
  Service second({}, {address});
  EXPECT_EQ(fetch(address).status, 200);
}

TEST(TestSupport, RawServiceKeepsWhatReachedIt) {
  RawService service([](RawService::Connection& c) {
    c.read_until();
    c.write("HTTP/1.1 204 No Content\r\n\r\n");
  });
  EXPECT_EQ(fetch(service.address(), {"GET", "/a", {{"Host", "h"}}}).status, 204);
  EXPECT_EQ(service.all_received(), "GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
}

TEST(TestSupport, NginxServes) {
  Nginx nginx;
  Client client(nginx.address());
  EXPECT_EQ(client.get("/").body, "nginx\n");
  EXPECT_EQ(client.get("/sized?n=70000").body, std::string(70'000, 'x'));
  EXPECT_EQ(client.get("/big").body, pattern_bytes(Nginx::kBigFile));
  EXPECT_EQ(client.post("/echo", pattern_bytes(300'000)).body, pattern_bytes(300'000));
  EXPECT_EQ(client.get("/status/503").headers["Retry-After"], "1");
  EXPECT_EQ(client.request({"PUT", "/store/a", {}, "text"}).status, 201);
  EXPECT_EQ(client.get("/store/a").body, "text");
  EXPECT_EQ(client.connections(), 1);
  EXPECT_TRUE(eventually([&] { return nginx.logged_requests() == 7; })) << nginx.access_log();
}

TEST(TestSupport, CurlAndWrkReportWhatHappened) {
  Service service([](const ServiceRequest& r) {
    return Reply::text(r.target == "/no" ? 429 : 200, "hello\n");
  });
  std::string url = "http://" + service.text();
  CurlResult curl = run_curl({"-H", "x-tenant: acme", url + "/no"});
  EXPECT_EQ(curl.code, 0) << curl.errors;
  EXPECT_EQ(curl.response.status, 429);
  EXPECT_EQ(curl.response.body, "hello\n");
  EXPECT_EQ(service.last_request().headers["x-tenant"], "acme");

  WrkResult wrk = run_wrk({url + "/no", 4, 1, {}, ""});
  EXPECT_EQ(wrk.code, 0) << wrk.output;
  EXPECT_GT(wrk.requests, 0u);
  EXPECT_EQ(wrk.errors, wrk.requests);
  EXPECT_EQ(wrk.socket_errors + wrk.timeouts, 0u) << wrk.output;
}

TEST(TestSupport, ProcessesAreWatchedAndEnded) {
  Process process({{"sh", "-c", "echo up on port 42; echo oops >&2; exec sleep 1000"}});
  EXPECT_EQ(process.wait_for("on port (\\d+)"), "42");
  EXPECT_EQ(process.wait_for("^oops$"), "oops");
  EXPECT_FALSE(process.wait(milliseconds(1)));
  EXPECT_GT(process.resident_bytes(), 0u);
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait(), 128 + SIGTERM);
  EXPECT_EQ(run_process({{"cat"}, {}, "fed"}).output, "fed");
  const ProcessOptions limited{.command = {"sh", "-c", "ulimit -n"}, .max_descriptors = 77};
  EXPECT_EQ(run_process(limited).output, "77\n");
  EXPECT_THROW(find_program("weir-no-such-tool", "weir-no-such-package"), std::runtime_error);
}

TEST(TestSupport, MetricsAreParsedStrictly) {
  Samples samples(
      "# HELP a x\n# TYPE a counter\na{t=\"x\\\"y\",u=\"\"} 3\na{t=\"z\",u=\"\"} 4\nb 1.5\n");
  EXPECT_EQ(samples.value("a", {{"t", "x\"y"}, {"u", ""}}), 3);
  EXPECT_EQ(samples.sum("a"), 7);
  EXPECT_EQ(samples.value("b"), 1.5);
  EXPECT_FALSE(samples.find("a", {{"t", "z"}}));
  EXPECT_THROW(Samples("a 1\na 2\n"), std::runtime_error);
  EXPECT_THROW(Samples("a{t=1} 2\n"), std::runtime_error);
}

}  // namespace
}  // namespace weir::testing
