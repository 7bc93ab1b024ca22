#include <iostream>
#include <map>
#include <set>

#include <gmock/gmock.h>

#include "tests/e2e/http_rules_stage.h"

namespace weir::testing::rules {
namespace {

constexpr const char* kTrailers = "trailers are not forwarded yet";

// Rules that weir does not keep yet, and why. One that starts to be kept fails until it is taken
// off.
const std::map<std::string, std::string> kNotYet = {
    {"Rfc9110_6_5_1_DeclaredTrailersPass", kTrailers},
    {"Rfc9110_6_5_1_OnlyWhatWasDeclaredPasses", kTrailers},
    {"Rfc9110_6_5_1_TrailersPassToAClientThatTakesThem", kTrailers},
    {"Rfc9110_10_1_4_TrailersOfTheClientAreSaidToTheService", kTrailers},
    {"Rfc9110_10_1_4_OtherCodingsOfTeAreNot", kTrailers},
    {"Rfc9110_6_5_1_TheTenantInTrailers",
     "what tenant.from names is dropped in trailers, but must be refused once they are forwarded"},
    {"Rfc9110_7_6_2_MaxForwardsOfZeroIsAnsweredHere",
     "weir has no answer of its own that is not a refusal"},
};

// Filled before main() by other files, perhaps earlier than kNotYet is there.
std::map<std::string, std::string>& more_not_yet() {
  static std::map<std::string, std::string> more;
  return more;
}

const std::map<std::string, std::string>& all_not_yet() {
  static const auto all = [] {
    std::map<std::string, std::string> both = kNotYet;
    both.insert(more_not_yet().begin(), more_not_yet().end());
    return both;
  }();
  return all;
}

constexpr std::size_t kLeast = 250;

std::multiset<std::string> all_names() {
  std::multiset<std::string> names;
  for (const auto table : all_tables()) {
    for (const Rule& rule : table()) names.insert(rule.name);
  }
  return names;
}

TEST(HttpRules, AreAtLeast250AndEachHasANameOfItsOwn) {
  const auto names = all_names();
  const std::set<std::string> different(names.begin(), names.end());
  EXPECT_GE(different.size(), kLeast);
  for (const std::string& name : different) EXPECT_EQ(names.count(name), 1U) << name;
  std::cout << different.size() << " rules\n";
}

TEST(HttpRules, SayWhereTheyComeFrom) {
  for (const std::string& name : all_names()) {
    EXPECT_THAT(name,
                ::testing::ContainsRegex("^(Rfc[0-9]+|Design|Issue[0-9]+|Draft[A-Za-z0-9]+)_"))
        << "begin it with its RFC and section";
  }
}

TEST(HttpRules, NotYetKept) {
  const auto names = all_names();
  for (const auto& [name, why] : all_not_yet()) {
    EXPECT_EQ(names.count(name), 1U) << name << " is on the list, but is no rule";
    std::cout << "not yet: " << name << ": " << why << "\n";
  }
}

}  // namespace

std::string not_yet(const std::string& name) {
  const auto found = all_not_yet().find(name);
  return found == all_not_yet().end() ? "" : found->second;
}

bool add_not_yet(const std::vector<std::string>& names, const std::string& why) {
  for (const std::string& name : names) more_not_yet().emplace(name, why);
  return true;
}

}  // namespace weir::testing::rules
