// curl and wrk against weir against nginx: nothing here is of our own making but weir.
#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

TEST(RealClients, CurlThroughWeirToNginx) {
  Nginx nginx;
  Weir weir(nginx.text());
  CurlResult r = run_curl({weir.url("/")});
  EXPECT_EQ(r.code, 0) << r.errors;
  EXPECT_EQ(r.response.status, 200);
  EXPECT_EQ(r.response.body, "nginx\n");
  EXPECT_EQ(run_curl({"-I", weir.url("/big")}).response.headers["content-length"],
            std::to_string(Nginx::kBigFile));
  EXPECT_EQ(run_curl({"-r", "10-19", weir.url("/big")}).response.body, pattern_bytes(10, 10));
  EXPECT_EQ(run_curl({"--data-binary", "a=b", weir.url("/echo")}).response.body, "a=b");
  EXPECT_EQ(run_curl({"-T", weir.config_path(), weir.url("/store/up")}).response.status, 201);
  EXPECT_EQ(run_curl({weir.url("/store/up")}).response.body, read_file(weir.config_path()));
  // A body of over 1 MiB: curl expects 100 Continue first.
  std::string file = weir.folder().write("large", pattern_bytes(3 << 20));
  CurlResult large =
      run_curl({"-H", "Expect: 100-continue", "--data-binary", "@" + file, weir.url("/echo")});
  EXPECT_EQ(large.code, 0) << large.errors;
  EXPECT_TRUE(large.response.body == pattern_bytes(3 << 20));
  EXPECT_EQ(run_curl({"--http1.0", weir.url("/")}).response.body, "nginx\n");
  EXPECT_EQ(run_curl({weir.url("/a"), weir.url("/b")}).code, 0) << "one connection, two requests";
}

TEST(RealClients, WrkUnderLoadSeesOnlyGoodAnswers) {
  Nginx nginx;
  Weir weir(nginx.text(), R"(
workers: 2
chain:
  - buffer: {capacity: 100, max_wait: 30s}
  - concurrency_limit: {limit: 4}
)");
  WrkResult wrk = run_wrk({weir.url("/sized?n=500"), 32, 2});
  EXPECT_EQ(wrk.code, 0) << wrk.output;
  EXPECT_GT(wrk.requests, 100u);
  EXPECT_EQ(wrk.errors + wrk.socket_errors + wrk.timeouts, 0u) << wrk.output;
  ASSERT_TRUE(weir.idle());
  Samples s = weir.metrics();
  expect_balanced(s);
  // wrk leaves its last requests unanswered and does not count them.
  double good = s.sum("weir_requests_total", {{"code", "200"}});
  EXPECT_GE(good, wrk.requests);
  EXPECT_LE(good, wrk.requests + 32);
  EXPECT_EQ(good + s.sum("weir_requests_total", {{"code", "499"}}), s.sum("weir_arrivals_total"));
}

TEST(RealClients, WrkOverItsQuotaGetsTheQuotaAndNotMore) {
  Nginx nginx;
  Weir weir(nginx.text(), R"(
tenants: {greedy: {rate: 1/h, burst: 50}, "*": {rate: 1000/s}}
chain:
  - token_bucket: {key: tenant}
)");
  WrkResult wrk = run_wrk({weir.url("/"), 8, 1, {"x-tenant: greedy"}});
  EXPECT_EQ(wrk.code, 0) << wrk.output;
  EXPECT_EQ(wrk.socket_errors + wrk.timeouts, 0u) << wrk.output;
  EXPECT_EQ(wrk.requests - wrk.errors, 50u) << wrk.output;
  EXPECT_TRUE(eventually([&] { return nginx.logged_requests() == 50; }));
  EXPECT_EQ(weir.get("/", {{"x-tenant", "modest"}}).status, 200);
}

TEST(RealClients, WrkPipelinesAndIsAnsweredInOrder) {
  Nginx nginx;
  Weir weir(nginx.text(), "chain: []\n");
  WrkOptions options{weir.url("/"), 4, 1};
  options.script = R"(
init = function(args)
  local r = {}
  for i = 1, 8 do r[i] = wrk.format("GET", i % 2 == 0 and "/" or "/sized?n=" .. i) end
  req = table.concat(r)
end
request = function() return req end
)";
  WrkResult wrk = run_wrk(options);
  EXPECT_EQ(wrk.code, 0) << wrk.output;
  EXPECT_GT(wrk.requests, 100u);
  EXPECT_EQ(wrk.errors + wrk.socket_errors + wrk.timeouts, 0u) << wrk.output;
}

}  // namespace
}  // namespace weir::testing
