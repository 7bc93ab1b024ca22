// Lines: who is served first, who has a place, and for how long (DESIGN §3, rule 1).
#include <gtest/gtest.h>

#include "tests/support/chain_harness.h"

namespace weir::test {
namespace {

using namespace std::chrono_literals;

class LineTest : public testing::Test {
 protected:
  ChainHarness h;
};

// --- rule 1

TEST_F(LineTest, NewcomerWaitsBehindQueuedRequest) {
  auto limit = h.limit(1);
  h.chain({h.buffer(), limit});
  Exchange& first = h.arrive();
  Exchange& second = h.arrive();
  EXPECT_TRUE(first.at_service());
  EXPECT_TRUE(second.waiting());
  h.hold_mail();  // the place is free, and the one that waits for it does not know yet
  h.respond(first);
  Exchange& newcomer = h.arrive();
  EXPECT_TRUE(newcomer.waiting());
  h.release_mail();
  EXPECT_TRUE(second.at_service());
  EXPECT_TRUE(newcomer.waiting());
  EXPECT_EQ(h.in_use(*limit), 1);
}

TEST_F(LineTest, NewcomerWaitsBehindQueuedRequestOfAnotherChain) {
  auto limit = h.limit(1);
  Chain& with_line = h.chain({h.buffer(), limit});
  Chain& without = h.chain({limit});
  Exchange& first = h.arrive("acme", &with_line);
  Exchange& second = h.arrive("acme", &with_line);
  EXPECT_TRUE(h.arrive("acme", &without).refused_for(Reason::concurrency_limit));
  h.hold_mail();
  h.respond(first);
  EXPECT_EQ(h.arrive("acme", &without).status(), 503);
  h.release_mail();
  EXPECT_TRUE(second.at_service());
}

TEST_F(LineTest, NewcomerTakesNoTokenThatSomebodyWaitsFor) {
  h.chain({h.buffer(), h.bucket(quota(1, 1s, 1))});
  h.arrive();
  Exchange& second = h.arrive();
  h.hold_mail();
  h.set_clock(h.now() +
              1s);  // the token is there; the alarm of the one that waits is a little late
  Exchange& newcomer = h.arrive();
  EXPECT_TRUE(newcomer.waiting());
  h.release_mail();
  h.advance(0s);
  EXPECT_TRUE(second.at_service());
  EXPECT_TRUE(newcomer.waiting());
}

TEST_F(LineTest, TwoLinesForOnePoolAreServedInOrderOfArrival) {
  auto limit = h.limit(1);
  Chain& red = h.chain({h.buffer(), limit});
  Chain& blue = h.chain({h.buffer(), limit});
  Exchange* serving = &h.arrive("acme", &red);
  std::vector<Exchange*> order = {&h.arrive("acme", &blue), &h.arrive("acme", &red),
                                  &h.arrive("acme", &red), &h.arrive("acme", &blue)};
  for (Exchange* next : order) {
    h.respond(*serving);
    ASSERT_TRUE(next->at_service()) << next->id;
    serving = next;
  }
}

TEST_F(LineTest, FifoServesTheOldestAndLifoTheNewest) {
  for (const Buffer::Order order : {Buffer::Order::fifo, Buffer::Order::lifo}) {
    h.chain({h.buffer({.order = order}), h.limit(1)});
    Exchange& serving = h.arrive();
    Exchange& older = h.arrive();
    Exchange& newer = h.arrive();
    h.respond(serving);
    EXPECT_EQ(older.at_service(), order == Buffer::Order::fifo);
    EXPECT_EQ(newer.at_service(), order == Buffer::Order::lifo);
  }
}

TEST_F(LineTest, LifoOfABucketServesTheNewestWhenTheTokenComes) {
  h.chain({h.buffer({.max_wait = 10s, .order = Buffer::Order::lifo}), h.bucket(quota(1, 1s, 1))});
  h.arrive();
  Exchange& older = h.arrive();
  h.advance(500ms);
  Exchange& newer = h.arrive();
  h.advance(500ms);
  EXPECT_TRUE(newer.at_service());
  EXPECT_TRUE(older.waiting());
  h.advance(1s);
  EXPECT_TRUE(older.at_service());
}

// --- M/M/c/K

TEST_F(LineTest, HoldsLimitPlusCapacityAndNoMore) {
  auto buffer = h.buffer({.capacity = 3});
  h.chain({buffer, h.limit(2)});
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(h.arrive().ended()) << i;
  Exchange& sixth = h.arrive();
  EXPECT_TRUE(sixth.refused_for(Reason::concurrency_limit));
  EXPECT_EQ(sixth.status(), 503);
  EXPECT_EQ(sixth.outcome.filter, buffer.get());
  EXPECT_EQ(h.stats(*buffer).queue->full, 1u);
  EXPECT_GT(sixth.outcome.retry_after, 0s);
}

TEST_F(LineTest, WithoutAPlaceNobodyWaits) {
  h.chain({h.buffer({.capacity = 0}), h.limit(1)});
  h.arrive();
  EXPECT_EQ(h.arrive().status(), 503);
}

TEST_F(LineTest, AGrantedRequestKeepsItsPlaceUntilItGoesIn) {
  auto buffer = h.buffer({.capacity = 1});
  h.chain({buffer, h.limit(1)});
  Exchange& first = h.arrive();
  Exchange& second = h.arrive();
  h.hold_mail();
  h.respond(first);
  EXPECT_EQ(h.depth(*buffer), 1);
  EXPECT_TRUE(h.arrive().ended_as(EndReason::refused));
  h.release_mail();
  EXPECT_TRUE(second.at_service());
  EXPECT_EQ(h.depth(*buffer), 0);
}

TEST_F(LineTest, OneThatFindsSomethingElseMissingKeepsItsPlace) {
  auto buffer = h.buffer({.capacity = 1, .max_wait = 10s});
  auto limit = h.limit(1);
  auto bucket = h.bucket(quota(1, 1s, 1));
  Chain& both = h.chain({buffer, limit, bucket});
  Chain& only_token = h.chain({bucket});
  Chain& only_permit = h.chain({limit});
  Exchange& holder = h.arrive("acme", &only_permit);
  Exchange& waiter = h.arrive("acme", &both);
  h.arrive("acme", &only_token);
  h.respond(holder);
  EXPECT_TRUE(waiter.waiting());
  EXPECT_EQ(h.depth(*buffer), 1);
  EXPECT_EQ(h.in_use(*limit), 0);
  h.advance(1s);
  EXPECT_TRUE(waiter.at_service());
}

// --- max_wait

TEST_F(LineTest, WaitsNoLongerThanMaxWait) {
  h.chain({h.buffer({.max_wait = 250ms}), h.limit(1)});
  h.arrive();
  Exchange& second = h.arrive();
  h.advance(250ms - 1ns);
  EXPECT_TRUE(second.waiting());
  h.advance(1ns);
  EXPECT_TRUE(second.refused_for(Reason::concurrency_limit));
  EXPECT_EQ(second.status(), 503);
  EXPECT_EQ(second.waited, 250ms);
}

TEST_F(LineTest, MaxWaitIsTheTotalOverEverythingWaitedFor) {
  auto limit = h.limit(1);
  auto bucket = h.bucket(quota(1, 1s, 1));
  Chain& both = h.chain({h.buffer({.max_wait = 1500ms}), limit, bucket});
  Chain& token = h.chain({bucket});
  Exchange& holder = h.arrive("other", &both);
  Exchange& waiter = h.arrive("acme", &both);
  h.advance(900ms);
  h.arrive("acme", &token);
  h.respond(holder);  // now it waits for a token instead, for 600 ms at most
  EXPECT_TRUE(waiter.waiting());
  h.advance(600ms - 1ns);
  EXPECT_TRUE(waiter.waiting());
  h.advance(1ns);
  EXPECT_TRUE(waiter.refused_for(Reason::quota_exceeded));
  EXPECT_EQ(waiter.status(), 429);
  EXPECT_EQ(waiter.waited, 1500ms);
}

TEST_F(LineTest, MaxWaitIsTheTotalOverTheTriesOfOneRequest) {
  h.chain({h.retry(h.tries(2, 100ms)), h.buffer({.max_wait = 1s}), h.limit(1)});
  Exchange& holder = h.arrive();
  Exchange& waiter = h.arrive();
  h.advance(700ms);
  h.respond(holder);
  ASSERT_TRUE(waiter.at_service());
  h.arrive();  // has the permit from now on
  h.fail(waiter, Reason::upstream_reset);
  h.advance(100ms);  // the pause; then it waits again, for 300 ms at most
  EXPECT_TRUE(waiter.waiting());
  h.advance(300ms - 1ns);
  EXPECT_TRUE(waiter.waiting());
  h.advance(1ns);
  EXPECT_TRUE(waiter.refused_for(Reason::concurrency_limit));
  EXPECT_EQ(waiter.waited, 1s);
}

TEST_F(LineTest, WhatIsThereAtTheLastMomentIsStillTaken) {
  h.chain({h.buffer({.max_wait = 1s}), h.bucket(quota(1, 1s, 1))});
  h.arrive();
  Exchange& second = h.arrive();
  h.advance(1s);
  EXPECT_TRUE(second.at_service());
}

// --- numbers

TEST_F(LineTest, TheIntegralOfTheDepthIsTheSumOfTheWaits) {
  auto buffer = h.buffer({.capacity = 8, .max_wait = 1s});
  h.chain({buffer, h.limit(1)});
  Exchange& serving = h.arrive();
  Exchange& a = h.arrive();
  h.advance(100ms);
  Exchange& b = h.arrive();
  h.advance(100ms);
  h.respond(serving);  // a has waited 200 ms
  h.advance(50ms);
  h.client_leaves(b);  // b 150 ms
  EXPECT_TRUE(a.at_service());
  h.respond(a);
  const FilterStats numbers = h.stats(*buffer);
  EXPECT_NEAR(numbers.queue->depth_seconds, 0.350, 1e-12);
  EXPECT_EQ(numbers.queue->wait.sum_nanoseconds, 350'000'000u);
  EXPECT_EQ(numbers.queue->wait.total(), 3u);  // who did not have to wait counts as well
}

}  // namespace
}  // namespace weir::test
