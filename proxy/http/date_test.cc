#include "proxy/http/date.h"

#include <string>

#include <gtest/gtest.h>

namespace weir {
namespace {

using std::chrono::sys_seconds;

constexpr sys_seconds kSample{std::chrono::seconds(784111777)};  // the example of RFC 9110 §5.6.7

sys_seconds at(int year, unsigned month, unsigned day) {
  return std::chrono::sys_days{std::chrono::year{year} / std::chrono::month{month} /
                               std::chrono::day{day}};
}
const sys_seconds kNow = at(2026, 11, 27);

int year_of(const std::string& short_date, sys_seconds now) {
  const auto time = parse_date(short_date, now);
  if (!time) return 0;
  const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(*time)};
  return static_cast<int>(date.year());
}

TEST(Date, ReadsWhatItWrites) {
  const DateText text = format_date(kSample);
  EXPECT_EQ(std::string_view(text.data(), text.size()), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(parse_date({text.data(), text.size()}, kNow), kSample);
}

TEST(Date, HasThreeForms) {
  EXPECT_EQ(parse_date("Sunday, 06-Nov-94 08:49:37 GMT", kNow), kSample);
  EXPECT_EQ(parse_date("Sun Nov  6 08:49:37 1994", kNow), kSample);
  EXPECT_EQ(parse_date("Wed Nov 16 00:00:00 1994", kNow), at(1994, 11, 16));
  EXPECT_EQ(parse_date("Wednesday, 16-Nov-94 00:00:00 GMT", kNow), at(1994, 11, 16));
  EXPECT_EQ(parse_date("Sat, 31 Dec 2016 23:59:60 GMT", kNow), at(2017, 1, 1)) << "a leap second";
}

// Two digits are the latest year that is not more than 50 years ahead.
TEST(Date, AYearOfTwoDigitsIsAtMostFiftyYearsAhead) {
  EXPECT_EQ(year_of("Friday, 27-Nov-26 00:00:00 GMT", kNow), 2026);
  EXPECT_EQ(year_of("Friday, 27-Nov-76 00:00:00 GMT", kNow), 2076);
  EXPECT_EQ(year_of("Friday, 27-Nov-76 00:00:01 GMT", kNow), 1976);
  EXPECT_EQ(year_of("Friday, 01-Jan-77 00:00:00 GMT", kNow), 1977);
  EXPECT_EQ(year_of("Friday, 01-Jan-00 00:00:00 GMT", kNow), 2000);
  EXPECT_EQ(year_of("Friday, 01-Jan-05 00:00:00 GMT", at(2099, 1, 1)), 2105) << "the next century";
  EXPECT_EQ(year_of("Friday, 29-Feb-00 00:00:00 GMT", at(2060, 1, 1)), 2000) << "2100 has none";
  EXPECT_EQ(year_of("Friday, 28-Feb-74 00:00:00 GMT", at(2024, 2, 29)), 2074);
}

TEST(Date, AnythingElseIsNone) {
  for (const char* text : {"",
                           "soon",
                           "Sun, 31 Feb 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 UTC",
                           "Sun, 06 Nov 1994 08:49:37",
                           "Sun, 06-Nov-1994 08:49:37 GMT",
                           "Sun, 06 nov 1994 08:49:37 GMT",
                           "Sun, 06 ovD 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 24:49:37 GMT",
                           "Sun, 06 Nov 1994 08:60:37 GMT",
                           "Sun, 06 Nov 1994 08:49:61 GMT",
                           "Sun, 06 Nov 1994 08-49-37 GMT",
                           "Sun, 6 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 19 4 08:49:37 GMT",
                           "Sun Nov  x 08:49:37 1994",
                           "Sun Nov 06 08:49:37 94",
                           "Sun Nov  6 08:49:37 1994 GMT",
                           "Sunday, 06-Nov-9x 08:49:37 GMT",
                           ", 06-Nov-94 08:49:37 GMT",
                           "Sunday, 06 Nov 94 08:49:37 GMT",
                           "Sunday, 31-Feb-94 08:49:37 GMT"}) {
    EXPECT_FALSE(parse_date(text, kNow)) << text;
  }
}

}  // namespace
}  // namespace weir
