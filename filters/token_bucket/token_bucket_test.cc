#include "filters/token_bucket/token_bucket.h"

#include <random>

#include <gtest/gtest.h>

#include "tests/support/chain_harness.h"

namespace weir::test {
namespace {

using namespace std::chrono_literals;

class TokenBucketTest : public testing::Test {
 protected:
  // A request that reaches the service and is done; false: refused.
  bool passes(std::string_view tenant = "acme") {
    Exchange& x = h.arrive(tenant);
    last = &x;
    if (x.ended()) return false;
    h.respond(x);
    return true;
  }
  // One bucket for each of a bounded number of keys.
  std::shared_ptr<TokenBucket> of_keys(const Quota& size, std::int64_t max_keys) {
    TokenBucket::Params params;
    params.quota = size;
    params.by_tenant = false;
    params.max_keys = max_keys;
    return h.bucket(params);
  }

  ChainHarness h;
  const Time start = h.now();
  Exchange* last = nullptr;
};

// --- the table: 2 tokens per second, 3 at once

TEST_F(TokenBucketTest, FollowsTheTable) {
  h.chain({h.bucket(quota(2, 1s, 3))});
  struct Row {
    Duration now;
    bool passes;
    Duration retry_at;  // of those that do not
  };
  const Row table[] = {
      {0ms, true, {}},         {0ms, true, {}},           {0ms, true, {}},
      {0ms, false, 500ms},     {499ms, false, 500ms},     {500ms, true, {}},
      {500ms, false, 1s},      {1250ms, true, {}},        {1250ms, false, 1500ms},
      {1500ms, true, {}},      {1501ms, false, 2s},       {10s, true, {}},
      {10s, true, {}},         {10s, true, {}},           {10s, false, 10s + 500ms},
      {10s + 999ms, true, {}}, {10s + 999ms, false, 11s}, {11s, true, {}},
  };
  for (const Row& row : table) {
    h.set_clock(start + row.now);
    EXPECT_EQ(passes(), row.passes) << row.now.count();
    if (!row.passes) {
      EXPECT_EQ(last->outcome.retry_at, start + row.retry_at) << row.now.count();
    }
  }
}

TEST_F(TokenBucketTest, RetryAtIsExactToTheNanosecond) {
  for (const Quota& size : {quota(3, 1s, 1), quota(7, 1min, 5), quota(1'000'000, 1s, 1),
                            quota(1, 24h, 2), quota(1'000'000'000, 1s, 1)}) {
    h.chain({h.bucket(size)});
    while (passes()) {
    }
    const Time retry_at = last->outcome.retry_at;
    ASSERT_GT(retry_at, h.now());
    h.set_clock(retry_at - 1ns);
    EXPECT_FALSE(passes()) << size.tokens;
    EXPECT_EQ(last->outcome.retry_at, retry_at);
    h.set_clock(retry_at);
    EXPECT_TRUE(passes()) << size.tokens;
    h.advance(24h * 3);
  }
}

TEST_F(TokenBucketTest, TheBurstIsExactAtOnceAndAfterAnyPause) {
  for (const std::int64_t burst : {1, 2, 17, 500}) {
    h.chain({h.bucket(quota(10, 1s, burst))});
    for (const Duration pause : {0ms, 100ms * 500, 3'600'000ms}) {
      h.advance(pause);
      std::int64_t passed = 0;
      while (passes()) ++passed;
      EXPECT_EQ(passed, pause == 0ms || pause >= 100ms * burst ? burst : pause / 100ms);
    }
  }
}

TEST_F(TokenBucketTest, TheLongRunRateIsExact) {
  for (const std::int64_t rate : {1, 3, 7, 1000}) {
    const Quota size = quota(rate, 1s, 4);
    h.chain({h.bucket(size)});
    const Time from = h.now();
    std::int64_t passed = 0;
    for (int i = 0; i < 20'000; ++i) {
      passed += passes();
      h.set_clock(h.now() + size.period / 3);
    }
    const Duration gone = h.now() - size.period / 3 - from;
    EXPECT_EQ(passed, 4 + gone / size.period) << rate;
    h.advance(1h);
  }
}

TEST_F(TokenBucketTest, NoWindowHoldsMoreThanBurstPlusRate) {
  const Quota size = quota(100, 1s, 5);
  h.chain({h.bucket(size)});
  std::mt19937 random(7);
  std::vector<Time> passed;
  for (int i = 0; i < 3000; ++i) {
    h.set_clock(h.now() + std::chrono::microseconds(random() % 8000));
    if (passes()) passed.push_back(h.now());
  }
  for (std::size_t i = 0; i < passed.size(); ++i) {
    for (std::size_t j = i; j < passed.size() && j < i + 50; ++j) {
      ASSERT_LE(static_cast<std::int64_t>(j - i + 1), 5 + (passed[j] - passed[i]) / size.period);
    }
  }
}

TEST_F(TokenBucketTest, RatesFromOneADayToOneANanosecond) {
  struct Row {
    std::int64_t tokens;
    Duration per, period;
  };
  for (const Row& row : {Row{1, 24h, 24h}, Row{1, 1h, 1h}, Row{60, 1h, 1min}, Row{1, 1min, 1min},
                         Row{1000, 1min, 60ms}, Row{1'000'000'000, 1s, 1ns}}) {
    const Quota size = quota(row.tokens, row.per, 1);
    EXPECT_EQ(size.period, row.period);
    h.chain({h.bucket(size)});
    EXPECT_TRUE(passes());
    EXPECT_FALSE(passes());
    EXPECT_EQ(last->outcome.retry_at, h.now() + row.period);
    h.advance(row.period);
    EXPECT_TRUE(passes());
    h.advance(24h);
  }
}

TEST_F(TokenBucketTest, ABurstOfYearsDoesNotOverflow) {
  h.chain({h.bucket(quota(1, 24h, 100'000))});  // 274 years
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(passes());
}

// --- giving back

TEST_F(TokenBucketTest, ARefundInTheSamePassRestoresTheOldValue) {
  auto bucket = h.bucket(quota(1, 1s, 3));
  h.chain({bucket, h.limit(1)});
  Exchange& holds = h.arrive();
  h.write(holds);
  h.advance(300ms);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(h.arrive().status(), 503);
  EXPECT_EQ(h.available(*bucket, "acme"), 2);
  h.set_clock(start + 1s - 1ns);  // what the first one took comes back when it would have
  EXPECT_EQ(h.available(*bucket, "acme"), 2);
  h.set_clock(start + 1s);
  EXPECT_EQ(h.available(*bucket, "acme"), 3);
}

// Random arrivals and ends against an independent model of rule 4's formula.
TEST_F(TokenBucketTest, AgreesWithTheModelOverChargesAndRefunds) {
  const Quota size = quota(20, 1s, 6);
  auto bucket = h.bucket(size);
  h.chain({bucket});
  struct Charge {
    Exchange* x;
    Time after;
  };
  std::vector<Charge> live;
  std::mt19937 random(11);
  Time tat{};
  int refunds = 0;
  for (int i = 0; i < 20'000; ++i) {
    h.set_clock(h.now() + std::chrono::microseconds(random() % 60'000));
    if (live.empty() || random() % 3 != 0) {
      Exchange& x = h.arrive();
      const Time next = std::max(tat, h.now()) + size.period;
      ASSERT_EQ(x.at_service(), next <= h.now() + size.window()) << i;
      if (x.ended()) continue;
      tat = next;
      live.push_back({&x, tat});
    } else {
      const std::size_t which = random() % live.size();
      const Charge charge = live[which];
      live.erase(live.begin() + static_cast<std::ptrdiff_t>(which));
      if (random() % 2 != 0) {
        h.respond(*charge.x);
      } else {
        h.client_leaves(*charge.x);
        tat -= std::min(size.period, std::max(Duration{0}, charge.after - h.now()));
        ++refunds;
      }
    }
    ASSERT_EQ(
        h.available(*bucket, "acme"),
        std::min(size.burst, (h.now() + size.window() - std::max(tat, h.now())) / size.period));
  }
  EXPECT_GT(refunds, 1000);
}

// --- rule 7: keys

TEST_F(TokenBucketTest, EveryKeyHasItsOwnBucket) {
  h.chain({of_keys(quota(1, 1h, 2), 1000)});
  for (int i = 0; i < 50; ++i) {
    const std::string key = "client " + std::to_string(i);
    EXPECT_TRUE(passes(key) && passes(key)) << i;
    EXPECT_FALSE(passes(key)) << i;
  }
}

TEST_F(TokenBucketTest, WhenNothingIsIdleNewcomersShareOneStrictBucket) {
  auto bucket = of_keys(quota(1, 1h, 3), 4);
  h.chain({bucket});
  for (const char* key : {"a", "b", "c", "d"}) ASSERT_TRUE(passes(key));
  int passed = 0;
  for (int i = 0; i < 100; ++i) passed += passes("new " + std::to_string(i));
  EXPECT_EQ(passed, 3);  // one burst among them all
  EXPECT_EQ(h.stats(*bucket).keys->overflowed, 100u);
  EXPECT_EQ(h.stats(*bucket).keys->tracked, 4);
}

TEST_F(TokenBucketTest, EvictionIsNeverAFreeRefill) {
  h.chain({of_keys(quota(1, 1s, 2), 4)});
  const std::vector<std::string> residents = {"a", "b", "c", "d"};
  for (const auto& key : residents) ASSERT_TRUE(passes(key) && passes(key));
  for (int i = 0; i < 1000; ++i) passes("flood " + std::to_string(i));
  for (const auto& key : residents) EXPECT_FALSE(passes(key)) << key;
  h.advance(1s);
  for (const auto& key : residents) {
    EXPECT_TRUE(passes(key)) << key;
    EXPECT_FALSE(passes(key)) << key;
  }
}

TEST_F(TokenBucketTest, OnlyIdleBucketsAreEvicted) {
  auto bucket = of_keys(quota(1, 1s, 2), 1);
  h.chain({bucket});
  ASSERT_TRUE(passes("a"));
  h.set_clock(start + 1s - 1ns);
  EXPECT_TRUE(passes("b"));  // in the shared bucket
  EXPECT_EQ(h.stats(*bucket).keys->overflowed, 1u);
  h.set_clock(start + 1s);  // full again: forgetting it loses nothing
  EXPECT_TRUE(passes("b") && passes("b"));
  EXPECT_FALSE(passes("b"));
  EXPECT_EQ(h.stats(*bucket).keys->overflowed, 1u);
}

TEST_F(TokenBucketTest, ABucketThatSomebodyWaitsForIsNotEvicted) {
  auto bucket = of_keys(quota(1, 1s, 1), 1);
  h.chain({h.buffer({.max_wait = 1h}), bucket});
  h.write(h.arrive("a"));
  Exchange& waits = h.arrive("a");
  h.set_clock(start + 1s);
  passes("b");
  h.advance(0s);
  EXPECT_TRUE(waits.at_service());
}

// Its bucket was idle and gone to another key before it gave its token back.
TEST_F(TokenBucketTest, ARefundNeverGoesToTheKeyThatTookOverTheSlot) {
  h.chain({of_keys(quota(1, 1s, 2), 1)});
  Exchange& first = h.arrive("a");
  Exchange& second = h.arrive("a");
  h.client_leaves(first);
  h.set_clock(start + 1s);
  ASSERT_TRUE(passes("b") && passes("b"));
  ASSERT_FALSE(passes("b"));
  h.client_leaves(second);
  EXPECT_FALSE(passes("b"));
}

TEST_F(TokenBucketTest, ConfiguredTenantsNeverLeaveTheTable) {
  TokenBucket::Params params;
  params.tenants = 8;
  params.max_keys = 1;
  h.chain({h.bucket(params)});
  h.tenant("everyone else").quota = quota(1, 1h, 1);
  h.tenant("everyone else").is_wildcard = true;
  for (const char* name : {"a", "b", "c"}) h.tenant(name).quota = quota(1, 1h, 2);
  for (const char* name : {"a", "b", "c"}) EXPECT_TRUE(passes(name) && passes(name));
  for (const char* name : {"a", "b", "c"}) EXPECT_FALSE(passes(name));
}

TEST_F(TokenBucketTest, TenantsWithoutAnEntryHaveABucketEach) {
  TokenBucket::Params params;
  params.tenants = 8;
  h.chain({h.bucket(params)});
  h.tenant("*").quota = quota(1, 1h, 1);
  h.tenant("*").is_wildcard = true;
  const auto arrive = [&](std::uint64_t key) -> Exchange& {
    return h.arrive_with([&](Exchange& x) { x.keys[0] = key; }, "*");
  };
  EXPECT_TRUE(arrive(5).at_service());
  EXPECT_TRUE(arrive(6).at_service());
  EXPECT_EQ(arrive(5).status(), 429);
  EXPECT_TRUE(arrive(0).at_service());  // a hash of zero is a key as well
  EXPECT_EQ(arrive(0).status(), 429);
}

}  // namespace
}  // namespace weir::test
