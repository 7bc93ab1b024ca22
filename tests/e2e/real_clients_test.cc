// curl and wrk against weir against nginx: nothing here is of our own making but weir.
#include <filesystem>
#include <fstream>

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

TEST(RealClients, CurlSpeaksEveryDialect) {
  Nginx nginx;
  Weir weir(nginx.text());
  // Not told of a length, curl sends chunks; the service gets them as it likes.
  CurlResult chunked = run_curl({"-H", "Transfer-Encoding: chunked", "-T", weir.config_path(), "-X",
                                 "POST", weir.url("/echo")});
  EXPECT_EQ(chunked.code, 0) << chunked.errors;
  EXPECT_EQ(chunked.response.body, read_file(weir.config_path()));
  CurlResult stored = run_curl(
      {"-H", "Transfer-Encoding: chunked", "-T", weir.config_path(), weir.url("/store/chunked")});
  EXPECT_EQ(stored.response.status, 201) << stored.errors;
  EXPECT_EQ(run_curl({weir.url("/store/chunked")}).response.body, read_file(weir.config_path()));
  // HTTP/1.0 both ways: no chunks come back, and a chunked body of the service's ends by closing.
  CurlResult old = run_curl({"--http1.0", "-i", weir.url("/sized?n=100000")});
  EXPECT_EQ(old.code, 0) << old.errors;
  EXPECT_EQ(old.response.headers["transfer-encoding"], "");
  EXPECT_EQ(old.response.body, std::string(100'000, 'x'));
  EXPECT_EQ(run_curl({"--http1.0", "--data-binary", "a=b", weir.url("/echo")}).response.body,
            "a=b");
  // HEAD: the fields of a GET, and the connection is good for the next.
  CurlResult head = run_curl({"-I", weir.url("/big"), "-I", weir.url("/")});
  EXPECT_EQ(head.code, 0) << head.errors;
  // Ranges: the first, the last, and none that there is.
  CurlResult range = run_curl({"-r", "-5", weir.url("/big")});
  EXPECT_EQ(range.response.status, 206);
  EXPECT_EQ(range.response.body, pattern_bytes(5, Nginx::kBigFile - 5));
  EXPECT_EQ(run_curl({"-r", "99999999999-", weir.url("/big")}).response.status, 416);
  // The service's 100 is what curl waits for.
  CurlResult expects = run_curl({"-v", "--expect100-timeout", "60", "-H", "Expect: 100-continue",
                                 "--data-binary", "now", weir.url("/echo")});
  EXPECT_EQ(expects.response.body, "now") << expects.errors;
  EXPECT_THAT(expects.errors, ::testing::HasSubstr("100 Continue"));
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

// A body of a GiB leaves no mark on weir's memory: its peak may grow by 2 MiB, while curl and nginx
// move it as fast as they can.
constexpr std::uint64_t kGib = std::uint64_t{1} << 30;
constexpr std::uint64_t kMark = (kSanitized ? 64 : 2) << 20;

TEST(RealClients, CurlDownloadsAGibibyteInConstantMemory) {
  Nginx nginx;
  Weir weir(nginx.text());
  run_curl({weir.url("/")});
  const std::uint64_t before = weir.process().peak_resident_bytes();
  CurlResult r = run_curl({"-o", "/dev/null", "-w", "%{size_download}", weir.url("/gibibyte")});
  EXPECT_EQ(r.code, 0) << r.errors;
  EXPECT_TRUE(eventually([&] {
    return nginx.access_log().find("/gibibyte HTTP/1.1\" 200 " + std::to_string(kGib)) !=
           std::string::npos;
  })) << nginx.access_log();
  EXPECT_LT(weir.process().peak_resident_bytes(), before + kMark);
}

// Reads bodies of zeros, keeps nothing of them, and answers at their end.
void swallow(RawService::Connection& connection) {
  std::string text;
  if (connection.socket().read_until(text, "\r\n\r\n") != Socket::Status::ok) return;
  const bool chunked = text.find("chunked") != std::string::npos;
  text.erase(0, text.find("\r\n\r\n") + 4);
  std::uint64_t come = text.size();
  std::vector<char> block(256 << 10);
  while (chunked ? !text.ends_with("0\r\n\r\n") : come < kGib) {
    const Socket::Got got = connection.socket().read_some(block.data(), block.size());
    if (got.status != Socket::Status::ok) return;
    come += got.bytes;
    text.assign(text.size() > 5 ? text.substr(text.size() - 5) : text);
    text.append(block.data(), got.bytes);
  }
  connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nswallowed\n");
}

TEST(RealClients, CurlUploadsAGibibyteInConstantMemory) {
  RawService service(swallow);
  Weir weir(service.text());
  weir.metrics();
  TempDir folder;
  const std::string file = folder.file("gibibyte");
  std::ofstream(file).close();
  std::filesystem::resize_file(file, kGib);  // sparse: no disk is filled
  for (const char* how : {"Content-Type: text/plain", "Transfer-Encoding: chunked"}) {
    const std::uint64_t before = weir.process().peak_resident_bytes();
    CurlResult r = run_curl({"-T", file, "-H", how, "-H", "Expect:", weir.url("/swallow")});
    EXPECT_EQ(r.code, 0) << r.errors;
    EXPECT_EQ(r.response.status, 200) << how;
    EXPECT_EQ(r.response.body, "swallowed\n");
    EXPECT_LT(weir.process().peak_resident_bytes(), before + kMark) << how;
  }
}

}  // namespace
}  // namespace weir::testing
