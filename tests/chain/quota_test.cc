// Quotas in a chain: shaping and policing, what is charged and what is given back (DESIGN §3, rules
// 4, 5, 7). The arithmetic of one bucket has its tests in
// filters/token_bucket/token_bucket_test.cc.
#include <gtest/gtest.h>

#include "tests/support/chain_harness.h"

namespace weir::test {
namespace {

using namespace std::chrono_literals;

class QuotaTest : public testing::Test {
 protected:
  ChainHarness h;
};

// --- busy and its kinds

TEST_F(QuotaTest, WithoutABufferTheBucketPolices) {
  auto bucket = h.bucket(quota(10, 1s, 2));
  h.chain({bucket});
  const Time start = h.now();
  EXPECT_TRUE(h.arrive().at_service());
  EXPECT_TRUE(h.arrive().at_service());
  Exchange& third = h.arrive();
  EXPECT_EQ(third.status(), 429);
  EXPECT_TRUE(third.refused_for(Reason::quota_exceeded));
  EXPECT_EQ(third.outcome.retry_at, start + 100ms);
  EXPECT_EQ(third.outcome.filter, bucket.get());
  ASSERT_NE(third.outcome.quota, nullptr);
  EXPECT_EQ(third.outcome.quota->burst, 2);
}

TEST_F(QuotaTest, BehindABufferTheBucketShapes) {
  h.chain({h.buffer({.capacity = 10, .max_wait = 10s}), h.bucket(quota(10, 1s, 1))});
  const Time start = h.now();
  std::vector<Exchange*> all;
  for (int i = 0; i < 6; ++i) all.push_back(&h.arrive());
  h.advance(10s);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(all[i]->sent_at, start + i * 100ms) << i;
}

TEST_F(QuotaTest, TheStatusFollowsTheKindWhoeverRefuses) {
  // A buffer that is full for want of a token says 429; for want of a permit, 503.
  h.chain({h.buffer({.capacity = 0}), h.bucket(quota(1, 1s, 1)), h.limit(1)});
  h.arrive("acme");
  EXPECT_EQ(h.arrive("acme").status(), 429);
  EXPECT_EQ(h.arrive("beta").status(), 503);
}

TEST_F(QuotaTest, LoadShedRefusesForCapacityButNotForAQuota) {
  auto shed = h.load_shed();
  h.chain({h.buffer(), shed, h.bucket(quota(1, 1s, 1)), h.limit(1)});
  h.arrive("acme");
  EXPECT_TRUE(h.arrive("acme").waiting());
  Exchange& beta = h.arrive("beta");
  EXPECT_TRUE(beta.refused_for(Reason::concurrency_limit));
  EXPECT_EQ(beta.status(), 503);
  EXPECT_EQ(beta.outcome.filter, shed.get());
}

TEST_F(QuotaTest, AnExpiredWaitForATokenSaysWhenTheNextOneComes) {
  h.chain({h.buffer({.max_wait = 300ms}), h.bucket(quota(1, 1s, 1))});
  const Time start = h.now();
  h.arrive();
  Exchange& second = h.arrive();
  h.advance(300ms);
  EXPECT_EQ(second.status(), 429);
  EXPECT_EQ(second.outcome.retry_at, start + 1s);
}

TEST_F(QuotaTest, ATenantWithoutAQuotaPasses) {
  TokenBucket::Params by_tenant;
  by_tenant.tenants = ChainHarness::kLabels;
  h.chain({h.bucket(by_tenant)});
  h.tenant("small").quota = quota(1, 1h, 1);
  EXPECT_TRUE(h.arrive("small").at_service());
  EXPECT_EQ(h.arrive("small").status(), 429);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(h.arrive("free").at_service());
}

// --- rule 4: all or none

TEST_F(QuotaTest, WhatOthersChargedIsGivenBackWhenOneFilterRefuses) {
  auto outer = h.bucket(quota(1, 1s, 5));
  auto inner = h.bucket(quota(1, 1h, 1));
  h.chain({outer, inner});
  h.respond(h.arrive());
  EXPECT_EQ(h.available(*outer, "acme"), 4);
  EXPECT_EQ(h.arrive().status(), 429);
  EXPECT_EQ(h.available(*outer, "acme"), 4);
}

TEST_F(QuotaTest, AFullLineGivesTheChargeBack) {
  auto bucket = h.bucket(quota(1, 1h, 5));
  h.chain({bucket, h.buffer({.capacity = 0}), h.limit(1)});
  h.arrive();
  EXPECT_EQ(h.arrive().status(), 503);
  EXPECT_EQ(h.available(*bucket, "acme"), 4);
}

TEST_F(QuotaTest, WaitingForAPermitHoldsNoTokenOfABucketInside) {
  auto bucket = h.bucket(quota(1, 1h, 5));
  h.chain({h.buffer({.max_wait = 1h}), bucket, h.limit(1)});
  h.arrive();
  Exchange& waiter = h.arrive();
  EXPECT_TRUE(waiter.waiting());
  EXPECT_EQ(h.available(*bucket, "acme"), 4);
}

TEST_F(QuotaTest, AChargeIsGivenBackWhenTheServiceWasNotReached) {
  auto bucket = h.bucket(quota(1, 1h, 5));
  h.chain({bucket});
  h.fail(h.arrive(), Reason::connect_failure);
  EXPECT_EQ(h.available(*bucket, "acme"), 5);
  h.client_leaves(h.arrive());
  EXPECT_EQ(h.available(*bucket, "acme"), 5);
  Exchange& reached = h.arrive();
  h.write(reached);
  h.client_leaves(reached, true);
  EXPECT_EQ(h.available(*bucket, "acme"), 4);
}

TEST_F(QuotaTest, AChargeIsKeptOnceAnyAttemptReachedTheService) {
  auto bucket = h.bucket(quota(1, 1h, 5));
  h.chain({bucket, h.retry(h.tries(2))});
  Exchange& x = h.arrive();
  h.fail(x, Reason::upstream_reset);
  h.fail(x, Reason::connect_failure);
  EXPECT_EQ(x.status(), 502);
  EXPECT_EQ(h.available(*bucket, "acme"), 4);
}

TEST_F(QuotaTest, ABucketInsideRetryChargesEachTryForItself) {
  auto bucket = h.bucket(quota(1, 1h, 5));
  h.chain({h.retry(h.tries(3)), bucket});
  Exchange& x = h.arrive();
  h.fail(x, Reason::connect_failure);  // not reached: given back
  h.fail(x, Reason::upstream_reset);   // reached
  h.respond(x);                        // reached
  EXPECT_EQ(h.available(*bucket, "acme"), 3);
}

// The burst is b. All of it is charged by requests that wait for a permit and give up; by then
// time has given the tokens back already, so giving them back again would let 2b through.
TEST_F(QuotaTest, ALateRefundLetsNoBurstThroughTwice) {
  constexpr int kBurst = 10;
  auto bucket = h.bucket(quota(10, 1s, kBurst));
  auto limit = h.limit(1);
  Chain& held = h.chain({bucket, h.buffer({.max_wait = 1h}), limit});
  Chain& direct = h.chain({bucket});
  h.arrive("holder", &held);
  std::vector<Exchange*> waiting;
  for (int i = 0; i < kBurst; ++i) waiting.push_back(&h.arrive("acme", &held));
  h.advance(1s);  // the bucket is full again
  int passed = 0;
  for (int i = 0; i < kBurst; ++i) {
    Exchange& x = h.arrive("acme", &direct);
    h.write(x);
    passed += x.at_service();
  }
  EXPECT_EQ(passed, kBurst);
  for (Exchange* x : waiting) h.client_leaves(*x);
  for (int i = 0; i < kBurst; ++i) passed += h.arrive("acme", &direct).at_service();
  EXPECT_EQ(passed, kBurst);
}

TEST_F(QuotaTest, ALateRefundGivesBackWhatTimeHasNot) {
  auto bucket = h.bucket(quota(1, 10s, 1));
  h.chain({bucket});
  Exchange& x = h.arrive();
  h.advance(4s);
  h.client_leaves(x);  // c - now = 6 s of the 10 s: full at once
  EXPECT_TRUE(h.arrive().at_service());
}

TEST_F(QuotaTest, ARefundServesTheOneThatWaits) {
  auto bucket = h.bucket(quota(1, 1h, 1));
  h.chain({h.buffer({.max_wait = 2h}), bucket});
  Exchange& first = h.arrive();
  Exchange& second = h.arrive();
  h.fail(first, Reason::connect_failure);
  EXPECT_TRUE(second.at_service());
}

TEST_F(QuotaTest, AGrantedTokenOfADepartedRequestPassesOn) {
  auto bucket = h.bucket(quota(1, 1s, 1));
  h.chain({h.buffer({.max_wait = 1h}), bucket});
  Exchange& first = h.arrive();
  h.write(first);
  Exchange& second = h.arrive();
  Exchange& third = h.arrive();
  h.hold_mail();
  h.set_clock(h.now() + 1s);
  Exchange& fourth = h.arrive();  // its pass looks at the line and grants the second
  h.client_leaves(second);
  h.release_mail();
  EXPECT_TRUE(third.at_service());
  EXPECT_TRUE(fourth.waiting());
}

TEST_F(QuotaTest, AShadowBucketCountsAndLetsPass) {
  auto bucket = h.bucket(quota(1, 1s, 1), false);
  h.chain({bucket});
  Exchange& first = h.arrive();
  h.write(first);
  Exchange& second = h.arrive();
  EXPECT_TRUE(second.at_service());
  EXPECT_EQ(bucket->shadow_rejected.count(Reason::quota_exceeded, second.tenant_label), 1u);
  EXPECT_EQ(bucket->rejected.total(), 0u);
  h.advance(1s);  // as if: what was let pass was not charged
  h.arrive();
  EXPECT_EQ(bucket->shadow_rejected.total(), 1u);
}

TEST_F(QuotaTest, AShadowBucketCountsARequestOnceHoweverOftenItIsTried) {
  auto bucket = h.bucket(quota(1, 1h, 1), false);
  Retry::Params on_503 = ChainHarness::tries(3);
  on_503.on_status[503] = true;
  h.chain({h.retry(on_503), bucket});
  Exchange& first = h.arrive();
  h.write(first);
  Exchange& second = h.arrive();
  for (int i = 0; i < 3; ++i) h.head(second, 503);
  EXPECT_EQ(second.sent, 3);
  EXPECT_EQ(bucket->shadow_rejected.total(), 1u);
}

TEST_F(QuotaTest, TokensCountAsUsedOnceTheRequestHasReachedTheService) {
  auto bucket = h.bucket(quota(1, 1h, 5));
  h.chain({bucket, h.limit(1)});
  Exchange& served = h.arrive("acme");
  Exchange& refused = h.arrive("acme");  // for capacity: its token is given back
  EXPECT_TRUE(refused.ended());
  const std::uint32_t label = h.tenant("acme").label;
  EXPECT_EQ(h.stats(*bucket).quotas->used[label], 0u);
  h.write(served);
  h.respond(served);
  EXPECT_EQ(h.stats(*bucket).quotas->used[label], 1u);
}

}  // namespace
}  // namespace weir::test
