#include "config/environment.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/config_load.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string expanded(const std::string& text, std::vector<std::string>* errors = nullptr) {
  Report report("f");
  YamlNode node;
  node.kind = YamlNode::Kind::scalar;
  node.text = text;
  const Environment environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "A") return "1";
    if (name == "EMPTY") return "";
    if (name == "SNEAKY") return "${A}, b: {}";
    return std::nullopt;
  };
  expand_variables(node, environment, report);
  if (errors != nullptr) *errors = texts(report.take_errors());
  return node.text;
}

TEST(Environment, ExpandsVariablesAndDefaults) {
  EXPECT_EQ(expanded("x ${A} y"), "x 1 y");
  EXPECT_EQ(expanded("${A}${A}"), "11");
  EXPECT_EQ(expanded("${B:-5/s}"), "5/s");
  EXPECT_EQ(expanded("${B:-}"), "");
  EXPECT_EQ(expanded("${A:-5}"), "1");
  EXPECT_EQ(expanded("${EMPTY:-5}"), "5");
  EXPECT_EQ(expanded("${EMPTY}"), "");
}

TEST(Environment, WhatAVariableHoldsIsNotExpandedAgain) {
  EXPECT_EQ(expanded("${SNEAKY}"), "${A}, b: {}");
}

TEST(Environment, DollarsElsewhereStay) {
  EXPECT_EQ(expanded("$A $ $$ a$"), "$A $ $$ a$");
  EXPECT_EQ(expanded("$${A}"), "${A}");
}

TEST(Environment, SaysWhatIsWrong) {
  std::vector<std::string> errors;
  expanded("${B}", &errors);
  EXPECT_THAT(errors, ElementsAre("1:1: the environment variable B is not set: set it, or write "
                                  "${B:-default}"));
  expanded("${A", &errors);
  EXPECT_THAT(errors, ElementsAre("1:1: found \"${A\" without its }"));
  expanded("${1A}", &errors);
  EXPECT_THAT(errors, ElementsAre("1:1: found \"${1A}\", expected ${NAME} or ${NAME:-default}; $${ "
                                  "stands for ${"));
  expanded("${A:-${B}}", &errors);
  EXPECT_THAT(errors, testing::SizeIs(1));
  expanded("${A}", &errors);
  EXPECT_THAT(errors, IsEmpty());
}

TEST(Environment, FeedsNumbersAddressesAndRates) {
  const Loaded loaded = load_config(
      "listen: \"${LISTEN}\"\nupstream: {address: \"${UP:-127.0.0.1:3000}\", max_connections: "
      "\"${N}\"}\n"
      "workers: ${N}\n",
      {{"LISTEN", "127.0.0.1:1234"}, {"N", "7"}});
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.snapshot->settings.listen.port, 1234);
  EXPECT_EQ(loaded.snapshot->settings.upstream.max_connections, 7);
  EXPECT_EQ(loaded.snapshot->settings.workers, 7);
}

TEST(Environment, WhatAllStandForTogetherIsBounded) {
  const std::string much(100'000, 'x');
  const std::size_t uses = kMaxVariableText / much.size();
  const auto tenants = [](std::size_t count) {
    std::string yaml = kBase + "upstream_names:\n";
    for (std::size_t i = 0; i < count; ++i) yaml += "- ${A}\n";
    return yaml;
  };
  const auto too_much = ::testing::HasSubstr("stand for more than 16 MiB together");
  EXPECT_THAT(load_config(tenants(uses), {{"A", much}}).errors,
              ::testing::Not(::testing::Contains(too_much)));
  const auto errors = load_config(tenants(100'000), {{"A", much}}).errors;
  EXPECT_EQ(std::ranges::count_if(
                errors, [&](const std::string& e) { return ::testing::Value(e, too_much); }),
            1)
      << "said once";
}

TEST(Environment, UnsetOnesWithoutEndAreCounted) {
  std::string yaml = kBase + "x:\n";
  for (std::size_t i = 0; i < 3 * Report::kKept; ++i) yaml += "- ${A}\n";
  const auto errors = load_config(yaml).errors;
  ASSERT_EQ(errors.size(), Report::kShown + 1);
  EXPECT_THAT(errors.back(), ::testing::EndsWith(" more below"));
}

TEST(Environment, KeysAreNotExpanded) {
  EXPECT_THAT(load_config(kBase + "tenants:\n  \"${A}\": {rate: 1/s}\n", {{"A", "x"}}).errors,
              ElementsAre("4:3: tenants.\"${A}\": variables stand in values only, not in keys"));
}

}  // namespace
}  // namespace weir
