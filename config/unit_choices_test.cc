#include "config/unit_choices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/units.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::int64_t kHundredPercent = 10'000;

TEST(UnitChoices, DurationsWithoutAUnitAreMillisecondsOrSeconds) {
  EXPECT_THAT(duration_choices("25", {}), ElementsAre("25ms", "25s"));
  EXPECT_THAT(duration_choices("30000", {}), ElementsAre("30s (30000ms)", "500m (30000s)"));
  EXPECT_THAT(duration_choices("0.5", {}), ElementsAre("0.5ms", "0.5s"));
  EXPECT_THAT(duration_choices("0", {}), ElementsAre("0s"));
}

TEST(UnitChoices, OnlyWhatTheKeyTakesIsProposed) {
  const Bounds second_to_hour{1'000'000'000, 3'600'000'000'000};
  EXPECT_THAT(duration_choices("25", second_to_hour), ElementsAre("25s"));
  EXPECT_THAT(duration_choices("7200", second_to_hour), ElementsAre("7200ms"));
  EXPECT_THAT(duration_choices("999999999999", second_to_hour), IsEmpty());
  EXPECT_THAT(bytes_choices("32", {1 << 10, 1 << 20}), ElementsAre("32KiB"));
  EXPECT_THAT(percent_choices("0.05", {100, kHundredPercent}), ElementsAre("5%"));
  EXPECT_THAT(integer_choices("1_000", {1, 256}), IsEmpty());
}

TEST(UnitChoices, UnitsOfOtherProgramsAreKnown) {
  EXPECT_THAT(duration_choices("5sec", {}), ElementsAre("5s"));
  EXPECT_THAT(duration_choices("5 Minutes", {}), ElementsAre("5m"));
  EXPECT_THAT(duration_choices("1h30m", {}), ElementsAre("90m"));
  EXPECT_THAT(duration_choices("500us", {}), ElementsAre("0.5ms"));
  EXPECT_THAT(duration_choices("2w", {}), ElementsAre("14d"));
  EXPECT_THAT(duration_choices("500ns", {}), IsEmpty());  // finer than any that can be written
  EXPECT_THAT(duration_choices("05s", {}), ElementsAre("5s"));
  EXPECT_THAT(bytes_choices("10m", {}), ElementsAre("10MiB"));
  EXPECT_THAT(bytes_choices("1Gi", {}), ElementsAre("1GiB"));
  EXPECT_THAT(bytes_choices("64 KB", {}), ElementsAre("64KiB"));
  EXPECT_THAT(bytes_choices("1.5MiB", {}), ElementsAre("1536KiB"));
}

TEST(UnitChoices, SizesWithoutAUnitAreBytesIfTheyAreLarge) {
  EXPECT_THAT(bytes_choices("1048576", {}), ElementsAre("1MiB (1048576B)"));
  EXPECT_THAT(bytes_choices("1000000", {}), ElementsAre("1000000B"));
  EXPECT_THAT(bytes_choices("10", {}), ElementsAre("10B", "10KiB", "10MiB"));
}

TEST(UnitChoices, SharesOfOneAreHundredths) {
  EXPECT_THAT(percent_choices("0.05", {}), ElementsAre("5%", "0.05%"));
  EXPECT_THAT(percent_choices("0.055", {}), ElementsAre("5.5%"));
  EXPECT_THAT(percent_choices("1", {}), ElementsAre("1%", "100%"));
  EXPECT_THAT(percent_choices("20", {}), ElementsAre("20%"));
  EXPECT_THAT(percent_choices("20 percent", {}), ElementsAre("20%"));
}

TEST(UnitChoices, RatesTakeTheShortestUnitInWhichTheyAreWhole) {
  EXPECT_THAT(rate_choices("100"), ElementsAre("100/s", "100/m", "100/h", "100/d"));
  EXPECT_THAT(rate_choices("0.5/s"), ElementsAre("30/m"));
  EXPECT_THAT(rate_choices("0.1/s"), ElementsAre("6/m"));
  EXPECT_THAT(rate_choices("0.3/d"), IsEmpty());
  for (const char* text : {"100rps", "100r/s", "100 req/s", "100/sec", "100 per second", "100/1s",
                           "0100/s", "100 requests / second"})
    EXPECT_THAT(rate_choices(text), ElementsAre("100/s")) << text;
  EXPECT_THAT(rate_choices("5r/m"), ElementsAre("5/m"));
  EXPECT_THAT(rate_choices("5/10s"), ElementsAre("30/m"));
  EXPECT_THAT(rate_choices("fast"), IsEmpty());
}

TEST(UnitChoices, IntegersMayHaveSeparators) {
  EXPECT_THAT(integer_choices("1_000", {}), ElementsAre("1000"));
  EXPECT_THAT(integer_choices("1,000,000", {}), ElementsAre("1000000"));
  EXPECT_THAT(integer_choices("1,5", {}), IsEmpty());
  EXPECT_THAT(integer_choices("010", {}), ElementsAre("10"));
  EXPECT_THAT(integer_choices("64.0", {}), ElementsAre("64"));
  EXPECT_THAT(integer_choices("10k", {}), ElementsAre("10000"));
  EXPECT_THAT(integer_choices("many", {}), IsEmpty());
}

// Whatever the text: what is proposed can be written.
TEST(UnitChoices, EveryChoiceIsTakenByItsParser) {
  const auto plain = [](const std::string& choice) { return choice.substr(0, choice.find(' ')); };
  for (const char* number : {"0", "1", "7", "0.05", "1.5", "25", "999", "1024", "30000", "1048576",
                             "1_000", "00012", "99999999999999999", "3.1415926"})
    for (const char* unit : {"",   "s",  "sec", "ms",  "us", "m",    "h",   "d",   "w",   "%", "k",
                             "KB", "Mi", "GB",  "TiB", "/s", "/min", "rps", "/5s", "pct", "x"}) {
      const std::string text = std::string(number) + unit;
      for (const std::string& each : duration_choices(text, {}))
        EXPECT_TRUE(parse_duration(plain(each))) << text << ": " << each;
      for (const std::string& each : bytes_choices(text, {}))
        EXPECT_TRUE(parse_bytes(plain(each))) << text << ": " << each;
      for (const std::string& each : percent_choices(text, {}))
        EXPECT_TRUE(parse_percent(plain(each))) << text << ": " << each;
      for (const std::string& each : integer_choices(text, {}))
        EXPECT_TRUE(parse_integer(plain(each))) << text << ": " << each;
      for (const std::string& each : rate_choices(text))
        EXPECT_TRUE(parse_rate(plain(each))) << text << ": " << each;
    }
}

}  // namespace
}  // namespace weir
