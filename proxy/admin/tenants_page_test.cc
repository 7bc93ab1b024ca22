#include "proxy/admin/tenants_page.h"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"

namespace weir {
namespace {

namespace json = boost::json;

Time stands_still(void*) { return Time{std::chrono::seconds(1000)}; }

class TenantsPageTest : public ::testing::Test {
 protected:
  void load(const std::string& yaml) {
    LoadOptions options;
    options.seed = 1;
    LoadResult result = load_text(yaml, options, gate);
    for (const Diagnostic& error : result.errors) ADD_FAILURE() << error.text();
    ASSERT_TRUE(result.snapshot);
    snapshot = std::move(result.snapshot);
    worker =
        std::make_unique<WorkerMetrics>(static_cast<std::uint32_t>(snapshot->labels.size()), 1U);
    page = std::make_unique<TenantsPage>(gate, snapshot,
                                         std::vector<const WorkerMetrics*>{worker.get()});
  }
  json::object ask(const Query& query = {}) const {
    const AdminReply reply = page->answer(query);
    EXPECT_EQ(reply.status, 200U);
    EXPECT_EQ(reply.type, "application/json");
    return json::parse(reply.body).as_object();
  }

  Gate gate{stands_still};
  std::shared_ptr<const Snapshot> snapshot;
  std::unique_ptr<WorkerMetrics> worker;
  std::unique_ptr<TenantsPage> page;
};

constexpr const char* kConfig = R"(
listen: 127.0.0.1:0
upstream: {address: "127.0.0.1:3000"}
tenants:
  acme: {rate: 1000/s, burst: 200, priority: high}
  evil: {deny: true}
  "*": {rate: 10/m, burst: 5}
chain:
  - token_bucket: {key: tenant}
)";

TEST_F(TenantsPageTest, TellsQuotaAndCounts) {
  load(kConfig);
  const Tenant& acme = *snapshot->find_tenant("acme").tenant;
  for (int i = 0; i < 3; ++i) worker->arrived(acme.label);
  worker->ended(acme.label, 200, Source::service);
  worker->ended(acme.label, 429, Source::weir);
  snapshot->filters.front()->rejected.add(Reason::quota_exceeded, acme.label);

  const json::object page_json = ask();
  EXPECT_EQ(page_json.at("total"), 3);
  EXPECT_TRUE(page_json.at("next").is_null());
  const json::object& entry = page_json.at("tenants").at(0).as_object();
  EXPECT_EQ(entry.at("name"), "acme");
  EXPECT_EQ(entry.at("priority"), "high");
  EXPECT_EQ(entry.at("quota"),
            json::parse(R"({"rate":"1000/s","burst":200,"used":0,"available":200})"));
  EXPECT_EQ(entry.at("arrivals"), 3);
  EXPECT_EQ(entry.at("inside"), 1);
  EXPECT_EQ(entry.at("passed"), 1);
  EXPECT_EQ(entry.at("refused"), json::parse(R"({"quota_exceeded":1})"));
  EXPECT_EQ(page_json.at("tenants").at(1).at("denied"), true);
}

TEST_F(TenantsPageTest, AllOthersCountAsOther) {
  load(kConfig);
  const json::object star = ask().at("tenants").at(2).as_object();
  EXPECT_EQ(star.at("name"), "*");
  EXPECT_EQ(star.at("quota"), json::parse(R"({"rate":"10/m","burst":5})"));
  EXPECT_EQ(star.at("counted_as"), "other");
}

TEST_F(TenantsPageTest, PagesFollowOneAnother) {
  std::string yaml = "listen: 127.0.0.1:0\nupstream: {address: \"127.0.0.1:3000\"}\ntenants:\n";
  for (int i = 0; i < 250; ++i) yaml += "  t" + std::to_string(i) + ": {rate: 1/s}\n";
  yaml += "  \"*\": {rate: 1/s}\n";
  load(yaml);
  std::size_t seen = 0;
  int pages = 0;
  for (json::value next = "0"; !next.is_null(); ++pages) {
    const json::object part = ask({{"after", std::string(next.as_string())}});
    seen += part.at("tenants").as_array().size();
    next = part.at("next");
  }
  EXPECT_EQ(seen, 251U);
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(ask({{"after", "9999"}}).at("tenants").as_array().size(), 0U);
}

TEST_F(TenantsPageTest, WrongQuestionsAreRefused) {
  load(kConfig);
  for (const Query& query : {Query{{"limit", "0"}}, Query{{"limit", "1001"}}, Query{{"limit", "x"}},
                             Query{{"after", "-1"}}, Query{{"after", "acme"}}}) {
    EXPECT_EQ(page->answer(query).status, 400U);
  }
}

TEST_F(TenantsPageTest, SecretNamesAreNotShown) {
  load(R"(
listen: 127.0.0.1:0
upstream: {address: "127.0.0.1:3000"}
tenant: {from: header x-api-key, secret: true}
tenants: {hunter2: {rate: 1/s}, "*": {rate: 1/s}}
)");
  EXPECT_EQ(page->answer({}).body.find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace weir
