// Who needs two things at once gets them: no starvation, no going round (DESIGN §3: granted, not
// announced; rules 1 and 10).
#include <gtest/gtest.h>

#include "tests/support/chain_harness.h"

namespace weir::test {
namespace {

using namespace std::chrono_literals;

class ReachTest : public testing::TestWithParam<bool> {
 protected:
  // buffer > the two limiters, in either order.
  Chain& both(const std::shared_ptr<Filter>& bucket, const std::shared_ptr<Filter>& limit) {
    auto buffer = h.buffer({.capacity = 1000, .max_wait = 1h});
    return GetParam() ? h.chain({buffer, bucket, limit}) : h.chain({buffer, limit, bucket});
  }
  ChainHarness h;
};

INSTANTIATE_TEST_SUITE_P(EitherOrder, ReachTest, testing::Bool(), [](const auto& param) {
  return param.param ? std::string("TokenThenPermit") : std::string("PermitThenToken");
});

// The permit is never free when acme's token comes, since beta's requests keep it busy; and when it
// is freed acme is the one that came first.
TEST_P(ReachTest, TheOldestGetsThroughThoughTokenAndPermitNeverComeTogether) {
  auto bucket = h.bucket(quota(1, 1s, 1));
  Chain& chain = both(bucket, h.limit(1));
  Exchange& spends = h.arrive("acme", &chain);
  h.respond(spends);  // its token is gone for a second
  Exchange* serving = &h.arrive("b0", &chain);
  Exchange& oldest = h.arrive("acme", &chain);
  int tenant = 0;
  for (int i = 0; i < 40 && !oldest.at_service(); ++i) {
    Exchange& next = h.arrive("b" + std::to_string(tenant++ % 10), &chain);
    h.advance(110ms);
    Exchange& after = h.arrive("b" + std::to_string(tenant++ % 10), &chain);
    h.respond(*serving);
    serving = nullptr;
    for (Exchange* x : h.inside()) {
      if (x->at_service()) serving = x;
    }
    ASSERT_NE(serving, nullptr) << next.id << " " << after.id;
  }
  EXPECT_TRUE(oldest.at_service());
  EXPECT_LE(oldest.waited, 1100ms + 110ms);
}

// As above, but younger requests of acme's own take whatever they can get.
TEST_P(ReachTest, YoungerRequestsOfTheSameTenantDoNotOvertake) {
  auto bucket = h.bucket(quota(10, 1s, 1));
  Chain& chain = both(bucket, h.limit(1));
  std::vector<Exchange*> all;
  for (int i = 0; i < 30; ++i) all.push_back(&h.arrive("acme", &chain));
  std::size_t next = 0;
  for (int i = 0; i < 200 && next < all.size(); ++i) {
    h.advance(37ms);
    if (!all[next]->at_service()) continue;
    for (std::size_t j = next + 1; j < all.size(); ++j) ASSERT_TRUE(all[j]->waiting()) << j;
    h.respond(*all[next++]);
  }
  EXPECT_EQ(next, all.size());
}

// Each holds a grant that the other needs, and a third one stands by: without an order between them
// the halves went round for ever (found by RandomChainTest).
TEST(GoingRoundTest, ThreeRequestsDoNotPassTwoHalvesRound) {
  ChainHarness h;
  auto first_half = h.limit(1);
  auto second_half = h.limit(1);
  Chain& needs_both = h.chain({h.buffer({.max_wait = 1h}), first_half, second_half});
  Chain& needs_first = h.chain({first_half});
  Chain& needs_second = h.chain({second_half});
  Exchange& holds_second = h.arrive("acme", &needs_second);
  Exchange& a = h.arrive("acme", &needs_both);  // waits for the second half
  Exchange& b = h.arrive("acme", &needs_both);  // as well
  h.hold_mail();
  Exchange& holds_first = h.arrive("acme", &needs_first);
  Exchange& c = h.arrive("acme", &needs_both);  // waits for the first half
  h.respond(holds_second);                      // a is granted the second half …
  h.respond(holds_first);                       // … and c the first one
  int delivered = 0;
  while (h.deliver_one(0)) ASSERT_LT(++delivered, 20);
  EXPECT_TRUE(a.at_service());
  EXPECT_TRUE(b.waiting());
  EXPECT_TRUE(c.waiting());
  h.release_mail();
  h.respond(a);
  EXPECT_TRUE(b.at_service());
  h.respond(b);
  EXPECT_TRUE(c.at_service());
}

TEST(GoingRoundTest, WhoCameFirstTakesOverAGrantNotYetUsed) {
  ChainHarness h;
  auto limit = h.limit(1);
  auto bucket = h.bucket(quota(1, 1s, 1));
  Chain& both = h.chain({h.buffer({.max_wait = 1h}), bucket, limit});
  Chain& permit = h.chain({h.buffer({.max_wait = 1h}), limit});
  h.write(h.arrive("acme", &h.chain({bucket})));  // the token is spent
  Exchange& serving = h.arrive("beta", &permit);
  Exchange& older = h.arrive("acme", &both);
  Exchange& younger = h.arrive("beta", &permit);
  h.hold_mail();
  h.advance(1s - 1ns);
  h.respond(serving);  // granted to the younger, which has not heard of it when the token comes
  h.advance(1ns);
  EXPECT_TRUE(older.at_service());
  EXPECT_EQ(h.in_use(*limit), 1);
  h.release_mail();
  EXPECT_TRUE(younger.waiting());
  h.respond(older);
  EXPECT_TRUE(younger.at_service());
  h.respond(younger);
  EXPECT_EQ(h.in_use(*limit), 0);
}

TEST(GoingRoundTest, WhoseGrantWasTakenOverMayLeave) {
  ChainHarness h;
  auto limit = h.limit(1);
  auto bucket = h.bucket(quota(1, 1s, 1));
  Chain& both = h.chain({h.buffer({.max_wait = 1h}), bucket, limit});
  auto line = h.buffer({.max_wait = 1h});
  Chain& permit = h.chain({line, limit});
  h.write(h.arrive("acme", &h.chain({bucket})));
  Exchange& serving = h.arrive("beta", &permit);
  Exchange& older = h.arrive("acme", &both);
  Exchange& younger = h.arrive("beta", &permit);
  Exchange& youngest = h.arrive("beta", &permit);
  h.hold_mail();
  h.set_clock(h.now() + 1s);
  h.respond(serving);
  h.advance(0s);
  h.client_leaves(younger);
  EXPECT_EQ(h.depth(*line), 1);
  h.release_mail();
  h.respond(older);
  EXPECT_TRUE(youngest.at_service());
}

// A wait with a grant inside a timeout that rings: nothing of it may stay behind.
TEST(GoingRoundTest, ATimeoutBetweenTwoLinesEndsTheInnerWait) {
  ChainHarness h;
  auto limit = h.limit(1);
  auto inner = h.buffer({.max_wait = 1h});
  h.chain({h.buffer(), h.timeout(100ms), inner, limit});
  Exchange& serving = h.arrive();
  h.advance(50ms);
  Exchange& granted = h.arrive();
  Exchange& next = h.arrive();
  h.hold_mail();
  h.respond(serving);
  h.set_clock(h.now() + 100ms);
  h.wake(granted);
  EXPECT_TRUE(granted.refused_for(Reason::deadline_in_queue));
  EXPECT_EQ(h.depth(*inner), 1);
  EXPECT_NE(next.grant.cause, nullptr);
  h.client_leaves(next);
  EXPECT_EQ(h.in_use(*limit), 0);
}

TEST(RetryLineTest, OneThatComesBackTakesItsPlaceByItsFirstArrival) {
  ChainHarness h;
  auto limit = h.limit(1);
  h.chain({h.buffer({.max_wait = 1h}), h.retry(h.tries(2, 100ms)), limit});
  Exchange& first = h.arrive();
  h.advance(1ms);
  Exchange& second = h.arrive();
  Exchange& third = h.arrive();
  h.head(first, 503);
  EXPECT_TRUE(second.at_service());
  h.advance(100ms);  // back from its pause: behind the second, before the third
  h.respond(second);
  EXPECT_TRUE(first.at_service());
  EXPECT_TRUE(third.waiting());
}

}  // namespace
}  // namespace weir::test
