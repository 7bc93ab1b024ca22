#include "proxy/http/head.h"

#include <string>

#include <gtest/gtest.h>

#include "proxy/http/characters.h"

namespace weir {
namespace {

constexpr std::string_view kNames[] = {"te",
                                       "via",
                                       "date",
                                       "host",
                                       "cookie",
                                       "expect",
                                       "trailer",
                                       "upgrade",
                                       "connection",
                                       "keep-alive",
                                       "retry-after",
                                       "x-request-id",
                                       "max-forwards",
                                       "content-length",
                                       "http2-settings",
                                       "x-forwarded-for",
                                       "proxy-connection",
                                       "x-forwarded-host",
                                       "x-forwarded-proto",
                                       "transfer-encoding"};

TEST(Field, IsKnownByItsNameInAnyCase) {
  EXPECT_EQ(std::size(kNames) + 1, static_cast<std::size_t>(FieldId::count_));
  for (const std::string_view name : kNames) {
    std::string upper(name);
    for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c;
    EXPECT_NE(identify_field(name), FieldId::other) << name;
    EXPECT_EQ(identify_field(upper), identify_field(name)) << name;
  }
  EXPECT_EQ(identify_field("x"), FieldId::other);
  EXPECT_EQ(identify_field("transfer-encodings"), FieldId::other);
}

TEST(EqualsIgnoringCase, ComparesBytesAndLettersWithoutCase) {
  for (std::size_t size : {1U, 7U, 8U, 9U, 17U}) {
    const std::string name(size, 'k');
    for (std::size_t at = 0; at < size; ++at) {
      for (int a = 0; a < 256; ++a) {
        for (int b = 0; b < 256; ++b) {
          std::string left = name;
          std::string right = name;
          left[at] = static_cast<char>(a);
          right[at] = static_cast<char>(b);
          const bool same = to_lower(left[at]) == to_lower(right[at]);
          ASSERT_EQ(equals_ignoring_case(left, right), same) << a << ' ' << b << ' ' << at;
        }
      }
    }
  }
  EXPECT_FALSE(equals_ignoring_case("abc", "abcd"));
}

// One byte of any token more, less or other, and it is another field.
TEST(Field, IsKnownByItsWholeName) {
  for (const std::string_view name : kNames) {
    const FieldId id = identify_field(name);
    for (std::size_t at = 0; at < name.size(); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        if (!is_token_char(c)) continue;
        std::string changed(name);
        changed[at] = c;
        EXPECT_EQ(identify_field(changed) == id, to_lower(c) == name[at]) << changed;
      }
      std::string shorter(name);
      shorter.erase(at, 1);
      EXPECT_NE(identify_field(shorter), id) << shorter;
      EXPECT_NE(identify_field(std::string(name) + "-"), id) << name;
    }
  }
}

}  // namespace
}  // namespace weir
