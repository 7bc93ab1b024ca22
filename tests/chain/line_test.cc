// Lines: who is served first, who has a place, and whom a grant goes to (DESIGN §3: one gate,
// granted not announced; rules 1, 9, 10).
#include <gmock/gmock.h>
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
  EXPECT_EQ(h.numbers(*buffer).queue->full, 1u);
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
  EXPECT_TRUE(h.arrive().ended_as(Ending::refused));
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
  Retry::Params twice = h.tries(2);
  h.chain({h.retry(twice), h.buffer({.max_wait = 1s}), h.limit(1)});
  Exchange& holder = h.arrive();
  Exchange& waiter = h.arrive();
  h.advance(700ms);
  h.respond(holder);
  ASSERT_TRUE(waiter.at_service());
  h.hold_mail();
  h.fail(waiter, Reason::upstream_reset);  // at once again: its permit is free, so no wait
  EXPECT_TRUE(waiter.at_service());
  EXPECT_EQ(waiter.waited, 700ms);
}

TEST_F(LineTest, WhatIsThereAtTheLastMomentIsStillTaken) {
  h.chain({h.buffer({.max_wait = 1s}), h.bucket(quota(1, 1s, 1))});
  h.arrive();
  Exchange& second = h.arrive();
  h.advance(1s);
  EXPECT_TRUE(second.at_service());
}

// --- grants

TEST_F(LineTest, GrantOfADepartedRequestPassesOn) {
  auto limit = h.limit(1);
  h.chain({h.buffer(), limit});
  Exchange& first = h.arrive();
  Exchange& second = h.arrive();
  Exchange& third = h.arrive();
  h.hold_mail();
  h.respond(first);
  EXPECT_EQ(h.in_use(*limit), 1);  // reserved, counted as used
  h.client_leaves(second);
  h.release_mail();
  EXPECT_TRUE(third.at_service());
  h.respond(third);
  EXPECT_EQ(h.in_use(*limit), 0);
}

TEST_F(LineTest, GrantOfATimedOutRequestPassesOn) {
  auto limit = h.limit(1);
  auto buffer = h.buffer({.max_wait = 10s});
  Chain& hasty = h.chain({h.timeout(100ms), buffer, limit});
  Chain& patient = h.chain({buffer, limit});
  Exchange& first = h.arrive("acme", &patient);
  Exchange& second = h.arrive("acme", &hasty);
  Exchange& third = h.arrive("acme", &patient);
  h.hold_mail();
  h.set_clock(h.now() + 100ms);
  h.respond(first);  // the grant goes to the second, whose time is up just now
  h.wake(second);
  EXPECT_TRUE(second.refused_for(Reason::deadline_in_queue));
  h.release_mail();
  EXPECT_TRUE(third.at_service());
}

TEST_F(LineTest, GrantOfOneThatTurnsBusyElsewherePassesOn) {
  auto limit = h.limit(1);
  auto bucket = h.bucket(quota(1, 1s, 1));
  h.chain({h.buffer({.max_wait = 10s}), limit, bucket});
  Exchange& first = h.arrive("acme");
  Exchange& second = h.arrive("acme");
  Exchange& third = h.arrive("beta");
  EXPECT_TRUE(third.at_service() || third.waiting());
  h.respond(first);
  EXPECT_TRUE(second.waiting());  // for its token
  EXPECT_TRUE(third.at_service());
  EXPECT_EQ(h.in_use(*limit), 1);
}

TEST_F(LineTest, GrantThatNobodyTakesIsFreeAgain) {
  auto limit = h.limit(1);
  auto buffer = h.buffer();
  h.chain({buffer, limit});
  Exchange& first = h.arrive();
  Exchange& second = h.arrive();
  h.hold_mail();
  h.respond(first);
  h.client_leaves(second);
  EXPECT_EQ(h.in_use(*limit), 0);
  EXPECT_EQ(h.depth(*buffer), 0);
  EXPECT_TRUE(h.mail(0).empty());  // unlinked when it ended
  EXPECT_TRUE(h.arrive().at_service());
}

