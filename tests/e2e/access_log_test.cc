// The access log against what clients saw.
#include "tests/e2e/access_log.h"

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace weir::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

TEST(AccessLog, AnsweredRequestHasEveryField) {
  Service service([](const ServiceRequest&) { return Reply::text(201, "made"); });
  Logged weir(service.text(), "chain: [retry: {attempts: 2}]\n");
  const std::string trace = "0af7651916cd43dd8448eb211c80319c";
  const Response response = weir.post("/a%20b/c?token=s3cret", "12345",
                                      {{"Host", "h"},
                                       {"x-tenant", "acme"},
                                       {"Authorization", "Bearer s3cret"},
                                       {"traceparent", "00-" + trace + "-b7ad6b7169203331-01"}});
  ASSERT_EQ(response.status, 201);
  const object line = weir.only_line();
  EXPECT_THAT(text(line, "time"), MatchesRegex(R"(20..-..-..T..:..:..\.......Z)"));
  EXPECT_EQ(text(line, "request_id"), response.headers["x-request-id"]);
  EXPECT_EQ(text(line, "trace_id"), trace);
  EXPECT_EQ(text(line, "client"), "127.0.0.1");
  EXPECT_EQ(text(line, "tenant"), "acme");
  EXPECT_EQ(text(line, "route"), "default");
  EXPECT_EQ(text(line, "method"), "POST");
  EXPECT_EQ(text(line, "path"), "/a%20b/c") << "without its query";
  EXPECT_EQ(number(line, "status"), 201);
  EXPECT_EQ(number(line, "bytes_received"), 5);
  EXPECT_EQ(number(line, "bytes_sent"), 4);
  EXPECT_EQ(number(line, "attempts"), 1);
  EXPECT_EQ(text(line, "upstream"), service.text());
  EXPECT_FALSE(line.contains("reason"));
  const double total = number(line, "total");
  EXPECT_EQ(number(line, "queue"), 0);
  EXPECT_GT(number(line, "upstream_time"), 0);
  EXPECT_LE(number(line, "upstream_time"), total);
  EXPECT_GT(number(line, "overhead"), 0);
  EXPECT_LE(number(line, "overhead"), total);
  EXPECT_THAT(read_file(weir.path()), Not(HasSubstr("s3cret")));
}

TEST(AccessLog, WaitAndServiceTimesAreToldApart) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest&) { return Reply::held(hold); });
  Logged weir(service.text(), "chain: [buffer: {max_wait: 60s}, concurrency_limit: {limit: 1}]\n");
  Client first(weir.address()), second(weir.address());
  first.send({"GET", "/first"});
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
  second.send({"GET", "/second"});
  ASSERT_TRUE(weir.metrics_reach([](const Samples& s) { return s.sum("weir_queue_depth") == 1; }));
  hold->open();
  first.read();
  second.read();
  const std::vector<std::string> lines = weir.lines(2);
  const object a = boost::json::parse(lines[0]).as_object();
  const object b = boost::json::parse(lines[1]).as_object();
  EXPECT_EQ(text(b, "path"), "/second");
  EXPECT_EQ(number(a, "queue"), 0);
  EXPECT_GT(number(b, "queue"), 0);
  EXPECT_LE(number(b, "queue") + number(b, "upstream_time"), number(b, "total") + 1e-5);
}

TEST(AccessLog, QuotaRefusalNamesFilterAndReason) {
  Service service;
  Logged weir(service.text(), "chain: [token_bucket: {name: quota, rate: 1/h}]\n", ", sample: 0%");
  ASSERT_EQ(weir.get("/").status, 200);
  const Response refused = weir.get("/x");
  ASSERT_EQ(refused.status, 429);
  const object line = weir.only_line();  // of what went well, nothing
  EXPECT_EQ(text(line, "request_id"), refused.headers["x-request-id"]);
  EXPECT_EQ(number(line, "status"), 429);
  EXPECT_EQ(text(line, "filter"), "quota");
  EXPECT_EQ(text(line, "reason"), "quota_exceeded");
  EXPECT_EQ(number(line, "bytes_sent"), static_cast<double>(refused.body.size()));
  EXPECT_EQ(number(line, "attempts"), 0);
  EXPECT_FALSE(line.contains("upstream"));
}

