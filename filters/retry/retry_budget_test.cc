#include "filters/retry/retry_budget.h"

#include <deque>
#include <random>

#include <gtest/gtest.h>

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr Time kStart = Time(1000s);

TEST(RetryBudgetTest, AllowsAShareOfTheRequests) {
  RetryBudget budget(0.2, 0);
  EXPECT_FALSE(budget.draw(kStart));
  for (int i = 0; i < 100; ++i) budget.request_came(kStart);
  int drawn = 0;
  while (budget.draw(kStart)) ++drawn;
  EXPECT_EQ(drawn, 20);
}

TEST(RetryBudgetTest, AllowsAMinimumPerSecondOfTheWindow) {
  RetryBudget budget(0, 1);
  int drawn = 0;
  while (budget.draw(kStart)) ++drawn;
  EXPECT_EQ(drawn, 10);
  EXPECT_FALSE(budget.draw(kStart + 9s));
  EXPECT_TRUE(budget.draw(kStart + 10s));
}

TEST(RetryBudgetTest, ForgetsAfterTenSeconds) {
  RetryBudget budget(1, 0);
  for (int i = 0; i < 5; ++i) budget.request_came(kStart);
  EXPECT_EQ(budget.available(kStart + 9s), 5);
  EXPECT_EQ(budget.available(kStart + 10s), 0);
}

TEST(RetryBudgetTest, NothingIsLeftAfterALongPause) {
  RetryBudget budget(1, 0);
  for (const Time t : {kStart, kStart + 24h, kStart + 24h * 365}) {
    budget.request_came(t);
    EXPECT_EQ(budget.available(t), 1);
  }
}

TEST(RetryBudgetTest, WhatIsAvailableIsNeverNegative) {
  RetryBudget budget(1, 0);
  for (int i = 0; i < 4; ++i) budget.request_came(kStart);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(budget.draw(kStart + 5s));
  EXPECT_EQ(budget.available(kStart + 10s), 0);  // the requests are forgotten, the retries not yet
}

TEST(RetryBudgetTest, AgreesWithAListOfEvents) {
  RetryBudget budget(0.3, 0.5);
  std::mt19937 random(5);
  std::deque<std::int64_t> requests, retries;  // the seconds in which they fell
  Time now = kStart;
  for (int i = 0; i < 20'000; ++i) {
    now += std::chrono::milliseconds(random() % 700);
    const std::int64_t second = now.time_since_epoch() / 1s;
    while (!requests.empty() && requests.front() <= second - 10) requests.pop_front();
    while (!retries.empty() && retries.front() <= second - 10) retries.pop_front();
    if (random() % 2 != 0) {
      budget.request_came(now);
      requests.push_back(second);
    } else {
      const double left =
          0.3 * static_cast<double>(requests.size()) + 5 - static_cast<double>(retries.size());
      ASSERT_EQ(budget.draw(now), left >= 1) << i;
      if (left >= 1) retries.push_back(second);
    }
  }
}

}  // namespace
}  // namespace weir
