// Places in a buffer for one key, and what the refused are told of the wait (docs/filters.md,
// buffer).
#include <gtest/gtest.h>

#include "tests/support/chain_harness.h"

namespace weir::test {
namespace {

using namespace std::chrono_literals;

class KeyQueueTest : public testing::Test {
 protected:
  ChainHarness h;
};

// --- capacity_per_key

TEST_F(KeyQueueTest, ATenantOverItsQuotaLeavesPlacesForOthers) {
  auto buffer = h.buffer({.capacity = 8, .capacity_per_key = 2, .max_wait = 1h});
  h.chain({buffer, h.bucket(quota(1, 1h, 1)), h.limit(2)});
  h.arrive("greedy");
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(h.arrive("greedy").waiting());
  for (int i = 0; i < 20; ++i) {
    Exchange& refused = h.arrive("greedy");
    EXPECT_TRUE(refused.refused_for(Reason::key_queue_full));
    EXPECT_EQ(refused.status(), 429);
    EXPECT_EQ(refused.outcome.filter, buffer.get());
  }
  EXPECT_EQ(h.depth(*buffer), 2);
  EXPECT_TRUE(h.arrive("acme").at_service());
  EXPECT_TRUE(h.arrive("beta").waiting()) << "for a permit, within its quota";
}

TEST_F(KeyQueueTest, ATenantsOwnQueueWins) {
  h.chain({h.buffer({.capacity = 8, .capacity_per_key = 2, .max_wait = 1h}),
           h.bucket(quota(1, 1h, 1))});
  h.tenant("acme").queue = 3;
  h.arrive("acme");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(h.arrive("acme").waiting());
  EXPECT_EQ(h.arrive("acme").status(), 429);
}

TEST_F(KeyQueueTest, WaitsForSharedCapacityAreBoundedByCapacityAlone) {
  h.chain({h.buffer({.capacity = 8, .capacity_per_key = 2}), h.limit(1)});
  h.arrive();
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(h.arrive().waiting());
}

TEST_F(KeyQueueTest, WaitsForATenantsOwnPermitsAreBoundedToo) {
  h.chain({h.buffer({.capacity = 8, .capacity_per_key = 2}), h.limit_each_tenant(1)});
  h.arrive("greedy");
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(h.arrive("greedy").waiting());
  Exchange& refused = h.arrive("greedy");
  EXPECT_TRUE(refused.refused_for(Reason::concurrency_limit));
  EXPECT_EQ(refused.status(), 503);
  EXPECT_TRUE(h.arrive("acme").at_service());
  EXPECT_TRUE(h.arrive("acme").waiting());
}

TEST_F(KeyQueueTest, DropOldestDropsTheOldestOfTheKey) {
  h.chain({h.buffer({.capacity = 8,
                     .capacity_per_key = 1,
                     .max_wait = 1h,
                     .overflow = Buffer::Overflow::drop_oldest}),
           h.bucket(quota(1, 1h, 1))});
  h.arrive("acme");
  h.arrive("greedy");
  Exchange& other = h.arrive("acme");
  Exchange& older = h.arrive("greedy");
  Exchange& newer = h.arrive("greedy");
  EXPECT_TRUE(other.waiting()) << "it has waited longest, but for another key";
  EXPECT_EQ(older.status(), 429);
  EXPECT_TRUE(newer.waiting());
}

// One that was granted its token has given its place among the key's to the next.
TEST_F(KeyQueueTest, APlaceIsFreeOnceTheTokenIsGranted) {
  h.chain({h.buffer({.capacity = 8, .capacity_per_key = 1, .max_wait = 1h}),
           h.bucket(quota(1, 1s, 1))});
  h.arrive();
  Exchange& second = h.arrive();
  EXPECT_EQ(h.arrive().status(), 429);
  h.advance(1s);
  EXPECT_TRUE(second.at_service());
  EXPECT_TRUE(h.arrive().waiting());
}

// --- what the refused are told

TEST_F(KeyQueueTest, AShapedQuotaSaysWhenItCouldServeOneMore) {
  h.chain({h.buffer({.capacity = 100, .capacity_per_key = 48, .max_wait = 1h}),
           h.bucket(quota(5, 1s, 1))});
  const Time start = h.now();
  h.arrive();
  for (int i = 0; i < 48; ++i) EXPECT_TRUE(h.arrive().waiting());
  Exchange& refused = h.arrive();
  EXPECT_EQ(refused.outcome.retry_at, start + 49 * 200ms);
  EXPECT_EQ(refused.outcome.retry_after, 9800ms);
}

TEST_F(KeyQueueTest, AnExpiredWaitIsToldOfThoseThatStillWait) {
  h.chain({h.buffer({.capacity = 100, .max_wait = 500ms}), h.bucket(quota(1, 1s, 1))});
  const Time start = h.now();
  h.arrive();
  Exchange& first = h.arrive();
  h.advance(1ms);
  for (int i = 0; i < 3; ++i) h.arrive();
  h.advance(499ms);
  EXPECT_EQ(first.status(), 429);
  EXPECT_EQ(first.outcome.retry_at, start + 1s + 3 * 1s);
}

TEST_F(KeyQueueTest, OfTwoQuotasTheLongerWaitIsTold) {
  for (const bool long_one_outside : {false, true}) {
    auto second = h.bucket(quota(1, 1s, 1));
    auto hour = h.bucket(quota(2, 1h, 1));
    h.chain(long_one_outside ? ChainHarness::Filters{hour, second}
                             : ChainHarness::Filters{second, hour});
    const Time start = h.now();
    h.write(h.arrive());
    Exchange& refused = h.arrive();
    EXPECT_EQ(refused.status(), 429);
    EXPECT_EQ(refused.outcome.retry_at, start + 30min);
  }
}

TEST_F(KeyQueueTest, AQuotaInShadowModeIsNotWaitedFor) {
  auto hour = h.bucket(quota(2, 1h, 1), false);
  h.chain({hour, h.bucket(quota(1, 1s, 1))});
  const Time start = h.now();
  h.write(h.arrive());
  EXPECT_EQ(h.arrive().outcome.retry_at, start + 1s);
}

// A burst after quiet: what has left since it began is what the rate is taken from.
TEST_F(KeyQueueTest, AfterQuietTheWaitIsTakenFromThisBusyTime) {
  h.chain({h.buffer({.capacity = 100, .max_wait = 1min}), h.limit(8)});
  h.advance(1h);
  std::vector<Exchange*> all;
  for (int i = 0; i < 108; ++i) all.push_back(&h.arrive());
  Duration most{0};
  for (std::size_t i = 0; i < 40; ++i) {  // 800 a second
    h.advance(1250us);
    h.respond(*all[i]);
    h.arrive();
    most = std::max(most, h.arrive().outcome.retry_after);
  }
  EXPECT_GT(most, 0s);
  EXPECT_LE(most, 2s) << "0.125 s, and jitter of at most one";
}

TEST_F(KeyQueueTest, AServiceThatServesNothingIsGivenUpToMaxWait) {
  h.chain({h.buffer({.capacity = 1, .max_wait = 10s}), h.limit(1)});
  h.arrive();
  h.arrive();
  h.advance(5s);
  const Duration told = h.arrive().outcome.retry_after;
  EXPECT_GE(told, 10s);
  EXPECT_LE(told, 20s);
}

}  // namespace
}  // namespace weir::test
