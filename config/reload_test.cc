// What a snapshot goes on with when it is built on a running one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

Time stands_still(void*) { return Time{std::chrono::hours(1)}; }

class ConfigReload : public ::testing::Test {
 protected:
  std::unique_ptr<Snapshot> load(const std::string& rest, const Snapshot* running = nullptr,
                                 const std::string& listen = "127.0.0.1:0") {
    LoadOptions options;
    options.running = running;
    LoadResult result = load_text(
        "listen: " + listen + "\nupstream: {address: \"127.0.0.1:3000\"}\n" + rest, options, gate);
    for (const Diagnostic& error : result.errors) ADD_FAILURE() << error.text();
    warnings.clear();
    for (const Diagnostic& warning : result.warnings) warnings.push_back(warning.text());
    return std::move(result.snapshot);
  }
  static const Filter* named(const std::vector<std::shared_ptr<Filter>>& filters,
                             std::string_view name) {
    for (const auto& filter : filters) {
      if (filter->name() == name) return filter.get();
    }
    return nullptr;
  }

  Gate gate{stands_still};
  std::vector<std::string> warnings;
};

constexpr const char* kTwo =
    "tenants: {acme: {rate: 1/s}, beta: {rate: 1/s}, \"*\": {rate: 1/s}}\n";

TEST_F(ConfigReload, LabelsAreOnlyAppended) {
  const auto first = load(kTwo);
  EXPECT_THAT(first->labels, ElementsAre("acme", "beta", "other"));
  const auto second = load("tenants: {gamma: {rate: 1/s}, beta: {rate: 1/s}}\n", first.get());
  EXPECT_THAT(second->labels, ElementsAre("acme", "beta", "other", "gamma"));
  EXPECT_EQ(second->find_tenant("gamma").tenant->label, 3U);
  EXPECT_EQ(second->find_tenant("beta").tenant->label, 1U);
  EXPECT_EQ(second->find_tenant("acme").tenant->label, second->other_label());
  const auto third = load(kTwo, second.get());
  EXPECT_EQ(third->labels, second->labels);
  EXPECT_EQ(third->find_tenant("acme").tenant->label, 0U);
}

TEST_F(ConfigReload, RemovedTenantsCountAgainstTheBoundOfLabels) {
  const std::string bound = "metrics: {max_tenants: 2}\n";
  const auto first = load(bound + kTwo);
  const auto second = load(bound + "tenants: {gamma: {rate: 1/s}}\n", first.get());
  EXPECT_THAT(second->labels, SizeIs(3));
  EXPECT_EQ(second->find_tenant("gamma").tenant->label, second->other_label());
}

TEST_F(ConfigReload, TheSecretStays) {
  const auto first = load(kTwo);
  EXPECT_EQ(load(kTwo, first.get())->hash_secret, first->hash_secret);
  EXPECT_NE(load(kTwo)->hash_secret, first->hash_secret);
}

TEST_F(ConfigReload, WhatCannotChangeStays) {
  const auto first = load("workers: 2\n");
  const auto second = load("telemetry: {listen: \"127.0.0.1:9902\"}\n", first.get(), "127.0.0.1:1");
  EXPECT_EQ(second->settings.listen.text, "127.0.0.1:0");
  EXPECT_EQ(second->settings.workers, 2);
  EXPECT_FALSE(second->settings.telemetry);
  EXPECT_THAT(second->effective_yaml, Not(HasSubstr("9902")));
  EXPECT_THAT(warnings, ::testing::IsSupersetOf(
                            {HasSubstr("listen: cannot change while weir runs: 127.0.0.1:0 stays"),
                             HasSubstr("workers: cannot change while weir runs: 2 stays"),
                             HasSubstr("telemetry: cannot change while weir runs: none stays")}));
}

TEST_F(ConfigReload, TheAccessLogStays) {
  const auto first = load("access_log: {to: stdout}\n");
  const auto same = load("access_log: {to: stdout, sample: 100%}\n", first.get());
  EXPECT_THAT(warnings, IsEmpty());
  const auto second = load("access_log: {to: stdout, sample: 1%}\n", same.get());
  EXPECT_EQ(second->settings.access_log.sample, 10'000U);
  const auto third = load("", second.get());
  EXPECT_EQ(third->settings.access_log.to, "stdout");
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("access_log: cannot change while weir runs: what it "
                                              "was stays until a restart")));
}

TEST_F(ConfigReload, WhatStaysIsWhatTheRulesLookAt) {
  LoadOptions options;
  const auto running =
      load_text("listen: 127.0.0.1:8080\nupstream: {address: \"127.0.0.1:3000\"}\n", options, gate);
  options.running = running.snapshot.get();
  // A loop: it would call itself, where it goes on listening.
  const auto next =
      load_text("listen: 127.0.0.1:9090\nupstream: {address: \"127.0.0.1:8080\"}\n", options, gate);
  EXPECT_FALSE(next.snapshot);
  EXPECT_THAT(next.errors, SizeIs(1));
}

TEST_F(ConfigReload, FiltersAreRememberedByNameAndNotTwice) {
  const auto first = load("chain: [{token_bucket: {name: b, key: client_ip, rate: 1/s}}]\n");
  EXPECT_THAT(first->retired_filters, IsEmpty());
  const auto second = load("chain: []\n", first.get());
  EXPECT_NE(named(second->retired_filters, "b"), nullptr);
  const auto third =
      load("chain: [{token_bucket: {name: b, key: client_ip, rate: 9/s}}]\n", second.get());
  EXPECT_EQ(named(third->retired_filters, "b"), nullptr);
  EXPECT_EQ(&named(third->filters, "b")->rejected, &named(first->filters, "b")->rejected);
  const auto other_key =
      load("chain: [{token_bucket: {name: b, key: method, rate: 9/s}}]\n", third.get());
  EXPECT_NE(&named(other_key->filters, "b")->rejected, &named(first->filters, "b")->rejected);
}

TEST_F(ConfigReload, RouteLabelsAreOnlyAppended) {
  const auto first = load("routes: [{name: one, match: {path: /1}}]\n");
  const auto second = load("routes: [{name: two, match: {path: /2}}]\n", first.get());
  EXPECT_THAT(second->route_labels, ElementsAre("one", "default", "two"));
  EXPECT_EQ(second->routes[0].index, 2U);
  EXPECT_EQ(second->routes[1].index, 1U);
}

}  // namespace
}  // namespace weir
