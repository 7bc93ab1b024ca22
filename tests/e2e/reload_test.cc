// The configuration changes while weir runs: by HUP, by POST /reload, by the file itself.
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <thread>

#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Clock = std::chrono::steady_clock;

constexpr bool kSanitized =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    true;
#else
    false;
#endif

Address local(const std::string& port) {
  Address address;
  address.port = static_cast<std::uint16_t>(std::stoi(port));
  return address;
}

Response reload(const Weir& weir, Headers headers = {}) {
  if (!headers.find("Host")) headers.add("Host", weir.admin().text());
  return fetch(weir.admin(), {"POST", "/reload", std::move(headers)});
}

// weir on a file that the test writes anew; not watched unless a test says so.
struct Reloadable {
  explicit Reloadable(const std::string& upstream, const std::string& rest, bool watch = false)
      : service(upstream), weir(options(upstream, rest, watch)) {}

  static WeirOptions options(const std::string& upstream, const std::string& rest, bool watch) {
    WeirOptions out = with_chain(upstream, rest);
    if (!watch) out.arguments = {"--no-watch"};
    return out;
  }
  std::string whole(const std::string& rest) const {
    return "listen: 127.0.0.1:0\nadmin: {listen: \"127.0.0.1:0\"}\nupstream: {address: \"" +
           service + "\"}\n" + rest;
  }
  // As editors and orchestrators do: whole, or not at all.
  void write(const std::string& rest) { write_text(whole(rest)); }
  void write_text(const std::string& text) {
    const std::string next = weir.folder().write("next.yaml", text);
    std::filesystem::rename(next, weir.config_path());
  }
  double reloads(const std::string& result) const {
    return weir.metrics().value("weir_config_reloads_total", {{"result", result}});
  }

  std::string service;
  Weir weir;
};

constexpr const char* kOpen = "chain: []\n";
constexpr const char* kDenied = "tenants: {evil: {deny: true}}\nchain: []\n";

TEST(Reload, OnPostAnswersWhatChanged) {
  Service service;
  Reloadable r(service.text(), kOpen);
  EXPECT_EQ(r.weir.get("/", {{"x-tenant", "evil"}}).status, 200);
  r.write(kDenied);
  Response answer = reload(r.weir);
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr("\"tenants\""));
  EXPECT_THAT(answer.body, HasSubstr("\"success\""));
  EXPECT_EQ(r.weir.get("/", {{"x-tenant", "evil"}}).status, 403);
  EXPECT_EQ(r.reloads("success"), 1);
  EXPECT_THAT(r.weir.admin_get("/config"), HasSubstr("evil"));
}

TEST(Reload, OnPostFromAnotherSiteIsRefused) {
  Service service;
  Reloadable r(service.text(), kOpen);
  r.write(kDenied);
  EXPECT_EQ(reload(r.weir, {{"Host", "evil.example"}}).status, 403);
  EXPECT_EQ(reload(r.weir, {{"Origin", "http://evil.example"}}).status, 403);
  Headers get = {{"Host", r.weir.admin().text()}};
  EXPECT_EQ(fetch(r.weir.admin(), {"GET", "/reload", get}).status, 405);
  EXPECT_EQ(r.weir.get("/", {{"x-tenant", "evil"}}).status, 200);
}

TEST(Reload, OnHup) {
  Service service;
  Reloadable r(service.text(), kOpen);
  r.write(kDenied);
  r.weir.process().signal(SIGHUP);
  EXPECT_TRUE(eventually([&] { return r.reloads("success") == 1; }));
  EXPECT_EQ(r.weir.get("/", {{"x-tenant", "evil"}}).status, 403);
}

