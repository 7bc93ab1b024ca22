// Timeouts in a chain: what they bound, when they stand still, and who rings first (DESIGN §3).
#include <gtest/gtest.h>

#include "tests/support/chain_harness.h"

namespace weir::test {
namespace {

using namespace std::chrono_literals;

class TimeoutTest : public testing::Test {
 protected:
  ChainHarness h;
};

TEST_F(TimeoutTest, OutsideRetryItIsTheWholeRequestsBackoffsIncluded) {
  auto outer = h.timeout(1s);
  Retry::Params params = h.tries(10, 300ms);
  params.max = 300ms;
  h.chain({outer, h.retry(params)});
  const Time start = h.now();
  Exchange& x = h.arrive();
  h.advance(200ms);
  h.head(x, 503);
  h.advance(10s);
  EXPECT_EQ(x.status(), 504);
  EXPECT_EQ(x.ended_at, start + 1s);
  EXPECT_EQ(x.outcome.filter, outer.get());
}

TEST_F(TimeoutTest, InsideRetryItIsTheTrys) {
  h.chain({h.retry(h.tries(3)), h.timeout(100ms)});
  const Time start = h.now();
  Exchange& x = h.arrive();
  h.advance(10s);
  EXPECT_EQ(x.sent, 3);
  EXPECT_EQ(x.status(), 504);
  EXPECT_EQ(x.ended_at, start + 300ms);
}

TEST_F(TimeoutTest, RunsUntilTheHeadSoThatStreamsLive) {
  h.chain({h.timeout(2s)});
  Exchange& x = h.arrive();
  h.advance(1999ms);
  h.head(x, 200);
  h.advance(24h);
  EXPECT_TRUE(x.streaming());
}

TEST_F(TimeoutTest, StandsStillWhileTheClientsBodyArrives) {
  h.chain({h.timeout(2s)});
  Exchange& x = h.arrive();
  h.advance(500ms);
  x.client_wait_begins(h.now());
  h.advance(1min);
  EXPECT_TRUE(x.at_service());
  x.client_wait_ends(h.now());
  h.advance(1500ms - 1ns);
  EXPECT_TRUE(x.at_service());
  h.advance(1ns);
  EXPECT_EQ(x.status(), 504);
}

TEST_F(TimeoutTest, ADeadlineThatStandsStillIsLookedAtOnceATick) {
  h.chain({h.timeout(1s)});
  Exchange& x = h.arrive();
  h.advance(1s - 1ns);
  x.client_wait_begins(h.now());
  int passes = 0;
  h.after_pass = [&] { ASSERT_LT(++passes, 200) << "it rings on and on"; };
  h.advance(1s);
  EXPECT_TRUE(x.at_service());
}

TEST_F(TimeoutTest, WhatTheClientTookBeforeItsVisitDoesNotCount) {
  h.chain({h.retry(h.tries(2)), h.timeout(1s)});
  Exchange& x = h.arrive();
  x.client_wait_begins(h.now());
  h.advance(900ms);
  x.client_wait_ends(h.now());
  h.head(x, 503);  // the second try has a second of its own, and no more
  h.advance(1s - 1ns);
  EXPECT_TRUE(x.at_service());
  h.advance(1ns);
  EXPECT_EQ(x.status(), 504);
}

TEST_F(TimeoutTest, TotalBoundsTheLastByte) {
  auto limit = h.limit(1);
  h.chain({h.timeout({.head = 2s, .total = 10s, .idle = {}}), limit});
  Exchange& x = h.arrive();
  h.advance(1s);
  h.head(x, 200);
  h.advance(9s - 1ns);
  EXPECT_TRUE(x.streaming());
  h.advance(1ns);
  EXPECT_TRUE(x.ended_as(EndReason::timed_out));
  EXPECT_TRUE(x.refused_for(Reason::total_timeout));
  EXPECT_EQ(h.in_use(*limit), 0);
}

TEST_F(TimeoutTest, IdleBoundsTheProgressBetweenBytes) {
  h.chain({h.timeout({.head = {}, .total = {}, .idle = 1s})});
  Exchange& x = h.arrive();
  h.advance(1h);  // no head yet, so no bytes to wait between
  EXPECT_TRUE(x.at_service());
  h.head(x, 200);
  for (int i = 0; i < 20; ++i) {
    h.advance(900ms);
    x.progress = h.now();
  }
  EXPECT_TRUE(x.streaming());
  h.advance(1s);
  EXPECT_TRUE(x.refused_for(Reason::idle_timeout));
}

TEST_F(TimeoutTest, IdleStandsStillWhileTheClientIsWaitedFor) {
  h.chain({h.timeout({.head = {}, .total = {}, .idle = 1s})});
  Exchange& x = h.arrive();
  h.head(x, 200);
  h.advance(900ms);
  x.client_wait_begins(h.now());
  h.advance(1h);
  EXPECT_TRUE(x.streaming());
  x.client_wait_ends(h.now());
  h.advance(1s - 1ns);  // the service has all of it again: it was not asked meanwhile
  EXPECT_TRUE(x.streaming());
  h.advance(1ns);
  EXPECT_TRUE(x.refused_for(Reason::idle_timeout));
}

TEST_F(TimeoutTest, TotalDoesNotStandStill) {
  h.chain({h.timeout({.head = {}, .total = 1s, .idle = {}})});
  Exchange& x = h.arrive();
  h.head(x, 200);
  x.client_wait_begins(h.now());
  h.advance(1s);
  EXPECT_TRUE(x.refused_for(Reason::total_timeout));
}

TEST_F(TimeoutTest, ATimeoutBeforeTheServiceWasTriedIsA503) {
  auto timeout = h.timeout(100ms);
  h.chain({timeout, h.buffer({.max_wait = 1s}), h.limit(1)});
  Exchange& first = h.arrive();
  Exchange& second = h.arrive();
  h.advance(100ms);
  EXPECT_EQ(first.status(), 504);
  EXPECT_TRUE(first.refused_for(Reason::head_timeout));
  EXPECT_EQ(second.status(), 503);
  EXPECT_TRUE(second.refused_for(Reason::deadline_in_queue));
  EXPECT_EQ(timeout->rejected.count(Reason::deadline_in_queue, second.tenant_label), 1u);
  EXPECT_EQ(timeout->rejected.total(), 1u);  // a 504 is no refusal of weir's
}

TEST_F(TimeoutTest, ATimedOutTryGivesItsPermitBack) {
  auto limit = h.limit(1);
  h.chain({h.buffer({.max_wait = 1h}), h.retry(h.tries(2, 1s)), h.timeout(100ms), limit});
  Exchange& first = h.arrive();
  Exchange& second = h.arrive();
  h.advance(100ms);
  EXPECT_TRUE(first.waiting());
  EXPECT_TRUE(second.at_service());
  EXPECT_EQ(h.in_use(*limit), 1);
}

TEST_F(TimeoutTest, AlarmsThatFallTogetherRingOutermostFirst) {
  auto outer = h.timeout(1s);
  auto inner = h.timeout(1s);
  auto retry = h.retry(h.tries(2));
  h.chain({outer, retry, inner});
  Exchange& x = h.arrive();
  h.advance(1s);
  EXPECT_EQ(x.status(), 504);
  EXPECT_EQ(x.outcome.filter, outer.get());
  EXPECT_EQ(x.sent, 1);  // the inner one would have been tried again
}

TEST_F(TimeoutTest, TheDeadlineBeatsTheEndOfABackoff) {
  Retry::Params params = h.tries(2, 1s);
  params.max = 10s;
  h.chain({h.timeout(2s), h.retry(params)});
  Exchange& x = h.arrive();
  h.advance(999ms);
  h.head(x, 503);
  ASSERT_TRUE(x.waiting());
  h.set_clock(h.now() + 2s);  // both have long rung when the worker comes to look
  h.advance(0s);
  EXPECT_EQ(x.status(), 504);
  EXPECT_EQ(x.sent, 1);
}

TEST_F(TimeoutTest, TheDeadlineBeatsAGrant) {
  auto limit = h.limit(1);
  h.chain({h.timeout(1s), h.buffer({.max_wait = 1h}), limit});
  h.hold_mail();
  Exchange& first = h.arrive();
  h.advance(500ms);
  Exchange& second = h.arrive();
  h.respond(first);
  h.set_clock(h.now() + 1s);
  h.release_mail();  // the grant's mail comes after the deadline
  EXPECT_TRUE(second.refused_for(Reason::deadline_in_queue));
  EXPECT_EQ(h.in_use(*limit), 0);
}

TEST_F(TimeoutTest, AWakeWithoutNeedDoesNothing) {
  auto limit = h.limit(1);
  h.chain({h.timeout(1s), h.buffer(), h.retry(h.tries(2, 100ms)), limit});
  Exchange& serving = h.arrive();
  Exchange& queued = h.arrive();
  for (int i = 0; i < 3; ++i) {
    h.wake(serving);
    h.wake(queued);
  }
  EXPECT_TRUE(serving.at_service());
  EXPECT_TRUE(queued.waiting());
  h.head(serving, 503);
  h.wake(serving);
  EXPECT_TRUE(serving.waiting());
  h.respond(queued);
  h.advance(100ms);
  EXPECT_TRUE(serving.at_service());
}

}  // namespace
}  // namespace weir::test