TEST_F(LineTest, EveryFreedPermitIsGrantedInTheSamePass) {
  auto limit = h.limit(1);
  Chain& both = h.chain({h.limit(1), h.buffer(), limit});
  Chain& one = h.chain({h.buffer(), limit});
  Exchange& holder = h.arrive("acme", &both);
  Exchange& second = h.arrive("acme", &one);
  Exchange& third = h.arrive("acme", &both);
  EXPECT_EQ(third.status(), 503);
  h.hold_mail();
  h.respond(holder);
  EXPECT_EQ(h.in_use(*limit), 1);  // free for no moment
  EXPECT_THAT(h.mail(0), testing::ElementsAre(&second));
}

TEST_F(LineTest, MailGoesToTheWorkerThatOwnsTheRequest) {
  ChainHarness two(2);
  two.chain({two.buffer(), two.limit(1)});
  Exchange& first = two.arrive("acme", nullptr, 0);
  Exchange& second = two.arrive("acme", nullptr, 1);
  two.hold_mail();
  two.respond(first);
  EXPECT_THAT(two.mail(0), testing::IsEmpty());
  EXPECT_THAT(two.mail(1), testing::ElementsAre(&second));
  two.release_mail();
  EXPECT_TRUE(second.at_service());
}

TEST_F(LineTest, OnlyTheHeadIsArmed) {
  h.chain({h.buffer({.max_wait = 1h}), h.bucket(quota(1, 1s, 1))});
  h.arrive();
  const Time start = h.now();
  Exchange& head = h.arrive();
  Exchange& next = h.arrive();
  EXPECT_EQ(head.next_alarm.at, start + 1s);
  EXPECT_TRUE(head.next_alarm.exact);
  EXPECT_EQ(next.next_alarm.at, start + 1h);
  h.client_leaves(head);
  EXPECT_EQ(next.next_alarm.at, start + 1s);
}

// --- rules 9 and 10

TEST_F(LineTest, AClientThatWentAwayLeavesTheLineAtOnce) {
  auto buffer = h.buffer({.capacity = 1});
  h.chain({buffer, h.limit(1)});
  h.arrive();
  Exchange& second = h.arrive();
  h.advance(40ms);
  h.client_leaves(second);
  EXPECT_EQ(h.depth(*buffer), 0);
  EXPECT_EQ(second.waited, 40ms);
  EXPECT_TRUE(h.arrive().waiting());
}

TEST_F(LineTest, ATenantWithAnEmptyBucketHoldsUpNobodyElse) {
  for (const bool bucket_first : {true, false}) {
    auto bucket = h.bucket(quota(1, 1min, 1));
    auto limit = h.limit(1);
    auto buffer = h.buffer({.max_wait = 10s});
    bucket_first ? h.chain({buffer, bucket, limit}) : h.chain({buffer, limit, bucket});
    Exchange& serving = h.arrive("empty");
    Exchange& passed_over = h.arrive("empty");
    Exchange& other = h.arrive("other");
    h.respond(serving);
    EXPECT_TRUE(other.at_service()) << bucket_first;
    EXPECT_TRUE(passed_over.waiting()) << bucket_first;
    h.respond(other);
    EXPECT_EQ(h.in_use(*limit), 0);
  }
}

TEST_F(LineTest, ATenantAtItsOwnLimitHoldsUpNobodyElse) {
  h.chain({h.buffer(), h.limit_each_tenant(1)});
  h.arrive("acme");
  EXPECT_TRUE(h.arrive("acme").waiting());
  EXPECT_TRUE(h.arrive("beta").at_service());
}

// --- overflow: drop_oldest