TEST(Reload, BadFileChangesNothingAndSaysWhy) {
  Service service;
  Reloadable r(service.text(), kDenied);
  r.write("chain:\n  - buffer: {capacity: 0}\n");
  Response answer = reload(r.weir);
  EXPECT_EQ(answer.status, 422);
  EXPECT_THAT(answer.body, HasSubstr("weir.yaml:5:"));
  EXPECT_THAT(answer.body, HasSubstr("capacity"));
  EXPECT_EQ(r.weir.get("/", {{"x-tenant", "evil"}}).status, 403);
  Samples s = r.weir.metrics();
  EXPECT_EQ(s.value("weir_config_reloads_total", {{"result", "failure"}}), 1);
  EXPECT_EQ(s.value("weir_config_last_reload_successful"), 0);
  EXPECT_THAT(r.weir.admin_get("/config"), HasSubstr("capacity"));
  EXPECT_THAT(r.weir.admin_get("/config"), HasSubstr("evil"));
  EXPECT_THAT(r.weir.admin_get("/config?format=yaml"), HasSubstr("# last reload (POST /reload"));
  EXPECT_TRUE(eventually([&] {
    return r.weir.errors().find("the running configuration stays") != std::string::npos;
  }));
  r.write(kOpen);
  EXPECT_EQ(reload(r.weir).status, 200);
  EXPECT_EQ(r.weir.metrics().value("weir_config_last_reload_successful"), 1);
  EXPECT_THAT(r.weir.admin_get("/config"), Not(HasSubstr("capacity\": 0")));
}

TEST(Reload, WhatCannotChangeStaysAndIsSaid) {
  Service service;
  Reloadable r(service.text(), kOpen);
  r.write_text(
      "listen: 127.0.0.1:1\nworkers: 3\nadmin: {listen: \"127.0.0.1:2\"}\nupstream: {address: \"" +
      service.text() + "\"}\n" + kDenied);
  Response answer = reload(r.weir);
  EXPECT_EQ(answer.status, 200) << answer.body;
  for (const char* word :
       {"listen: cannot change", "workers: cannot change", "admin: cannot change"}) {
    EXPECT_THAT(answer.body, HasSubstr(word));
  }
  EXPECT_EQ(r.weir.get("/", {{"x-tenant", "evil"}}).status, 403) << "the rest took effect";
  EXPECT_THAT(r.weir.admin_get("/config"), Not(HasSubstr("127.0.0.1:2")));
}

TEST(Reload, FileThatIsWrittenAnewIsSeenAndTheSameContentsAreNot) {
  Service service;
  Reloadable r(service.text(), kOpen, true);
  r.write(kOpen);  // what it has already
  r.write(kDenied);
  EXPECT_TRUE(eventually([&] { return r.reloads("success") == 1; })) << r.weir.errors();
  r.write(kDenied);
  r.write("chain: [\n");
  EXPECT_TRUE(eventually([&] { return r.reloads("failure") == 1; })) << r.weir.errors();
  EXPECT_EQ(r.reloads("success"), 1);
  EXPECT_EQ(r.weir.get("/", {{"x-tenant", "evil"}}).status, 403);
}

TEST(Reload, WithoutAFileThereIsNothingToReload) {
  Service service;
  ProcessOptions options;
  options.command = {WEIR_BINARY, "run",         "--listen",   "127.0.0.1:0",
                     "--admin",   "127.0.0.1:0", "--upstream", service.text()};
  Process process(std::move(options));
  const auto admin = process.wait_for(R"(admin on http://127.0.0.1:(\d+))");
  ASSERT_TRUE(admin) << process.errors();
  process.signal(SIGHUP);
  EXPECT_TRUE(process.wait_for("there is no configuration file to reload"));
  const Address at = local(*admin);
  Response answer = fetch(at, {"POST", "/reload", {{"Host", at.text()}}});
  EXPECT_EQ(answer.status, 409);
  EXPECT_THAT(answer.body, HasSubstr("no configuration file"));
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait(), 0) << process.errors();
}

