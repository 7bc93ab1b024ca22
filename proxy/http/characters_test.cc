#include "proxy/http/characters.h"

#include <string>

#include <gtest/gtest.h>

namespace weir {
namespace {

// Each byte at each place, with each number of bytes behind it: the words' ends are where mistakes
// would be. The two bytes besides are those that a borrow from below might mark in error.
TEST(Characters, WordsOfAValueAreReadAsItsBytesAre) {
  for (const char filler : {'a', '\t', ' ', '\x80', '\x7e'}) {
    for (int byte = 0; byte < 256; ++byte) {
      for (std::size_t size = 1; size <= 20; ++size) {
        for (std::size_t at = 0; at < size; ++at) {
          std::string text(size, filler);
          text[at] = static_cast<char>(byte);
          if (at + 1 < size) text[at + 1] = ' ';
          const char* const end = text.data() + size;
          const char* expected = text.data();
          while (expected != end && is_value_char(*expected)) ++expected;
          ASSERT_EQ(skip_value(text.data(), end), expected)
              << byte << " at " << at << " of " << size;
        }
      }
    }
  }
}

TEST(Characters, ATokenEndsWhereItsBytesDo) {
  const std::string text = "x-Tenant_1: a";
  EXPECT_EQ(skip_token(text.data(), text.data() + text.size()), text.data() + 10);
  EXPECT_EQ(skip_token(text.data(), text.data() + 4), text.data() + 4);
}

}  // namespace
}  // namespace weir
