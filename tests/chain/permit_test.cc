// How long a permit is held, and who ends a request (DESIGN §3, rules 2, 5, 8, 9; the one end).
#include <gtest/gtest.h>

#include "tests/support/chain_harness.h"

namespace weir::test {
namespace {

using namespace std::chrono_literals;

class PermitTest : public testing::Test {
 protected:
  ChainHarness h;
};

// --- rule 2

TEST_F(PermitTest, APermitIsHeldUntilTheLastByteNotTheHead) {
  auto limit = h.limit(1);
  h.chain({limit});
  Exchange& x = h.arrive();
  h.head(x, 200);
  EXPECT_EQ(h.in_use(*limit), 1);
  EXPECT_EQ(h.arrive().status(), 503);
  h.finish(x);
  EXPECT_EQ(h.in_use(*limit), 0);
}

TEST_F(PermitTest, AFailedTryGivesItsPermitBackBeforeTheNextOneAsks) {
  auto limit = h.limit(1);
  h.chain({h.retry(h.tries(2)), limit});
  Exchange& x = h.arrive();
  h.fail(x, Reason::upstream_reset);
  EXPECT_TRUE(x.at_service());
  EXPECT_EQ(h.in_use(*limit), 1);
}

TEST_F(PermitTest, ThePoolOfConnectionsIsTheInnermostLimiter) {
  ConcurrencyLimit::Params pool_params;
  pool_params.limit = 1;
  pool_params.reason = Reason::upstream_connections;
  auto pool = std::make_shared<ConcurrencyLimit>(pool_params, h.context());
  Chain& queued = h.chain({h.buffer({.capacity = 1}), h.limit(8), pool});
  Exchange& first = h.arrive("acme", &queued);
  Exchange& second = h.arrive("acme", &queued);
  EXPECT_TRUE(second.waiting());
  Exchange& third = h.arrive("acme", &queued);
  EXPECT_TRUE(third.refused_for(Reason::upstream_connections));
  EXPECT_EQ(third.status(), 503);
  h.respond(first);
  EXPECT_TRUE(second.at_service());
}

TEST_F(PermitTest, WaitingAtAFilterDestroysEveryVisitInside) {
  auto outer = h.limit(9);
  auto inner = h.limit(9);
  h.chain({outer, h.buffer({.max_wait = 1h}), inner, h.limit(1)});
  h.arrive();
  h.arrive();
  EXPECT_EQ(h.in_use(*outer), 2);
  EXPECT_EQ(h.in_use(*inner), 1);
}

TEST_F(PermitTest, EveryEndingGivesEverythingBack) {
  auto outer = h.limit(9);
  auto inner = h.limit(9);
  h.chain({h.timeout(1s), outer, h.bucket(quota(1000, 1s, 1000)), inner});
  h.respond(h.arrive());
  h.fail(h.arrive(), Reason::upstream_malformed);
  h.client_leaves(h.arrive());
  h.arrive();
  h.advance(1s);
  EXPECT_EQ(h.in_use(*outer), 0);
  EXPECT_EQ(h.in_use(*inner), 0);
  EXPECT_TRUE(h.inside().empty());
}

// --- rule 9

TEST_F(PermitTest, AnAbandonedRequestHoldsItsPermitUntilTheAnswersHead) {
  auto limit = h.limit(1);
  h.chain({limit});
  Exchange& x = h.arrive();
  h.write(x);
  h.client_leaves(x);
  EXPECT_EQ(h.in_use(*limit), 1);
  h.head(x, 200);
  EXPECT_TRUE(x.ended_as(EndReason::client_gone));
  EXPECT_EQ(h.in_use(*limit), 0);
}

TEST_F(PermitTest, AnAbandonedRequestStillTimesOut) {
  auto limit = h.limit(1);
  h.chain({h.timeout(1s), limit});
  Exchange& x = h.arrive();
  h.write(x);
  h.client_leaves(x);
  h.advance(1s);
  EXPECT_TRUE(x.ended());
  EXPECT_EQ(h.in_use(*limit), 0);
}

TEST_F(PermitTest, AnUploadCutShortIsCancelledAtOnce) {
  auto limit = h.limit(1);
  h.chain({limit});
  Exchange& x = h.arrive();
  h.write(x);
  h.client_leaves(x, true);
  EXPECT_EQ(h.in_use(*limit), 0);
}

TEST_F(PermitTest, AResponseAlreadyStreamingIsCancelledAtOnce) {
  auto limit = h.limit(1);
  h.chain({limit});
  Exchange& x = h.arrive();
  h.head(x, 200);
  h.client_leaves(x);
  EXPECT_TRUE(x.ended());
  EXPECT_EQ(h.in_use(*limit), 0);
}

// --- rule 8

TEST_F(PermitTest, EveryFinalRefusalIsCountedOnceWhereItWasMade) {
  auto buffer = h.buffer({.capacity = 1, .max_wait = 10ms});
  auto limit = h.limit(1);
  auto shed = h.load_shed();
  Chain& lined = h.chain({buffer, limit});
  Chain& shedding = h.chain({shed, limit});
  Chain& bare = h.chain({limit});
  h.arrive("acme", &lined);
  h.arrive("acme", &lined);  // expires
  h.arrive("acme", &lined);  // full
  h.arrive("acme", &shedding);
  h.arrive("acme", &bare);
  h.advance(10ms);
  EXPECT_EQ(buffer->rejected.count(Reason::concurrency_limit, 0), 2u);
  EXPECT_EQ(shed->rejected.count(Reason::concurrency_limit, 0), 1u);
  EXPECT_EQ(limit->rejected.count(Reason::concurrency_limit, 0), 1u);
}

TEST_F(PermitTest, ABusyThatALineTakesIsNoRefusal) {
  auto buffer = h.buffer();
  auto limit = h.limit(1);
  h.chain({buffer, limit});
  Exchange& first = h.arrive();
  h.arrive();
  h.respond(first);
  EXPECT_EQ(buffer->rejected.total() + limit->rejected.total(), 0u);
}

TEST_F(PermitTest, EveryReasonHasAWordOfItsOwn) {
  std::vector<std::string_view> words;
  for (int i = 0; i < static_cast<int>(Reason::count_); ++i) {
    const std::string_view word = to_string(static_cast<Reason>(i));
    EXPECT_NE(word, "unknown") << i;
    EXPECT_EQ(std::count(words.begin(), words.end(), word), 0) << word;
    words.push_back(word);
  }
}

// --- shadow mode

TEST_F(PermitTest, AShadowLimitCountsAndLetsPass) {
  auto limit = h.limit(1, false);
  h.chain({h.buffer(), limit});
  Exchange& first = h.arrive();
  Exchange& second = h.arrive();
  EXPECT_TRUE(second.at_service());
  EXPECT_EQ(h.in_use(*limit), 1);
  EXPECT_EQ(limit->shadow_rejected.count(Reason::concurrency_limit, 0), 1u);
  h.respond(second);  // held none
  EXPECT_EQ(h.in_use(*limit), 1);
  h.respond(first);
  EXPECT_EQ(h.in_use(*limit), 0);
}

// --- the edges of a chain

TEST_F(PermitTest, AnEmptyChainSendsAndCommits) {
  h.chain({});
  Exchange& x = h.arrive();
  EXPECT_TRUE(x.at_service());
  h.respond(x, 404);
  EXPECT_TRUE(x.ended_as(EndReason::complete));
  Exchange& y = h.arrive();
  h.fail(y, Reason::connect_failure);
  EXPECT_EQ(y.status(), 502);
}

TEST_F(PermitTest, AChainMayHaveTheMostFiltersThereAre) {
  ChainHarness::Filters filters;
  for (std::size_t i = 0; i < kMaxFilters; ++i) filters.push_back(h.limit(1));
  h.chain(filters);
  Exchange& x = h.arrive();
  EXPECT_TRUE(x.at_service());
  h.respond(x);
  for (const auto& filter : filters) EXPECT_EQ(h.in_use(*filter), 0);
}

TEST_F(PermitTest, ARequestThatIsUsedAgainStartsFromNothing) {
  h.recycle = true;
  h.chain({h.timeout(1s), h.retry(h.tries(2)), h.limit(1)});
  Exchange& x = h.arrive();
  h.fail(x, Reason::upstream_reset);
  h.fail(x, Reason::upstream_reset);
  Exchange& again = h.arrive();
  ASSERT_EQ(&again, &x);
  EXPECT_EQ(again.attempts, 1u);
  EXPECT_EQ(again.waited, 0s);
  h.fail(again, Reason::upstream_reset);
  EXPECT_TRUE(again.at_service());  // its two tries are its own
}

}  // namespace
}  // namespace weir::test