TEST(Reload, DuringTheDrainIsRefused) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest&) { return Reply::held(hold, "done"); });
  Reloadable r(service.text(), kOpen);
  Client client(r.weir.address());
  client.send({});
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
  r.weir.process().signal(SIGTERM);
  ASSERT_TRUE(r.weir.process().wait_for("draining"));
  r.write(kDenied);
  EXPECT_TRUE(eventually([&] { return reload(r.weir).status == 409; }));
  hold->open();
  EXPECT_EQ(client.read().status, 200);
  EXPECT_EQ(r.weir.process().wait(), 0) << r.weir.errors();
}

TEST(Reload, WhileADrainIsOnlyAnnouncedIsRefused) {
  Service service;
  Reloadable r(service.text(), "drain: {delay: 1h}\nchain: []\n");
  r.weir.process().signal(SIGTERM);
  ASSERT_TRUE(r.weir.process().wait_for("not ready from now on"));
  r.write(kDenied);
  EXPECT_EQ(reload(r.weir).status, 409);
  EXPECT_EQ(r.weir.get("/", {{"x-tenant", "evil"}}).status, 200);
}

TEST(Reload, RequestsUnderWayFinishOnTheSnapshotThatTheyBeganWith) {
  auto hold = std::make_shared<Hold>();
  Service old_service([&](const ServiceRequest&) { return Reply::held(hold, "old"); });
  Service new_service([](const ServiceRequest&) { return Reply::text(200, "new"); });
  Reloadable r(old_service.text(),
               "chain:\n  - timeout: 1h\n  - buffer: {max_wait: 1h}\n"
               "  - concurrency_limit: {limit: 1}\n");
  Client inside(r.weir.address()), waiting(r.weir.address());
  inside.send({});
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
  waiting.send({});
  ASSERT_TRUE(
      r.weir.metrics_reach([](const Samples& s) { return s.sum("weir_queue_depth") == 1; }));
  r.service = new_service.text();
  r.write("chain: []\n");
  ASSERT_EQ(reload(r.weir).status, 200);
  EXPECT_EQ(r.weir.get().body, "new");
  hold->open();
  EXPECT_EQ(inside.read().body, "old");
  EXPECT_EQ(waiting.read().body, "old") << "of the removed buffer, by the old service";
  EXPECT_EQ(inside.get().body, "new") << "the connection goes on, its requests with the new one";
  ASSERT_TRUE(r.weir.idle());
  // Idle connections to the old service are closed.
  EXPECT_TRUE(r.weir.metrics_reach([](const Samples& s) {
    return s.value("weir_connections_active", {{"side", "upstream"}}) <= 2;
  }));
}

// The hash that the configuration gives a tenant is the one that its requests have.
TEST(Reload, TenantThatMovesBetweenItsEntryAndTheOthersGetsNoRefill) {
  Service service;
  const std::string others = "  \"*\": {rate: 1/h, burst: 3}\n";
  const std::string chain = "chain: [{token_bucket: {key: tenant}}]\n";
  const std::string with = "tenants:\n  acme: {rate: 1/h, burst: 3}\n" + others + chain;
  const std::string without = "tenants:\n" + others + chain;
  Reloadable r(service.text(), with);
  const Headers acme = {{"x-tenant", "acme"}};
  for (int i = 0; i < 2; ++i) EXPECT_EQ(r.weir.get("/", acme).status, 200);
  r.write(without);
  ASSERT_EQ(reload(r.weir).status, 200);
  EXPECT_EQ(r.weir.get("/", acme).status, 200);
  EXPECT_EQ(r.weir.get("/", acme).status, 429);
  r.write(with);
  ASSERT_EQ(reload(r.weir).status, 200);
  EXPECT_EQ(r.weir.get("/", acme).status, 429);
  // And its series went on, under the name that it has had.
  Samples s = r.weir.metrics();
  EXPECT_EQ(s.value("weir_arrivals_total", {{"tenant", "acme"}}) +
                s.value("weir_arrivals_total", {{"tenant", "other"}}),
            5);
}

