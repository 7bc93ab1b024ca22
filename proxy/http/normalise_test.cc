#include "proxy/http/normalise.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(NormalisePath, ForMatching) {
  const struct {
    std::string_view path, expected;
  } cases[] = {
      {"/", "/"},
      {"", "/"},
      {"/a/b", "/a/b"},
      {"/a/b/", "/a/b/"},
      {"/a//b", "/a/b"},
      {"//a", "/a"},
      {"/./a", "/a"},
      {"/a/.", "/a/"},
      {"/a/./b", "/a/b"},
      {"/a/../b", "/b"},
      {"/a/..", "/"},
      {"/a/b/..", "/a/"},
      {"/..", "/"},
      {"/../../a", "/a"},
      {"/a/...", "/a/..."},
      {"/.a/..b", "/.a/..b"},
      {"/%61", "/a"},
      {"/a%2Fb", "/a/b"},
      {"/healthz%2f..%2fapi", "/api"},
      {"/healthz/%2e%2e/api", "/api"},
      {"/a\\b%5Cc", "/a/b/c"},
      {"/a/..;x/b", "/b"},
      {"/a/.;/b;c", "/a/b;c"},
      {"/a/..x;y/b", "/a/..x;y/b"},
      {"/%252e%252e", "/%2e%2e"},
      {"/%zz%", "/%zz%"},
      {"/%4", "/%4"},
      {"*", "*"},
      {"a", "/a"},
  };
  std::string scratch;
  for (const auto& c : cases) EXPECT_EQ(normalise_path(c.path, scratch), c.expected) << c.path;
}

TEST(NormalisePath, LeavesNormalPathsWhereTheyAre) {
  std::string scratch;
  const std::string_view path = "/a/b.c";
  EXPECT_EQ(normalise_path(path, scratch).data(), path.data());
}

TEST(DecodeForm, APlusIsASpaceUnlessItIsEncoded) {
  std::string out;
  decode_form("a+b%2Bc%20d%zz", out);
  EXPECT_EQ(out, "a b+c d%zz");
}

}  // namespace
}  // namespace weir
