#include "filters/rate_meter.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using namespace std::chrono_literals;

TEST(RateMeterTest, ASteadyRateReadsAsItIs) {
  RateMeter meter;
  Time now = Time(1000s);
  for (int i = 0; i < 5000; ++i) {
    meter.add(now);
    now += 10ms;
    if (i > 200) {
      EXPECT_NEAR(meter.per_second(now), 100, 1.5) << i;
    }
  }
}

TEST(RateMeterTest, NothingForTwoSecondsReadsAsNothing) {
  RateMeter meter;
  for (int i = 0; i < 50; ++i) meter.add(Time(1000s));
  EXPECT_GT(meter.per_second(Time(1000s) + 1500ms), 0);
  EXPECT_EQ(meter.per_second(Time(1000s) + 2s), 0);
  EXPECT_EQ(meter.per_second(Time(1000s) + 10h), 0);
}

TEST(RateMeterTest, AsksMayComeAtAnyTime) {
  RateMeter meter;
  EXPECT_EQ(meter.per_second(Time(0s)), 0);
  meter.add(Time(0s));
  EXPECT_EQ(meter.per_second(Time(0s)), 1);
}

}  // namespace
}  // namespace weir
