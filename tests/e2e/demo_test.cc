// `weir demo` without a terminal, as CI and the curious with a pipe see it.
#include <regex>

#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ProcessOptions demo(std::vector<std::string> arguments) {
  ProcessOptions options;
  options.command = {WEIR_BINARY, "demo", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"};
  options.command.insert(options.command.end(), arguments.begin(), arguments.end());
  return options;
}

// The numbers of a tenant's row in the summary: arrived, passed, refused.
std::vector<int> row(const std::string& text, const std::string& tenant) {
  std::smatch m;
  std::string summary = text.substr(std::min(text.find("requests arrived"), text.size()));
  std::regex expression(tenant + R"( +\d+/s +([\d,]+) +([\d,]+) +([\d,]+))");
  if (!std::regex_search(summary, m, expression)) return {-1, -1, -1};
  auto number = [](std::string s) {
    std::erase(s, ',');
    return std::stoi(s);
  };
  return {number(m[1]), number(m[2]), number(m[3])};
}

TEST(Demo, EndsByItselfWithASummaryAndRefusesTheGreedy) {
  Finished done = run_process(demo({"--for", "3s"}));
  EXPECT_EQ(done.code, 0) << done.errors;
  EXPECT_THAT(done.output, Not(HasSubstr("\x1b")));
  EXPECT_THAT(done.output, HasSubstr("curl -i -H 'x-tenant: acme' http://127.0.0.1:"));
  EXPECT_THAT(done.output, HasSubstr("/metrics"));
  EXPECT_THAT(done.output, HasSubstr(": the same."));
  std::vector<int> acme = row(done.output, "acme"), beta = row(done.output, "beta");
  std::vector<int> greedy = row(done.output, "greedy");
  EXPECT_GT(greedy[2], greedy[1]) << "most of what it sends is over its quota";
  EXPECT_GT(greedy[1], 0);
  for (const auto& r : {acme, beta, greedy}) EXPECT_EQ(r[0], r[1] + r[2]);
  if (kSanitized) return;  // slower than the service: lines fill up
  // Where the machine stands still for a moment, what was due comes at once, over the burst.
  EXPECT_LT(acme[2], acme[0] / 10) << done.output;
  EXPECT_LT(beta[2], beta[0] / 10) << done.output;
}

TEST(Demo, ServesThoseWhoJoinInUntilItIsInterrupted) {
  Process process(demo({"--no-load"}));
  std::optional<std::string> url =
      process.wait_for("curl -i -H 'x-tenant: acme' (http://127.0.0.1:\\d+/)");
  ASSERT_TRUE(url) << process.errors();
  CurlResult r = run_curl({"-H", "x-tenant: acme", *url});
  EXPECT_EQ(r.response.status, 200) << r.errors;
  EXPECT_THAT(r.response.body, HasSubstr("Served in 10ms"));
  std::optional<std::string> metrics = process.wait_for("curl (http://[^ ]+/metrics)");
  ASSERT_TRUE(metrics);
  Samples s(run_curl({*metrics}).response.body);
  EXPECT_EQ(s.value("weir_arrivals_total", {{"tenant", "acme"}}), 1);
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 0);
  EXPECT_EQ(row(process.output(), "acme"), (std::vector<int>{1, 1, 0})) << process.output();
}

// The service by itself, as docker/compose.yaml has it behind weir.
TEST(Sample, ServesByItselfFailsAsOftenAsAskedAndEndsWithTerm) {
  Process process({.command = {WEIR_BINARY, "sample", "--listen", "127.0.0.1:0", "--latency", "1ms",
                               "--concurrency", "2", "--fail-every", "3"}});
  const auto address = process.wait_for("sample service listening on (127.0.0.1:\\d+)");
  ASSERT_TRUE(address) << process.errors();
  std::vector<int> statuses;
  for (int i = 0; i < 6; ++i) statuses.push_back(run_curl({"http://" + *address}).response.status);
  EXPECT_THAT(statuses, ::testing::ElementsAre(200, 200, 503, 200, 200, 503));
  const CurlResult posted =
      run_curl({"--data-binary", std::string(100'000, 'x'), "http://" + *address});
  EXPECT_EQ(posted.response.body, "Served in 1ms by the sample service, together with 0 others.\n");
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait(), 0);
  EXPECT_THAT(process.errors(), HasSubstr("served 7 requests"));
}

TEST(Sample, SaysWhereItCannotListen) {
  const Finished done = run_weir(WEIR_BINARY, {"sample", "--listen", "nowhere:1"});
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.errors, HasSubstr("--listen"));
}

}  // namespace
}  // namespace weir::testing
