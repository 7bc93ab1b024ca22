// weir's commands as scripts and orchestrators use them: what they print, and what they exit with.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/client.h"
#include "tests/support/process.h"
#include "tests/support/service.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tools.h"
#include "tests/support/weir_process.h"

namespace weir::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Finished weir(std::vector<std::string> arguments) {
  return run_weir(WEIR_BINARY, std::move(arguments));
}

WeirOptions before(const Service& service) {
  WeirOptions options;
  options.upstream = service.address().text();
  return options;
}

std::string admin_of(const WeirProcess& process) { return process.admin().text(); }

TEST(CommandLine, WrongUsageExitsWithTwo) {
  EXPECT_EQ(weir({}).code, 2);
  EXPECT_EQ(weir({"fly"}).code, 2);
  EXPECT_EQ(weir({"run"}).code, 2);
  EXPECT_EQ(weir({"run", "--no-such-flag"}).code, 2);
  EXPECT_EQ(weir({"run", "-c", "x.yaml", "--upstream", "127.0.0.1:1"}).code, 2);
  EXPECT_EQ(weir({"check"}).code, 2);
  EXPECT_EQ(weir({"demo", "--for", "soon"}).code, 2);
}

TEST(CommandLine, HelpAndVersionAreNoErrors) {
  const Finished version = weir({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_THAT(version.output, StartsWith("weir "));
  for (const char* command : {"run", "check", "demo", "drain", "healthcheck"}) {
    const Finished help = weir({command, "--help"});
    EXPECT_EQ(help.code, 0) << command;
    EXPECT_THAT(help.output, HasSubstr("Usage: weir " + std::string(command)));
  }
}

TEST(CommandLine, CheckPrintsOkOrEveryError) {
  const TempDir folder;
  const std::string good =
      folder.write("good.yaml", "listen: 127.0.0.1:0\nupstream: {address: \"127.0.0.1:1\"}\n");
  const Finished ok = weir({"check", "-c", good});
  EXPECT_EQ(ok.code, 0);
  EXPECT_THAT(ok.output, EndsWith("OK\n"));

  const std::string bad = folder.write(
      "bad.yaml", "upstream: {adress: \"127.0.0.1:1\"}\nworkers: 0\nlimits: {max_head: 5}\n");
  const Finished errors = weir({"check", "-c", bad});
  EXPECT_EQ(errors.code, 1);
  EXPECT_THAT(errors.output, HasSubstr(bad + ":1:"));
  EXPECT_THAT(errors.output, HasSubstr(bad + ":2:10: workers: "));
  EXPECT_THAT(errors.output, HasSubstr(bad + ":3:"));
  EXPECT_EQ(weir({"check", "-c", folder.file("none.yaml")}).code, 1);
}

TEST(CommandLine, RunOnABadConfigTellsAllOfItAndExitsWithOne) {
  const TempDir folder;
  const std::string bad = folder.write("bad.yaml", "workers: 0\n");
  const Finished run = weir({"run", "-c", bad});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.errors, HasSubstr(bad + ":1:10: workers: "));
  EXPECT_THAT(run.errors, EndsWith("errors in " + bad + "\n"));
}

TEST(CommandLine, FlagsAreEnoughAndEnvironmentToo) {
  Service service([](const ServiceRequest&) { return Reply::text(200, "hello"); });
  ProcessOptions options;
  options.command = {WEIR_BINARY, "run", "--listen", "127.0.0.1:0", "--rate", "2/h"};
  options.environment = {{"WEIR_UPSTREAM", service.address().text()},
                         {"WEIR_ADMIN", "127.0.0.1:0"}};
  Process process(std::move(options));
  const auto port = process.wait_for(R"(listening on 127\.0\.0\.1:(\d+), upstream )");
  ASSERT_TRUE(port) << process.errors();
  Address address;
  address.port = static_cast<std::uint16_t>(std::stoi(*port));
  EXPECT_EQ(fetch(address).body, "hello");
  EXPECT_EQ(fetch(address).status, 429);
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 0);
}

TEST(CommandLine, PrintConfigIsAConfigThatCheckAccepts) {
  const Finished printed =
      weir({"run", "--upstream", "127.0.0.1:3000", "--rate", "5/s", "--print-config"});
  EXPECT_EQ(printed.code, 0);
  const TempDir folder;
  const Finished checked = weir({"check", "-c", folder.write("weir.yaml", printed.output)});
  EXPECT_EQ(checked.code, 0) << checked.output;
  const Finished again = weir({"run", "-c", folder.file("weir.yaml"), "--print-config"});
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.output, HasSubstr("max_head: 32KiB"));
  EXPECT_EQ(weir({"check", "-c", folder.write("full.yaml", again.output)}).code, 0);
}