TEST(Reload, SeriesOfRemovedTenantsAndRoutesStay) {
  Service service;
  Reloadable r(service.text(),
               "tenants: {acme: {rate: 100/s}, beta: {rate: 100/s}}\n"
               "routes: [{name: one, match: {path: /one}}]\nchain: [{token_bucket: {}}]\n");
  r.weir.get("/one", {{"x-tenant", "beta"}});
  r.write(
      "tenants: {gamma: {rate: 100/s}, acme: {rate: 100/s}}\n"
      "routes: [{name: two, match: {path: /two}}]\nchain: [{concurrency_limit: {limit: 9}}]\n");
  ASSERT_EQ(reload(r.weir).status, 200);
  for (const char* tenant : {"acme", "gamma"}) r.weir.get("/two", {{"x-tenant", tenant}});
  ASSERT_TRUE(r.weir.idle());
  Samples s = r.weir.metrics();
  for (const char* tenant : {"acme", "beta", "gamma"}) {
    EXPECT_EQ(s.value("weir_arrivals_total", {{"tenant", tenant}}), 1) << tenant;
  }
  // The time is taken when the answer has been written: a moment after it has been counted.
  for (const auto& [route, count] : {std::pair("one", 1), std::pair("two", 2)}) {
    EXPECT_TRUE(eventually([&, route = route, count = count] {
      const Samples now = r.weir.metrics();
      return now.value("weir_request_duration_seconds_count", {{"route", route}}) == count;
    })) << route;
  }
  expect_balanced(s);
}

// --- many of them, under load

// What one tenant's clients were answered.
struct Account {
  std::atomic<std::uint64_t> passed{0}, refused{0}, failed{0};
};

void hammer(const Address& weir, const std::string& tenant, const std::atomic<bool>& over,
            Account& account) {
  Client client(weir);
  while (!over) {
    const int status = client.get("/", {{"x-tenant", tenant}}).status;
    (status == 200 ? account.passed : status == 429 ? account.refused : account.failed)++;
  }
}

std::string variant(int i) {
  const bool odd = i % 2 != 0;
  // `metered` is now in the list, now one of the others: its quota is the same.
  std::string yaml = "tenants:\n  \"*\": {rate: 20/s, burst: 100}\n  free: {concurrency: 64}\n";
  if (odd) yaml += "  metered: {rate: 20/s, burst: 100}\n";
  for (int t = 0; t < 50; ++t) yaml += "  t" + std::to_string(i % 7 * 50 + t) + ": {rate: 9/s}\n";
  yaml += "routes: [{name: r" + std::to_string(i % 5) + ", match: {path: /never}}]\n";
  yaml += "name: weir" + std::to_string(i) +
          "\nchain:\n  - timeout: 30s\n  - token_bucket: {key: tenant}\n";
  yaml += "  - buffer: {capacity: " + std::to_string(100 + i) + ", max_wait: 20s}\n";
  if (odd) yaml += "  - retry: {attempts: 2}\n";
  return yaml + "  - concurrency_limit: {limit: " + std::to_string(odd ? 2 : 5) + "}\n";
}

