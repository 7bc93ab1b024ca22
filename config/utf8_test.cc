#include "config/utf8.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Utf8, TakesWhatIsAndFindsWhatIsNot) {
  for (const char* good : {"", "a", "é", "€", "😀", "\xef\xbb\xbfz", "\xf4\x8f\xbf\xbf"})
    EXPECT_EQ(first_not_utf8(good), std::string_view::npos) << good;
  for (const char* bad :
       {"ab\xff", "ab\x80", "ab\xc3", "ab\xc0\xaf", "ab\xe0\x80\xaf", "ab\xed\xa0\x80",
        "ab\xf4\x90\x80\x80", "ab\xf0\x80\x80\x80", "ab\xe2\x82", "ab\xf8\x88\x80\x80\x80"})
    EXPECT_EQ(first_not_utf8(bad), 2U) << bad;
}

}  // namespace
}  // namespace weir