// What runs by flags is what their YAML says.
TEST(CommandLine, PrintedConfigIsTheOneThatRuns) {
  const std::vector<std::string> flags = {
      "--listen",      "127.0.0.1:0", "--upstream",  "127.0.0.1:3000",
      "--admin",       "127.0.0.1:0", "--rate",      "100/s",
      "--burst",       "7",           "--tenant",    "client_ip",
      "--concurrency", "64",          "--workers",   "2",
      "--access-log",  "stdout",      "--telemetry", "[::1]:9902"};
  std::vector<std::string> arguments = {"run", "--print-config"};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  const Finished printed = weir(arguments);
  ASSERT_EQ(printed.code, 0) << printed.errors;
  const TempDir folder;
  const Finished from_file =
      weir({"run", "--print-config", "-c", folder.write("weir.yaml", printed.output)});
  ASSERT_EQ(from_file.code, 0) << from_file.errors;

  ProcessOptions options;
  options.command = {WEIR_BINARY, "run"};
  options.command.insert(options.command.end(), flags.begin(), flags.end() - 2);
  Process process(std::move(options));
  const auto port = process.wait_for(R"(admin on http://127\.0\.0\.1:(\d+))");
  ASSERT_TRUE(port) << process.errors();
  Address admin;
  admin.port = static_cast<std::uint16_t>(std::stoi(*port));
  std::string expected = from_file.output;
  const std::size_t telemetry = expected.find("telemetry:");
  ASSERT_NE(telemetry, std::string::npos) << expected;  // left out of what runs: ports are taken
  expected.erase(telemetry,
                 expected.find('\n', expected.find("listen:", telemetry)) + 1 - telemetry);
  EXPECT_EQ(fetch(admin, {"GET", "/config?format=yaml"}).body, expected);
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait(), 0);
}

TEST(CommandLine, PrintConfigOfBadFlagsIsAnError) {
  const Finished printed =
      weir({"run", "--upstream", "127.0.0.1:3000", "--rate", "fast", "--print-config"});
  EXPECT_EQ(printed.code, 1);
  EXPECT_EQ(printed.output, "");
  EXPECT_THAT(printed.errors, StartsWith("--rate: "));
}

TEST(CommandLine, HelpShowsEachFlagsDefaultAndVariable) {
  const std::string help = weir({"run", "--help"}).output;
  for (const char* line :
       {"--config FILE (Env:WEIR_CONFIG)", "--listen ADDRESS=:8080 (Env:WEIR_LISTEN)",
        "--upstream ADDRESS (Env:WEIR_UPSTREAM)", "--admin ADDRESS=127.0.0.1:9901 (Env:WEIR_ADMIN)",
        "--rate RATE (Env:WEIR_RATE)", "--burst N (Env:WEIR_BURST)",
        "--tenant FIELD=header x-tenant (Env:WEIR_TENANT)",
        "--concurrency N=256 (Env:WEIR_CONCURRENCY)", "--workers N=1 (Env:WEIR_WORKERS)",
        "--access-log TO=none (Env:WEIR_ACCESS_LOG)", "--telemetry ADDRESS (Env:WEIR_TELEMETRY)"}) {
    EXPECT_THAT(help, HasSubstr(line));
  }
  // Those without a default say what goes without them.
  for (const char* words : {"unix:/PATH; required", "none: no quota", "none: one second's worth",
                            "none: not there", "none: the flags below"}) {
    EXPECT_THAT(help, HasSubstr(words));
  }
}

TEST(CommandLine, TakenPortIsOneLineThatNamesTheSetting) {
  Service service;
  const Listener taken;
  const std::string port = taken.address().text();
  for (const auto& [flag, setting] : std::vector<std::pair<std::string, std::string>>{
           {"--listen", "listen"}, {"--admin", "admin.listen"}}) {
    std::vector<std::string> arguments = {"run", "--upstream", service.address().text(), flag,
                                          port};
    const std::string other = flag == "--listen" ? "--admin" : "--listen";
    arguments.insert(arguments.end(), {other, "127.0.0.1:0"});
    const Finished run = weir(arguments);
    EXPECT_EQ(run.code, 1);
    EXPECT_THAT(run.errors, HasSubstr(port));
    EXPECT_THAT(run.errors, HasSubstr(setting));
    EXPECT_EQ(std::count(run.errors.begin(), run.errors.end(), '\n'), 1) << run.errors;
  }
}

