#include <iostream>
#include <set>

#include <gmock/gmock.h>

#include "tests/e2e/http_rules_stage.h"

namespace weir::testing::rules {
namespace {

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

}  // namespace
}  // namespace weir::testing::rules
