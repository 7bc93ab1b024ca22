#include "filters/buffer/standing_queue_detector.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr Time kStart = Time(1000s);

TEST(StandingLineTest, AnEmptyLineIsUnder) {
  StandingQueueDetector line(20ms);
  line.was_under(kStart);
  EXPECT_EQ(line.last_under(), kStart);
}

TEST(StandingLineTest, AShortWaitIsUnderALongOneIsNot) {
  StandingQueueDetector line(20ms);
  line.left(20ms - 1ns, kStart);
  EXPECT_EQ(line.last_under(), kStart);
  line.left(20ms, kStart + 1s);
  EXPECT_EQ(line.last_under(), kStart);
}

TEST(StandingLineTest, TheHeadWasUnderUntilItsAgeReachedTheTarget) {
  StandingQueueDetector line(20ms);
  line.head_seen(kStart, kStart + 5ms);
  EXPECT_EQ(line.last_under(), kStart + 5ms);
  line.head_seen(kStart, kStart + 1s);
  EXPECT_EQ(line.last_under(), kStart + 20ms);
}

TEST(StandingLineTest, TimeNeverGoesBack) {
  StandingQueueDetector line(20ms);
  line.was_under(kStart);
  line.head_seen(kStart - 10s, kStart);
  line.was_under(kStart - 1s);
  EXPECT_EQ(line.last_under(), kStart);
}

}  // namespace
}  // namespace weir
