#include "config/units.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Units, DurationsTakeAUnitAndUpToThreeDecimals) {
  EXPECT_EQ(*parse_duration("10ms"), 10'000'000);
  EXPECT_EQ(*parse_duration("1.5s"), 1'500'000'000);
  EXPECT_EQ(*parse_duration("0.001ms"), 1'000);
  EXPECT_EQ(*parse_duration("2m"), 120'000'000'000);
  EXPECT_EQ(*parse_duration("1h"), 3'600'000'000'000);
  EXPECT_EQ(*parse_duration("1d"), 86'400'000'000'000);
  EXPECT_EQ(*parse_duration("0s"), 0);
}

TEST(Units, WrongDurationsSayWhatToWrite) {
  EXPECT_EQ(parse_duration("5").error, "\"5\" has no unit (ms, s, m, h or d)");
  EXPECT_EQ(parse_duration("5sec").error,
            "\"5sec\" has the unknown unit \"sec\", not ms, s, m, h or d");
  EXPECT_EQ(parse_duration("05s").error, "\"05s\" has a leading zero, and numbers are decimal");
  EXPECT_EQ(parse_duration("1.2345s").error, "\"1.2345s\" has more than 3 decimals");
  EXPECT_EQ(parse_duration("soon").error,
            "found \"soon\", expected a duration such as 500ms, 5s, 1m or 1h");
  EXPECT_EQ(parse_duration("-5s").error,
            "found \"-5s\", expected a duration such as 500ms, 5s, 1m or 1h");
  EXPECT_EQ(parse_duration("99999999999999d").error, "\"99999999999999d\" is too large");
  EXPECT_EQ(parse_duration("99999999999999999999s").error,
            "\"99999999999999999999s\" is too large");
  EXPECT_FALSE(parse_duration(""));
  EXPECT_FALSE(parse_duration("5 s"));
  EXPECT_FALSE(parse_duration("1.s"));
}

TEST(Units, BytesAreInPowersOf1024AndSayWhy) {
  EXPECT_EQ(*parse_bytes("512B"), 512);
  EXPECT_EQ(*parse_bytes("32KiB"), 32'768);
  EXPECT_EQ(*parse_bytes("1GiB"), 1'073'741'824);
  EXPECT_EQ(parse_bytes("32").error, "\"32\" has no unit (B, KiB, MiB, GiB or TiB)");
  EXPECT_EQ(parse_bytes("1KB").error,
            "\"1KB\" has the unknown unit \"KB\", not B, KiB, MiB, GiB or TiB");
  EXPECT_EQ(parse_bytes("1.5MiB").error, "\"1.5MiB\" is not a whole number");
  EXPECT_FALSE(parse_bytes("9999999999TiB"));
}

TEST(Units, RatesAreWholeNumbersPerUnit) {
  EXPECT_EQ(parse_rate("30/m")->tokens, 30);
  EXPECT_EQ(parse_rate("30/m")->per, 60'000'000'000);
  EXPECT_EQ(parse_rate("0.5/s").error,
            "\"0.5/s\" is not a whole number per second, minute, hour or day");
  EXPECT_EQ(parse_rate("100").error, "\"100\" has no unit (/s, /m, /h or /d)");
  EXPECT_EQ(parse_rate("100/w").error, "\"100/w\" has the unknown unit \"w\", not s, m, h or d");
  EXPECT_EQ(parse_rate("2000000000/s").error, "\"2000000000/s\" is too large: at most 1000000000");
  EXPECT_EQ(parse_rate("fast").error,
            "found \"fast\", expected a rate such as 100/s, 30/m, 500/h or 10000/d");
}

TEST(Units, PercentsEndAtAHundred) {
  EXPECT_EQ(*parse_percent("20%"), 2'000);
  EXPECT_EQ(*parse_percent("12.5%"), 1'250);
  EXPECT_EQ(*parse_percent("100%"), 10'000);
  EXPECT_EQ(parse_percent("101%").error, "\"101%\" is above the greatest allowed, 100%");
  EXPECT_EQ(parse_percent("20").error, "\"20\" has no unit (%)");
  EXPECT_EQ(parse_percent("a%").error, "found \"a%\", expected a percentage such as 20%");
}

TEST(Units, IntegersAreDecimal) {
  EXPECT_EQ(*parse_integer("64"), 64);
  EXPECT_EQ(*parse_integer("-3"), -3);
  EXPECT_EQ(*parse_integer("0"), 0);
  EXPECT_EQ(parse_integer("010").error, "\"010\" has a leading zero, and numbers are decimal");
  EXPECT_EQ(parse_integer("0x10").error, "found \"0x10\", expected a whole number");
  EXPECT_EQ(parse_integer("1_000").error, "found \"1_000\", expected a whole number");
  EXPECT_EQ(parse_integer("99999999999999999999").error, "\"99999999999999999999\" is too large");
  EXPECT_FALSE(parse_integer("+1"));
}

TEST(Units, WhatIsPrintedIsReadBack) {
  for (const std::int64_t ns : {std::int64_t{0}, std::int64_t{1'000}, std::int64_t{1'500'000},
                                std::int64_t{90'000'000'000}, std::int64_t{86'400'000'000'000}})
    EXPECT_EQ(*parse_duration(print_duration(ns)), ns) << print_duration(ns);
  for (const std::int64_t bytes : {0, 1, 1023, 1024, 1536, 1 << 20})
    EXPECT_EQ(*parse_bytes(print_bytes(bytes)), bytes) << print_bytes(bytes);
  for (const std::int64_t percent : {0, 1, 50, 1'250, 10'000})
    EXPECT_EQ(*parse_percent(print_percent(percent)), percent) << print_percent(percent);
  EXPECT_EQ(print_duration(90'000'000'000), "90s");
  EXPECT_EQ(print_duration(1'500'000), "1.5ms");
  EXPECT_EQ(print_percent(1'250), "12.5%");
  EXPECT_EQ(print_rate(*parse_rate("500/h")), "500/h");
}

}  // namespace
}  // namespace weir