TEST(AccessLog, FailuresOfTheServiceHaveTheirReasons) {
  {
    Logged weir(dead_address().text(), "chain: []\n");
    ASSERT_EQ(weir.get().status, 502);
    const object line = weir.only_line();
    EXPECT_EQ(number(line, "status"), 502);
    EXPECT_EQ(text(line, "reason"), "connect_failure");
    EXPECT_EQ(number(line, "attempts"), 1);
  }
  {
    Service service([](const ServiceRequest&) { return Reply::fault(Reply::Then::silence); });
    Logged weir(service.text(), "chain: [timeout: {name: whole, head: 50ms}]\n");
    ASSERT_EQ(weir.get().status, 504);
    const object line = weir.only_line();
    EXPECT_EQ(number(line, "status"), 504);
    EXPECT_EQ(text(line, "reason"), "head_timeout");
    EXPECT_EQ(text(line, "filter"), "whole");
    EXPECT_GE(number(line, "upstream_time"), 0.05);
  }
  {
    auto hold = std::make_shared<Hold>();
    Service service([&](const ServiceRequest&) { return Reply::held(hold); });
    Logged weir(service.text(), "chain: [load_shed, concurrency_limit: {limit: 1}]\n");
    Client first(weir.address());
    first.send({});
    ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
    ASSERT_EQ(weir.get().status, 503);
    const object line = weir.only_line();
    EXPECT_EQ(number(line, "status"), 503);
    EXPECT_EQ(text(line, "reason"), "concurrency_limit");
    hold->open();
    EXPECT_EQ(first.read().status, 200);
  }
}

TEST(AccessLog, ResponseThatBrokeOffIsCut) {
  Service service([](const ServiceRequest&) {
    Reply reply = Reply::text(200, "0123456789");
    reply.cut_at = 4;
    reply.then = Reply::Then::close;
    return reply;
  });
  Logged weir(service.text(), "chain: []\n", ", sample: 0%");
  EXPECT_FALSE(weir.get().complete);
  const object line = weir.only_line();
  EXPECT_EQ(number(line, "status"), 200);
  EXPECT_TRUE(line.contains("cut"));
  EXPECT_EQ(text(line, "reason"), "upstream_truncated");
  EXPECT_EQ(number(line, "bytes_sent"), 4);
}

TEST(AccessLog, ClientThatLeftIs499) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest&) { return Reply::held(hold); });
  Logged weir(service.text(), "chain: [buffer: {max_wait: 60s}, concurrency_limit: {limit: 1}]\n");
  Client first(weir.address());
  first.send({});
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
  {
    Client waiting(weir.address());
    waiting.send({"GET", "/left"});
    ASSERT_TRUE(
        weir.metrics_reach([](const Samples& s) { return s.sum("weir_queue_depth") == 1; }));
  }
  const object line = weir.only_line();
  EXPECT_EQ(text(line, "path"), "/left");
  EXPECT_EQ(number(line, "status"), 499);
  EXPECT_EQ(text(line, "reason"), "client_gone");
  EXPECT_GT(number(line, "queue") + number(line, "total"), 0);
  hold->open();
  EXPECT_EQ(first.read().status, 200);
}