TEST_F(LineTest, DropOldestRefusesTheOneThatWaitsLongest) {
  auto buffer = h.buffer({.capacity = 2, .overflow = Buffer::Overflow::drop_oldest});
  h.chain({buffer, h.limit(1)});
  h.arrive();
  Exchange& oldest = h.arrive();
  Exchange& middle = h.arrive();
  Exchange& newest = h.arrive();
  EXPECT_TRUE(oldest.refused_for(Reason::concurrency_limit));
  EXPECT_EQ(oldest.status(), 503);
  EXPECT_GT(oldest.outcome.retry_after, 0s);
  EXPECT_TRUE(middle.waiting());
  EXPECT_TRUE(newest.waiting());
  EXPECT_EQ(h.depth(*buffer), 2);
  EXPECT_EQ(h.numbers(*buffer).queue->dropped, 1u);
  EXPECT_EQ(buffer->rejected.count(Reason::concurrency_limit, oldest.tenant_label), 1u);
}

TEST_F(LineTest, DropOldestSparesWhoIsGrantedAlready) {
  auto buffer = h.buffer({.capacity = 2, .overflow = Buffer::Overflow::drop_oldest});
  h.chain({buffer, h.limit(1)});
  Exchange& serving = h.arrive();
  Exchange& granted = h.arrive();
  Exchange& next = h.arrive();
  h.hold_mail();
  h.respond(serving);
  Exchange& newcomer = h.arrive();
  h.release_mail();
  EXPECT_TRUE(granted.at_service());
  EXPECT_TRUE(next.ended_as(Ending::refused));
  EXPECT_TRUE(newcomer.waiting());
}

TEST_F(LineTest, WhereAllPlacesAreGrantedTheNewcomerIsRefused) {
  auto buffer = h.buffer({.capacity = 1, .overflow = Buffer::Overflow::drop_oldest});
  h.chain({buffer, h.limit(1)});
  Exchange& serving = h.arrive();
  Exchange& granted = h.arrive();
  h.hold_mail();
  h.respond(serving);
  EXPECT_EQ(h.arrive().status(), 503);
  h.release_mail();
  EXPECT_TRUE(granted.at_service());
}

TEST_F(LineTest, ADroppedHeadHandsItsTurnToTheNext) {
  h.chain({h.buffer({.capacity = 2, .max_wait = 1h, .overflow = Buffer::Overflow::drop_oldest}),
           h.bucket(quota(1, 1s, 1))});
  h.arrive();
  Exchange& head = h.arrive();
  Exchange& second = h.arrive();
  Exchange& third = h.arrive();
  EXPECT_EQ(head.status(), 429);
  EXPECT_GE(head.outcome.retry_at, h.now());
  h.advance(1s);
  EXPECT_TRUE(second.at_service());
  h.advance(1s);
  EXPECT_TRUE(third.at_service());
}

TEST_F(LineTest, ADroppedRequestWhoseClientLeavesFirstIsNotLost) {
  auto buffer = h.buffer({.capacity = 1, .overflow = Buffer::Overflow::drop_oldest});
  h.chain({buffer, h.limit(1)});
  h.arrive();
  Exchange& dropped = h.arrive();
  h.hold_mail();
  Exchange& newcomer = h.arrive();
  h.client_leaves(dropped);
  EXPECT_TRUE(dropped.ended_as(Ending::client_gone));
  EXPECT_EQ(h.depth(*buffer), 1);
  EXPECT_TRUE(h.mail(0).empty());
  h.release_mail();
  EXPECT_TRUE(newcomer.waiting());
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
  const FilterNumbers numbers = h.numbers(*buffer);
  EXPECT_NEAR(numbers.queue->depth_seconds, 0.350, 1e-12);
  EXPECT_EQ(numbers.queue->wait.sum_nanoseconds, 350'000'000u);
  EXPECT_EQ(numbers.queue->wait.total(), 3u);  // who did not have to wait counts as well
}

}  // namespace
}  // namespace weir::test
