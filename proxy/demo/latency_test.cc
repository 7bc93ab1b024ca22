#include "proxy/demo/latency.h"

#include <gtest/gtest.h>

namespace weir::demo {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

TEST(Latencies, PercentilesAreWithinTwoPercent) {
  for (int scale : {1, 17, 1000, 30'000}) {
    Latencies l;
    for (int i = 1; i <= 1000; ++i) l.add(microseconds(i * scale));
    EXPECT_EQ(l.count(), 1000u);
    EXPECT_NEAR(to_seconds(l.percentile(0.5)), 500e-6 * scale, 500e-6 * scale * 0.02);
    EXPECT_NEAR(to_seconds(l.percentile(0.99)), 990e-6 * scale, 990e-6 * scale * 0.02);
    EXPECT_GE(l.percentile(1.0), microseconds(1000 * scale));
  }
}

TEST(Latencies, NothingIsZeroAndWhatIsBeyondAllBoundsIsTheLargest) {
  Latencies l;
  EXPECT_EQ(l.percentile(0.99), Duration{0});
  l.add(std::chrono::hours(3));
  l.add(Duration{-1});
  EXPECT_EQ(l.count(), 2u);
  EXPECT_EQ(l.percentile(0.5), Duration{0});
  EXPECT_GT(l.percentile(1.0), std::chrono::seconds(60));
}

TEST(Latencies, SumsAddUp) {
  Latencies a, b;
  a.add(milliseconds(1));
  b.add(milliseconds(100));
  a.add_all(b);
  EXPECT_EQ(a.count(), 2u);
  EXPECT_GE(a.percentile(1.0), milliseconds(100));
  a.clear();
  EXPECT_EQ(a.count(), 0u);
}

}  // namespace
}  // namespace weir::demo