// What is known of a request that was none, whatever its bytes.
TEST(AccessLog, BadRequestsAreLoggedAsFarAsKnown) {
  struct Case {
    std::string bytes;
    int status;
    const char *reason, *method, *path;
  };
  Service service;
  for (const Case& each : std::initializer_list<Case>{
           {"GE\"T\xff / HTTP/1.1\r\n\r\n", 400, "bad_method", "", ""},
           {"GET /a HTTP/1.1\r\n\r\n", 400, "missing_host", "GET", ""},
           {"GET http://user:s3cret@h/a HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bad_target", "GET", ""},
           {"POST /a?s3cret HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            400, "duplicate_content_length", "POST", "/a"},
           {"GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(40'000, 'a') + "\r\n\r\n", 431,
            "head_too_large", "", ""},
           {"GET / HTTP", 408, "head_timeout", "", ""},
       }) {
    Logged weir(service.text(), "limits: {head_timeout: 100ms}\n", ", sample: 0%");
    Socket socket = Socket::connect(weir.address());
    socket.write_all(each.bytes);
    std::string answer;
    socket.read_to_end(answer);
    const Response response = parse_response(answer);
    ASSERT_EQ(response.status, each.status) << each.reason;
    const object line = weir.only_line();
    EXPECT_EQ(number(line, "status"), each.status);
    EXPECT_EQ(text(line, "reason"), each.reason);
    EXPECT_EQ(text(line, "client"), "127.0.0.1");
    EXPECT_EQ(text(line, "method"), each.method);
    EXPECT_EQ(text(line, "path"), each.path);
    EXPECT_EQ(number(line, "bytes_sent"), static_cast<double>(response.body.size()));
    EXPECT_THAT(read_file(weir.path()), Not(HasSubstr("s3cret")));
  }
}

TEST(AccessLog, BodyThatIsNoneHasItsReason) {
  Service service;
  Logged weir(service.text(), "chain: []\n");
  Socket socket = Socket::connect(weir.address());
  socket.write_all(
      "POST /up HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n");
  std::string answer;
  socket.read_to_end(answer);
  const object line = weir.only_line();
  EXPECT_EQ(number(line, "status"), parse_response(answer).status);
  EXPECT_EQ(text(line, "reason"), "bad_chunk_size");
  EXPECT_EQ(text(line, "path"), "/up");
}

TEST(AccessLog, HostileBytesAreParsedBack) {
  Service service;
  Logged weir(service.text(), "chain: []\n");
  std::string tenant = "\"\\";
  for (int c = 0x80; c < 0x100; c += 5) tenant += static_cast<char>(c);
  EXPECT_EQ(weir.get("/%00%0a\"'<>\\", {{"Host", "h"}, {"x-tenant", tenant}}).status, 200);
  const object line = weir.only_line();
  EXPECT_THAT(text(line, "tenant"), ::testing::StartsWith("\"\\\ufffd"));
  EXPECT_EQ(text(line, "path"), "/%00%0a\"'<>\\");
}

TEST(AccessLog, SecretTenantIsNowhereInALine) {
  Service service;
  for (const auto& [from, target] : std::initializer_list<std::pair<const char*, const char*>>{
           {"header x-api-key", "/x"},
           {"path_segment 2", "/v1/k%2D5d0c4f/x"},
           {"query account", "/x?account=k-5d0c4f"}}) {
    Logged weir(service.text(),
                "tenant: {from: " + std::string(from) + ", secret: true}\nchain: []\n",
                ", query: true, format: json");
    ASSERT_EQ(weir.get(target, {{"Host", "h"}, {"x-api-key", "k-5d0c4f"}}).status, 200);
    const object line = weir.only_line();
    EXPECT_THAT(text(line, "tenant"), MatchesRegex("sha256:[0-9a-f]{12}"));
    EXPECT_THAT(read_file(weir.path()), AllOf(Not(HasSubstr("5d0c4f")), HasSubstr("x")));
  }
}

TEST(AccessLog, CombinedFormat) {
  Service service([](const ServiceRequest&) { return Reply::text(200, "hello"); });
  Logged weir(service.text(), "chain: []\n", ", format: combined, query: true");
  weir.get("/a?b=1&token=2", {{"Host", "h"},
                              {"x-tenant", "acme"},
                              {"Referer", "http://u:p@r/x?y"},
                              {"User-Agent", "tester\xff \"1\""}});
  EXPECT_THAT(weir.lines(1).front(),
              MatchesRegex(R"(127\.0\.0\.1 - acme \[../.../20..:..:..:.. \+0000\] )"
                           R"("GET /a\?b=1&token=\*\*\* HTTP/1\.1" 200 5 )"
                           R"("http://r/x" "tester\\xff \\"1\\"")"));
}

TEST(AccessLog, SampleTakesItsShare) {
  Service service;
  Logged weir(service.text(), "chain: []\n", ", sample: 20%");
  Client client(weir.address());
  constexpr int kRequests = 2000;
  for (int i = 0; i < kRequests; ++i) client.get();
  EXPECT_EQ(client.get("/", {}).status, 200);
  ASSERT_TRUE(weir.idle());
  // Of 2,000 at 20%: 400, and 18 as the standard deviation; beyond 300 to 500 once in 10^7.
  const auto logged = [&] { return lines_of(read_file(weir.path())).size(); };
  EXPECT_TRUE(eventually([&] { return logged() >= 300; }));
  EXPECT_EQ(weir.stop(), 0);
  EXPECT_LE(logged(), 500U);
}

TEST(AccessLog, Usr1OpensTheFileAnewAsLogrotateWants) {
  Service service;
  Logged weir(service.text(), "workers: 2\nchain: []\n");
  weir.get("/before");
  weir.lines(1);
  std::filesystem::rename(weir.path(), weir.path() + ".1");
  weir.get("/between");
  EXPECT_TRUE(eventually([&] { return lines_of(read_file(weir.path() + ".1")).size() == 2; }))
      << "until told otherwise, where it was";
  weir.process().signal(SIGUSR1);
  ASSERT_TRUE(weir.process().wait_for("access log: opened"));
  weir.get("/after");
  EXPECT_EQ(text(weir.only_line(), "path"), "/after");
  EXPECT_EQ(lines_of(read_file(weir.path() + ".1")).size(), 2U);
  struct stat status {};
  ASSERT_EQ(stat(weir.path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777 & ~0640U, 0U) << "nobody else may read it";
}

TEST(AccessLog, FileThatCannotBeReopenedIsTold) {
  Service service;
  Logged weir(service.text(), "chain: []\n");
  std::filesystem::rename(weir.path(), weir.path() + ".1");
  std::filesystem::create_directory(weir.path());
  weir.process().signal(SIGUSR1);
  EXPECT_TRUE(weir.process().wait_for("access log: cannot open .*Is a directory; going on with"));
  EXPECT_EQ(weir.get("/still").status, 200);
  EXPECT_TRUE(eventually(
      [&] { return read_file(weir.path() + ".1").find("/still") != std::string::npos; }));
}

TEST(AccessLog, FileThatCannotBeOpenedIsOneLineAtTheStart) {
  const TempDir folder;
  const std::string config =
      folder.write("weir.yaml",
                   "listen: 127.0.0.1:0\nadmin: {listen: \"127.0.0.1:0\"}\n"
                   "upstream: {address: \"127.0.0.1:1\"}\naccess_log: {to: /no/such/folder/log}\n");
  const Finished run = run_weir(WEIR_BINARY, {"run", "-c", config});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.errors, HasSubstr("cannot open /no/such/folder/log (access_log.to): No such"));
  EXPECT_EQ(lines_of(run.errors).size(), 1U) << run.errors;
}

TEST(AccessLog, FullPipeHoldsUpNobodyAndLossesAreCounted) {
  const TempDir folder;
  const std::string path = folder.file("pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  Service service;
  Weir weir(service.text(), "access_log: {to: " + path + "}\nchain: [token_bucket: {rate: 1/h}]\n");
  // Refusals are quick, and their lines long: more than pipe and ring hold.
  const std::string target = "/" + std::string(800, 'x');
  const auto lost = [&] { return weir.metrics().sum("weir_access_log_lines_lost_total"); };
  WrkResult load;
  for (int i = 0; i < 20 && lost() == 0; ++i) load = run_wrk({.url = weir.url(target)});
  EXPECT_GT(lost(), 0) << load.output;
  EXPECT_EQ(load.socket_errors + load.timeouts, 0U) << load.output;
  EXPECT_EQ(weir.get("/").status, 429) << "traffic goes on";
  // Somebody reads again: so do the lines come.
  std::string all(1 << 16, '\0');
  const auto seen = weir.metrics().sum("weir_access_log_lines_total");
  EXPECT_TRUE(eventually([&] {
    while (::read(reader, all.data(), all.size()) > 0) {
    }
    return weir.metrics().sum("weir_access_log_lines_total") > seen;
  }));
  ::close(reader);
  EXPECT_EQ(weir.get("/").status, 429);
  EXPECT_TRUE(weir.process().wait_for("access log: cannot write to .*Broken pipe"));
  EXPECT_EQ(weir.stop(), 0);
}

// `weir run | head -1`
TEST(AccessLog, ClosedStandardOutputStopsNothing) {
  Service service;
  const TempDir folder;
  const std::string config = folder.write(
      "weir.yaml", "listen: 127.0.0.1:0\nadmin: {listen: \"127.0.0.1:0\"}\nupstream: {address: \"" +
                       service.text() + "\"}\naccess_log: {to: stdout}\nchain: []\n");
  ProcessOptions options;
  options.command = {"sh", "-c", "exec \"$0\" run -c \"$1\" >/dev/full", WEIR_BINARY, config};
  Process process(std::move(options));
  const auto port = process.wait_for(R"(listening on 127\.0\.0\.1:(\d+))");
  ASSERT_TRUE(port) << process.errors();
  Address address;
  address.port = static_cast<std::uint16_t>(std::stoi(*port));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(fetch(address).status, 200);
  EXPECT_TRUE(process.wait_for("access log: cannot write to stdout: No space left"));
  EXPECT_EQ(fetch(address).status, 200);
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait(), 0) << process.errors();
}

TEST(AccessLog, StandardOutputGetsLines) {
  Service service;
  Weir weir(service.text(), "access_log: {to: stdout}\nchain: []\n");
  weir.get("/seen");
  EXPECT_TRUE(weir.process().wait_for(R"("path":"/seen","status":200)"));
  EXPECT_EQ(weir.stop(), 0);
  EXPECT_EQ(lines_of(weir.process().output()).size(), 1U) << weir.process().output();
}

TEST(AccessLog, EveryRequestUnderLoadHasItsLine) {
  Service service;
  Logged weir(service.text(), "workers: 2\nchain: [token_bucket: {rate: 500/s, burst: 50}]\n");
  const WrkResult load = run_wrk({.url = weir.url("/")});
  ASSERT_GT(load.requests, 0U) << load.output;
  ASSERT_TRUE(weir.idle());
  const Samples samples = weir.metrics();
  EXPECT_EQ(weir.stop(), 0);
  const auto lines = lines_of(read_file(weir.path()));
  std::map<std::string, double> by_status;
  for (const std::string& line : lines) {
    const object parsed = boost::json::parse(line).as_object();
    ++by_status[std::to_string(static_cast<int>(number(parsed, "status")))];
  }
  EXPECT_EQ(samples.sum("weir_access_log_lines_lost_total"), 0);
  for (const auto& [status, count] : by_status) {
    EXPECT_EQ(samples.sum("weir_requests_total", {{"code", status}}), count) << status;
  }
  EXPECT_EQ(samples.sum("weir_requests_total"), static_cast<double>(lines.size()));
}

}  // namespace
}  // namespace weir::testing
