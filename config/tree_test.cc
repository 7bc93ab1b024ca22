#include "config/tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/config_load.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> errors_of(const std::string& yaml) {
  Report report("f");
  parse_yaml(yaml, report);
  return texts(report.take_errors());
}

TEST(Tree, KnowsWhereEverythingStands) {
  Report report("f");
  const auto root = parse_yaml("a: 1\nb:\n  c: {d: \"x\"}\n  e: [1, two]\n", report);
  ASSERT_TRUE(root);
  const YamlNode& b = *root->find("b");
  EXPECT_EQ(b.name_at, (Position{2, 1}));
  EXPECT_EQ(b.at, (Position{3, 3}));
  const YamlNode& d = b.items[0].items[0];
  EXPECT_EQ(d.name, "d");
  EXPECT_EQ(d.name_at, (Position{3, 7}));
  EXPECT_EQ(d.at, (Position{3, 10}));
  EXPECT_TRUE(d.quoted);
  EXPECT_EQ(b.items[1].items[1].text, "two");
  EXPECT_FALSE(b.items[1].items[1].quoted);
}

TEST(Tree, AnEmptyFileIsAnEmptyMap) {
  for (const char* text : {"", "# nothing\n", "---\n", "~\n"}) {
    Report report("f");
    const auto root = parse_yaml(text, report);
    ASSERT_TRUE(root) << text;
    EXPECT_EQ(root->kind, YamlNode::Kind::map);
    EXPECT_FALSE(report.failed());
  }
}

TEST(Tree, DuplicateKeysAreErrors) {
  EXPECT_THAT(errors_of("a: 1\nb: 2\na: 3\n"),
              ElementsAre("3:1: the key \"a\" stands twice: first in line 1; keep one of them"));
  std::string many;
  for (int i = 0; i < 40; ++i) many += "k" + std::to_string(i) + ": 1\n";
  EXPECT_THAT(errors_of(many + "k7: 2\n"),
              ElementsAre("41:1: the key \"k7\" stands twice: first in line 8; keep one of them"));
}

TEST(Tree, RefusesWhatYamlHasBeyondMapsListsAndScalars) {
  EXPECT_THAT(errors_of("a: &x 1\nb: *x\n"),
              ElementsAre(HasSubstr("1:4: anchors (&name) are not supported"),
                          HasSubstr("2:4: aliases (*name) are not supported")));
  EXPECT_THAT(errors_of("a: !!int 3\n"),
              ElementsAre(HasSubstr("1:4: tags (!name) are not supported")));
  EXPECT_THAT(errors_of("? {a: 1}\n: 2\n"),
              ElementsAre("1:3: a key must be text, such as limit: 64"));
  EXPECT_THAT(errors_of("a: 1\n---\nb: 1\n"),
              ElementsAre(HasSubstr("2:1: a second document begins here")));
}

TEST(Tree, SyntaxErrorsSayWhatToDo) {
  const struct {
    const char* yaml;
    const char* error;
  } cases[] = {
      {"a: {b: ${X}}\n", "inside { } and [ ] a variable must be quoted: \"${NAME}\""},
      {"a: {b: [::1]:80}\n", "an IPv6 address must be quoted: \"[::1]:8080\""},
      {"a: [::1]:80\n", "an IPv6 address must be quoted: \"[::1]:8080\""},
      {"*: {rate: 1/s}\n", "a star must be quoted"},
      {"host: *.example.com\n", "a star must be quoted"},
      {"a:\n\tb: 1\n", "indent with spaces, not with tabs"},
      {"a: b: c\n", "quote text that has \": \" in it"},
      {"a: @b\n", "text that begins with @, ` or % must be quoted"},
      {"a: - b\n", "a list begins on a line of its own"},
      {"a: {b: 1\nc: 2\n", "a { or [ is not closed"},
      {"a: \"b\" c\n", "look at its indentation and quotes"},
  };
  for (const auto& each : cases)
    EXPECT_THAT(errors_of(each.yaml),
                ElementsAre(::testing::AllOf(HasSubstr("not valid YAML"), HasSubstr(each.error))))
        << each.yaml;
}

TEST(Tree, BoundsDepth) {
  EXPECT_THAT(errors_of(std::string(40, '[') + std::string(40, ']')),
              ElementsAre("1:33: nested too deeply: at most 32 levels"));
  EXPECT_THAT(errors_of(std::string(100'000, '[')), ElementsAre(HasSubstr("nested too deeply")));
}

TEST(Tree, TakesUtf8Alone) {
  EXPECT_THAT(errors_of("a: é\nb: x\xff\n"),
              ElementsAre("2:5: is not UTF-8: save the file in that encoding"));
  EXPECT_THAT(errors_of("\xff\xfez"),
              ElementsAre("1:1: is not UTF-8: save the file in that encoding"));
}

TEST(Tree, SurvivesBytesThatAreNoText) {
  for (const char* text :
       {"\xff\xfe\x00", "\x00", "a: \x01\n", "\xef\xbb\xbfz: 1\n", "%YAML 9.9\n---\na: 1\n"}) {
    Report report("f");
    parse_yaml(text, report);
  }
}

}  // namespace
}  // namespace weir
