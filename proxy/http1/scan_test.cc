#include "proxy/http1/scan.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace weir {
namespace {

// Each byte at each place of each size: the blocks' ends are where mistakes would be.
template <typename Skip, typename InClass>
void check_all(std::string_view fillers, const Skip& skip, const InClass& in_class) {
  for (const char filler : fillers) {
    for (int byte = 0; byte < 256; ++byte) {
      for (std::size_t size = 1; size <= 36; ++size) {
        for (std::size_t at = 0; at < size; ++at) {
          std::string text(size, filler);
          text[at] = static_cast<char>(byte);
          const char* const end = text.data() + size;
          for (const std::size_t from : {std::size_t{0}, at / 2, at, at + 1}) {
            const char* expected = text.data() + from;
            while (expected != end && in_class(*expected)) ++expected;
            ASSERT_EQ((Scan(text).*skip)(text.data() + from), expected)
                << byte << " at " << at << " of " << size << " from " << from;
          }
        }
      }
    }
  }
}

TEST(Scan, ValuesEndWhereTheirBytesDo) {
  check_all("a\t \x80\x7e", &Scan::skip_value, is_value_char);
}

TEST(Scan, TokensEndWhereTheirBytesDo) { check_all("aZ-_9~", &Scan::skip_token, is_token_char); }

TEST(Scan, TargetsEndWhereTheirBytesDo) { check_all("/a!~", &Scan::skip_target, is_target_char); }

}  // namespace
}  // namespace weir