TEST(Reload, TwoHundredUnderLoadLoseNothing) {
  constexpr int kReloads = 200;
  Service service;
  Reloadable r(service.text(), "workers: 2\n" + variant(0));
  Account metered, unmetered;
  std::atomic<bool> over{false};
  std::vector<std::thread> clients;
  const auto first_sent = Clock::now();
  ASSERT_EQ(r.weir.get("/", {{"x-tenant", "metered"}}).status, 200);
  const auto first_answered = Clock::now();
  for (int i = 0; i < 2; ++i) {
    clients.emplace_back([&] { hammer(r.weir.address(), "metered", over, metered); });
  }
  for (int i = 0; i < 6; ++i) {
    clients.emplace_back([&] { hammer(r.weir.address(), "free", over, unmetered); });
  }
  double memory = 0, descriptors = 0;
  const auto began = Clock::now();
  for (int i = 1; i <= kReloads; ++i) {
    r.write("workers: 2\n" + variant(i));
    if (i % 4 == 0) {
      r.weir.process().signal(SIGHUP);  // may be one with the next
    }
    Response answer = reload(r.weir);
    ASSERT_EQ(answer.status, 200) << answer.body << r.weir.errors();
    if (i != kReloads / 4) continue;
    Samples s = r.weir.metrics();
    memory = s.value("process_resident_memory_bytes");
    descriptors = s.value("process_open_fds");
  }
  const auto took = Clock::now() - began;
  over = true;
  for (std::thread& t : clients) t.join();
  // Until the bucket is empty for sure.
  auto last_sent = Clock::now();
  while (r.weir.get("/", {{"x-tenant", "metered"}}).status == 200) {
    ++metered.passed;
    last_sent = Clock::now();
  }
  const auto last_answered = Clock::now();

  // 100 tokens at first and 20 a second, neither more nor less: it was never full again, and at the
  // end less than one was left.
  const double passed = static_cast<double>(metered.passed) + 1;
  const auto seconds = [](auto from, auto to) {
    return std::chrono::duration<double>(to - from).count();
  };
  EXPECT_LE(passed, 100 + 20 * seconds(first_sent, last_answered));
  EXPECT_GE(passed, 100 + 20 * seconds(first_answered, last_sent) - 1);
  EXPECT_GT(metered.refused, 0u);
  EXPECT_EQ(metered.failed, 0u);
  EXPECT_EQ(unmetered.failed, 0u);
  EXPECT_EQ(unmetered.refused, 0u);
  EXPECT_GT(unmetered.passed, static_cast<std::uint64_t>(kReloads));
  ASSERT_TRUE(r.weir.idle());
  Samples s = r.weir.metrics();
  expect_balanced(s);
  EXPECT_EQ(s.sum("weir_permits_in_use"), 0);
  EXPECT_GE(s.value("weir_config_reloads_total", {{"result", "success"}}), kReloads);
  EXPECT_EQ(s.value("weir_config_reloads_total", {{"result", "failure"}}), 0);
  EXPECT_EQ(s.sum("weir_arrivals_total"),
            static_cast<double>(unmetered.passed + metered.passed + metered.refused + 2));
  EXPECT_LE(s.value("process_open_fds"), descriptors + 8);  // the clients' connections come and go
  if (!kSanitized) {
    EXPECT_LE(s.value("process_resident_memory_bytes"), memory + (8 << 20));
    RecordProperty("seconds", std::to_string(seconds(began, began + took)));
  }
  std::printf("%d reloads in %.1f s, %.0f KiB more than after a quarter of them\n", kReloads,
              seconds(began, began + took),
              (s.value("process_resident_memory_bytes") - memory) / 1024);
  EXPECT_EQ(r.weir.stop(), 0) << r.weir.errors();
}

// A pipe that nobody writes to, or a device that never ends: refused at once, not waited for.
TEST(Reload, AFileThatIsNoneIsRefusedAndHoldsUpNothing) {
  Service service;
  Reloadable at(service.text(), "chain: []\n");
  std::filesystem::remove(at.weir.config_path());
  ASSERT_EQ(mkfifo(at.weir.config_path().c_str(), 0600), 0);
  const Response pipe = reload(at.weir);
  EXPECT_EQ(pipe.status, 422);
  EXPECT_THAT(pipe.body, HasSubstr("cannot be read: it is a pipe"));
  std::filesystem::remove(at.weir.config_path());
  std::filesystem::create_symlink("/dev/zero", at.weir.config_path());
  at.weir.process().signal(SIGHUP);
  EXPECT_TRUE(at.weir.process().wait_for("cannot be read: it is a device"));
  EXPECT_EQ(at.weir.get().status, 200);
  EXPECT_EQ(at.weir.stop(), 0);
}

}  // namespace
}  // namespace weir::testing
