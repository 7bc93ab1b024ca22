// Whom a grant goes to, who leaves the line, and who is passed over (DESIGN §3: granted, not
// announced; rules 9 and 10).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/chain_harness.h"

namespace weir::test {
namespace {

using namespace std::chrono_literals;

class GrantTest : public testing::Test {
 protected:
  ChainHarness h;
};

TEST_F(GrantTest, GrantOfADepartedRequestPassesOn) {
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

TEST_F(GrantTest, GrantOfATimedOutRequestPassesOn) {
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

TEST_F(GrantTest, GrantOfOneThatTurnsBusyElsewherePassesOn) {
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

TEST_F(GrantTest, GrantThatNobodyTakesIsFreeAgain) {
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

TEST_F(GrantTest, EveryFreedPermitIsGrantedInTheSamePass) {
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

TEST_F(GrantTest, MailGoesToTheWorkerThatOwnsTheRequest) {
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

TEST_F(GrantTest, OnlyTheHeadIsArmed) {
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

TEST_F(GrantTest, AClientThatWentAwayLeavesTheLineAtOnce) {
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

TEST_F(GrantTest, ATenantWithAnEmptyBucketHoldsUpNobodyElse) {
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

TEST_F(GrantTest, ATenantAtItsOwnLimitHoldsUpNobodyElse) {
  h.chain({h.buffer(), h.limit_each_tenant(1)});
  h.arrive("acme");
  EXPECT_TRUE(h.arrive("acme").waiting());
  EXPECT_TRUE(h.arrive("beta").at_service());
}

// --- overflow: drop_oldest

TEST_F(GrantTest, DropOldestRefusesTheOneThatWaitsLongest) {
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
  EXPECT_EQ(h.stats(*buffer).queue->dropped, 1u);
  EXPECT_EQ(buffer->rejected.count(Reason::concurrency_limit, oldest.tenant_label), 1u);
}

TEST_F(GrantTest, DropOldestSparesWhoIsGrantedAlready) {
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
  EXPECT_TRUE(next.ended_as(EndReason::refused));
  EXPECT_TRUE(newcomer.waiting());
}

TEST_F(GrantTest, WhereAllPlacesAreGrantedTheNewcomerIsRefused) {
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

TEST_F(GrantTest, ADroppedHeadHandsItsTurnToTheNext) {
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

TEST_F(GrantTest, ADroppedRequestWhoseClientLeavesFirstIsNotLost) {
  auto buffer = h.buffer({.capacity = 1, .overflow = Buffer::Overflow::drop_oldest});
  h.chain({buffer, h.limit(1)});
  h.arrive();
  Exchange& dropped = h.arrive();
  h.hold_mail();
  Exchange& newcomer = h.arrive();
  h.client_leaves(dropped);
  EXPECT_TRUE(dropped.ended_as(EndReason::client_gone));
  EXPECT_EQ(h.depth(*buffer), 1);
  EXPECT_TRUE(h.mail(0).empty());
  h.release_mail();
  EXPECT_TRUE(newcomer.waiting());
}

}  // namespace
}  // namespace weir::test
