#include "filters/labeled_counter.h"

#include <set>

#include <gtest/gtest.h>

namespace weir {
namespace {

using namespace std::chrono_literals;

TEST(TallyTest, CountsByReasonAndLabel) {
  LabeledCounter tally(3);
  tally.add(Reason::overloaded, 1);
  tally.add(Reason::overloaded, 1);
  tally.add(Reason::quota_exceeded, 2);
  EXPECT_EQ(tally.count(Reason::overloaded, 1), 2u);
  EXPECT_EQ(tally.count(Reason::overloaded, 0), 0u);
  EXPECT_EQ(tally.count(Reason::quota_exceeded, 2), 1u);
  EXPECT_EQ(tally.count(Reason::draining, 0), 0u);
  EXPECT_EQ(tally.total(), 3u);
}

TEST(TallyTest, ALabelBeyondTheLastCountsAsTheLast) {
  LabeledCounter tally(2);
  tally.add(Reason::overloaded, 7);
  EXPECT_EQ(tally.count(Reason::overloaded, 1), 1u);
  EXPECT_EQ(tally.count(Reason::overloaded, 7), 0u);
}

TEST(HistogramTest, ABoundBelongsToTheBucketBelowIt) {
  EXPECT_EQ(Histogram::bucket(0ns), 0u);
  EXPECT_EQ(Histogram::bucket(100us), 0u);
  EXPECT_EQ(Histogram::bucket(100us + 1ns), 1u);
  EXPECT_EQ(Histogram::bucket(60s), Histogram::kBounds.size() - 1);
  EXPECT_EQ(Histogram::bucket(60s + 1ns), Histogram::kBounds.size());
  EXPECT_EQ(Histogram::bucket(Duration::max()), Histogram::kBounds.size());
  EXPECT_EQ(Histogram::bucket(-1ns), 0u);
  for (std::size_t i = 0; i < Histogram::kBounds.size(); ++i) {
    const Duration bound = std::chrono::microseconds(Histogram::kMicroseconds[i]);
    EXPECT_EQ(Histogram::bucket(bound), i);
    EXPECT_EQ(Histogram::bucket(bound + 1ns), i + 1);
  }
}

TEST(HistogramTest, MergesWhatTwoHaveSeen) {
  Histogram a, b;
  a.observe(1ms);
  b.observe(2ms);
  b.observe(1h);
  a.merge(b);
  EXPECT_EQ(a.total(), 3u);
  EXPECT_EQ(a.sum_nanoseconds, static_cast<std::uint64_t>(Duration(1h + 3ms).count()));
}

TEST(RetryResultTest, EveryResultHasAWordOfItsOwn) {
  std::set<std::string_view> words;
  for (int i = 0; i < static_cast<int>(RetryResult::count_); ++i) {
    EXPECT_TRUE(words.insert(to_string(static_cast<RetryResult>(i))).second) << i;
  }
  EXPECT_FALSE(words.contains("unknown"));
}

}  // namespace
}  // namespace weir