TEST(CommandLine, HealthcheckAndDrainSpeakWithARunningWeir) {
  Service service([](const ServiceRequest&) { return Reply::text(200, "hello"); });
  WeirProcess process(WEIR_BINARY, before(service));
  EXPECT_EQ(weir({"healthcheck", "--admin", admin_of(process)}).code, 0);
  const Finished drained = weir({"drain", "--wait", "--admin", admin_of(process)});
  EXPECT_EQ(drained.code, 0) << drained.errors;
  EXPECT_EQ(process.process().wait(), 0);
  EXPECT_EQ(weir({"healthcheck", "--live", "--admin", admin_of(process)}).code, 1);
  EXPECT_EQ(weir({"drain", "--admin", admin_of(process)}).code, 1);
}

TEST(CommandLine, DrainFinishesWhatIsUnderWay) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest&) { return Reply::held(hold); });
  WeirProcess process(WEIR_BINARY, before(service));
  Client client(process.address());
  client.send({});
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
  process.process().signal(SIGTERM);
  ASSERT_TRUE(eventually([&] { return fetch(process.admin(), {"GET", "/ready"}).status == 503; }));
  EXPECT_EQ(weir({"healthcheck", "--admin", admin_of(process)}).code, 1);
  EXPECT_EQ(weir({"healthcheck", "--live", "--admin", admin_of(process)}).code, 0);
  hold->release(1);
  EXPECT_EQ(client.read().status, 200);
  EXPECT_EQ(process.process().wait(), 0);
}

TEST(CommandLine, SecondSignalEndsAtOnce) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest&) { return Reply::held(hold); });
  WeirProcess process(WEIR_BINARY, before(service));
  Client client(process.address());
  client.send({});
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
  process.process().signal(SIGTERM);
  ASSERT_TRUE(process.process().wait_for("draining"));
  process.process().signal(SIGTERM);
  EXPECT_EQ(process.process().wait(), 3);
}

TEST(CommandLine, DrainThatRunsOutOfTimeExitsWithThree) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest&) { return Reply::held(hold); });
  WeirOptions options = before(service);
  options.config = "drain: {timeout: 100ms}\n";
  WeirProcess process(WEIR_BINARY, options);
  Client client(process.address());
  client.send({});
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
  EXPECT_EQ(process.stop(), 3);
}

TEST(CommandLine, HangupAndReopenDoNotEndIt) {
  Service service([](const ServiceRequest&) { return Reply::text(200, "hello"); });
  WeirProcess process(WEIR_BINARY, before(service));
  process.process().signal(SIGHUP);
  process.process().signal(SIGUSR1);
  EXPECT_TRUE(process.process().wait_for("HUP"));
  EXPECT_EQ(fetch(process.address()).status, 200);
  EXPECT_EQ(process.stop(), 0);
}

TEST(AdminPlane, EveryPageAnswers) {
  Service service([](const ServiceRequest&) { return Reply::text(200, "hello"); });
  WeirProcess process(WEIR_BINARY, before(service));
  for (const char* page : {"/", "/metrics", "/live", "/ready", "/config", "/config?format=yaml",
                           "/tenants", "/version"}) {
    EXPECT_NE(process.admin_get(page), "") << page;
  }
}

TEST(AdminPlane, DrainFromAForeignWebPageIsRefused) {
  Service service([](const ServiceRequest&) { return Reply::text(200, "hello"); });
  WeirProcess process(WEIR_BINARY, before(service));
  EXPECT_EQ(fetch(process.admin(), {"POST", "/drain", {{"Host", "evil.example"}}}).status, 403);
  EXPECT_EQ(
      fetch(process.admin(),
            {"POST", "/drain", {{"Host", admin_of(process)}, {"Origin", "http://evil.example"}}})
          .status,
      403);
  EXPECT_EQ(fetch(process.admin(), {"GET", "/drain"}).status, 405);
  EXPECT_EQ(fetch(process.admin(), {"GET", "/ready"}).status, 200);
}

TEST(AdminPlane, PromtoolFindsNothingToComplainOf) {
  Service service([](const ServiceRequest&) { return Reply::text(200, "hello"); });
  WeirOptions options = before(service);
  options.config = "tenants: {acme: {rate: 1/h}, \"*\": {rate: 10/s}}\n";
  WeirProcess process(WEIR_BINARY, options);
  for (int i = 0; i < 3; ++i) {
    fetch(process.address(), {"GET", "/", {{"Host", "a"}, {"x-tenant", "acme"}}});
  }
  ProcessOptions promtool;
  promtool.command = {find_program("promtool", "prometheus"), "check", "metrics"};
  promtool.input = process.admin_get("/metrics");
  const Finished checked = run_process(std::move(promtool));
  EXPECT_EQ(checked.code, 0);
  EXPECT_EQ(checked.errors + checked.output, "");
}

}  // namespace
}  // namespace weir::testing
