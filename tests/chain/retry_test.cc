// Retries in a chain (DESIGN §3, rules 3, 6, 9, 11).
#include <gtest/gtest.h>

#include "tests/support/chain_harness.h"

namespace weir::test {
namespace {

using namespace std::chrono_literals;

class RetryTest : public testing::Test {
 protected:
  std::uint64_t results(const Filter& retry, RetryResult result) {
    return h.stats(retry).retries->results[static_cast<std::size_t>(result)];
  }
  ChainHarness h;
};

// --- rule 3

TEST_F(RetryTest, IsDecidedOnTheHeadBeforeAByteReachesTheClient) {
  h.chain({h.retry(h.tries(2))});
  Exchange& x = h.arrive();
  h.head(x, 503);
  EXPECT_TRUE(x.at_service());
  EXPECT_FALSE(x.committed);
  h.head(x, 200);
  EXPECT_TRUE(x.streaming());
  EXPECT_TRUE(x.committed);
}

TEST_F(RetryTest, NothingIsTriedAgainOnceTheHeadIsOut) {
  auto retry = h.retry(h.tries(3));
  h.chain({retry, h.timeout({.head = {}, .total = 1s, .idle = {}})});
  Exchange& x = h.arrive();
  h.head(x, 200);
  h.advance(1s);  // the try's total timeout rings in the middle of the body
  EXPECT_TRUE(x.ended_as(EndReason::timed_out));
  EXPECT_EQ(x.sent, 1);
  EXPECT_EQ(results(*retry, RetryResult::taken), 0u);
}

TEST_F(RetryTest, OnlyWhatIsListedIsTriedAgain) {
  Retry::Params only_503 = h.tries(2);
  only_503.on_connect_failure = only_503.on_reset = only_503.on_timeout = false;
  h.chain({h.retry(only_503)});
  for (const int code : {200, 404, 500, 502, 504, 599}) {
    const auto status = static_cast<std::uint16_t>(code);
    Exchange& x = h.arrive();
    h.head(x, status);
    EXPECT_EQ(x.status(), status);
    EXPECT_EQ(x.sent, 1) << status;
  }
  for (const Reason why : {Reason::connect_failure, Reason::upstream_reset,
                           Reason::upstream_truncated, Reason::upstream_malformed}) {
    Exchange& x = h.arrive();
    h.fail(x, why);
    EXPECT_EQ(x.status(), 502);
    EXPECT_EQ(x.sent, 1) << to_string(why);
  }
}

TEST_F(RetryTest, OnlyIdempotentMethodsUnlessSaidOtherwise) {
  Retry::Params with_post = h.tries(2);
  with_post.methods = {"POST"};
  Chain& standard = h.chain({h.retry(h.tries(2))});
  Chain& post_only = h.chain({h.retry(with_post)});
  for (const std::string_view method :
       {"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "POST", "PATCH", "get", "CONNECT"}) {
    for (Chain* chain : {&standard, &post_only}) {
      Exchange& x = h.arrive_with([&](Exchange& e) { e.method = method; }, "acme", chain);
      h.fail(x, Reason::connect_failure);
      const bool idempotent =
          method != "POST" && method != "PATCH" && method != "get" && method != "CONNECT";
      EXPECT_EQ(x.at_service(), chain == &standard ? idempotent : method == "POST") << method;
    }
  }
}

TEST_F(RetryTest, ABodyThatIsNoLongerHeldIsNotSentAgain) {
  auto retry = h.retry(h.tries(2));
  h.chain({retry});
  Exchange& x = h.arrive();
  x.replayable = false;
  h.fail(x, Reason::upstream_reset);
  EXPECT_EQ(x.status(), 502);
  EXPECT_EQ(results(*retry, RetryResult::not_replayable), 1u);
}

// --- rule 6

TEST_F(RetryTest, DrawsOnItsBudgetBeforeTheBackoff) {
  Retry::Params params = h.tries(5, 100ms);
  params.budget_share = 0;
  params.budget_per_second = 0.1;  // one in ten seconds
  auto retry = h.retry(params);
  h.chain({retry});
  Exchange& first = h.arrive();
  Exchange& second = h.arrive();
  h.head(first, 503);
  EXPECT_TRUE(first.waiting());
  h.head(second, 503);  // the budget is spent though no retry has been sent yet
  EXPECT_TRUE(second.streaming());
  EXPECT_EQ(second.status(), 503);
  EXPECT_EQ(results(*retry, RetryResult::budget_exhausted), 1u);
  h.advance(100ms);
  EXPECT_TRUE(first.at_service());
}

TEST_F(RetryTest, TheServicesOwnAnswerGoesOutWhenAttemptsAreOut) {
  auto retry = h.retry(h.tries(3));
  h.chain({retry});
  Exchange& x = h.arrive();
  for (int i = 0; i < 3; ++i) h.head(x, 503);
  EXPECT_TRUE(x.streaming());
  EXPECT_EQ(x.outcome.type, Outcome::Type::response);
  EXPECT_EQ(x.sent, 3);
  EXPECT_EQ(results(*retry, RetryResult::attempts_exhausted), 1u);
}

TEST_F(RetryTest, BackoffDoublesUpToItsMaximum) {
  Retry::Params params = h.tries(6, 100ms);
  params.max = 350ms;
  h.chain({h.retry(params)});
  Exchange& x = h.arrive();
  for (const Duration pause : {100ms, 200ms, 350ms, 350ms}) {
    const Time failed = h.now();
    h.head(x, 503);
    h.advance(1s);
    EXPECT_EQ(x.sent_at, failed + pause);
  }
}

TEST_F(RetryTest, FullJitterStaysWithinTheBackoff) {
  Retry::Params params = h.tries(2, 100ms);
  params.full_jitter = true;
  h.chain({h.retry(params)});
  Duration least = 1s, most{0};
  for (int i = 0; i < 200; ++i) {
    Exchange& x = h.arrive();
    const Time failed = h.now();
    h.head(x, 503);
    h.advance(200ms);
    ASSERT_TRUE(x.at_service());
    least = std::min(least, x.sent_at - failed);
    most = std::max(most, x.sent_at - failed);
    h.respond(x);
  }
  EXPECT_LE(most, 100ms);
  EXPECT_GT(most, 90ms);
  EXPECT_LT(least, 10ms);
}

TEST_F(RetryTest, ABackoffBeyondTheDeadlineIsNotTaken) {
  auto retry = h.retry(h.tries(3, 100ms));
  h.chain({h.timeout(250ms), retry});
  Exchange& x = h.arrive();
  h.head(x, 503);  // 100 ms: fits
  h.advance(100ms);
  ASSERT_TRUE(x.at_service());
  h.head(x, 503);  // 200 ms more would end at 300 ms
  EXPECT_TRUE(x.streaming());
  EXPECT_EQ(x.status(), 503);
  EXPECT_EQ(results(*retry, RetryResult::no_time), 1u);
}

TEST_F(RetryTest, ARetryAfterIsKeptTo) {
  h.chain({h.retry(h.tries(2, 10ms))});
  Exchange& x = h.arrive();
  const Time failed = h.now();
  h.head(x, 503, 700ms);
  h.advance(1s);
  EXPECT_EQ(x.sent_at, failed + 700ms);
}

TEST_F(RetryTest, ARetryAfterBeyondTheMaximumOrTheDeadlineIsNotTaken) {
  Retry::Params params = h.tries(2, 10ms);
  params.max = 1s;
  Chain& plain = h.chain({h.retry(params)});
  Chain& with_deadline = h.chain({h.timeout(500ms), h.retry(params)});
  Exchange& beyond_max = h.arrive("acme", &plain);
  h.head(beyond_max, 503, 1s + 1ns);
  EXPECT_TRUE(beyond_max.streaming());
  Exchange& beyond_deadline = h.arrive("acme", &with_deadline);
  h.head(beyond_deadline, 503, 600ms);
  EXPECT_TRUE(beyond_deadline.streaming());
}

TEST_F(RetryTest, TheDeadlineStandsStillWhileTheClientSends) {
  h.chain({h.timeout(1s), h.retry(h.tries(2, 100ms))});
  Exchange& x = h.arrive();
  x.client_wait_begins(h.now());
  h.advance(5s);
  x.client_wait_ends(h.now());
  h.advance(100ms);
  h.head(x, 503);  // 100 ms of its second are used, so there is time
  EXPECT_TRUE(x.waiting());
  h.advance(100ms);
  EXPECT_TRUE(x.at_service());
}

TEST_F(RetryTest, ATimeoutThatBeginsAnewAfterAWaitBoundsAnew) {
  h.chain({h.buffer({.max_wait = 10s}), h.timeout(1s), h.retry(h.tries(2, 100ms)), h.limit(1)});
  Exchange& holder = h.arrive();
  Exchange& waiter = h.arrive();
  h.advance(950ms);
  h.respond(holder);
  ASSERT_TRUE(waiter.at_service());  // its second begins now
  h.head(waiter, 503);
  EXPECT_TRUE(waiter.waiting());
  h.advance(100ms);
  EXPECT_TRUE(waiter.at_service());
}

TEST_F(RetryTest, TheTrysOwnTimeoutDoesNotBoundTheBackoff) {
  h.chain({h.timeout(10s), h.retry(h.tries(2, 500ms)), h.timeout(100ms)});
  Exchange& x = h.arrive();
  h.advance(100ms);
  EXPECT_TRUE(x.waiting());
  h.advance(500ms);
  EXPECT_TRUE(x.at_service());
  h.advance(100ms);
  EXPECT_EQ(x.status(), 504);
  EXPECT_TRUE(x.refused_for(Reason::head_timeout));
}

TEST_F(RetryTest, AClientThatLeavesDuringTheBackoffEndsIt) {
  auto limit = h.limit(1);
  h.chain({limit, h.retry(h.tries(2, 100ms))});
  Exchange& x = h.arrive();
  h.head(x, 503);
  EXPECT_TRUE(x.waiting());
  h.client_leaves(x);
  EXPECT_TRUE(x.ended_as(EndReason::client_gone));
  EXPECT_EQ(h.in_use(*limit), 0);
}

// --- rule 9

TEST_F(RetryTest, AnAbandonedRequestIsNeverTriedAgain) {
  for (const bool by_timeout : {false, true}) {
    h.chain({h.retry(h.tries(3)), h.timeout(1s)});
    Exchange& x = h.arrive();
    h.write(x);
    h.client_leaves(x);
    EXPECT_TRUE(x.at_service());
    by_timeout ? h.advance(1s) : h.head(x, 503);
    EXPECT_TRUE(x.ended());
    EXPECT_EQ(x.sent, 1);
  }
}

// --- rule 11

TEST_F(RetryTest, ThePermitOutsideIsHeldThroughTheBackoff) {
  auto limit = h.limit(1);
  h.chain({limit, h.retry(h.tries(2, 100ms))});
  Exchange& x = h.arrive();
  h.head(x, 503);
  EXPECT_EQ(h.in_use(*limit), 1);
  EXPECT_EQ(h.arrive().status(), 503);
  h.advance(100ms);
  EXPECT_TRUE(x.at_service());
}

TEST_F(RetryTest, InsideEachTryAsksAnew) {
  auto limit = h.limit(1);
  h.chain({h.buffer(), h.retry(h.tries(2, 100ms)), limit});
  Exchange& first = h.arrive();
  Exchange& second = h.arrive();
  h.head(first, 503);
  EXPECT_TRUE(first.waiting());
  EXPECT_TRUE(second.at_service());  // in the meantime
  h.advance(100ms);
  EXPECT_TRUE(first.waiting());  // in the line now
  h.respond(second);
  EXPECT_TRUE(first.at_service());
  EXPECT_EQ(first.sent, 2);
}

TEST_F(RetryTest, TheNumberOfTriesSurvivesAWaitFurtherOut) {
  auto limit = h.limit(1);
  auto retry = h.retry(h.tries(2, 100ms));
  Chain& trying = h.chain({h.buffer(), retry, limit});
  Chain& other = h.chain({h.buffer(), limit});
  Exchange& x = h.arrive("acme", &trying);
  Exchange& y = h.arrive("acme", &other);
  h.head(x, 503);
  h.advance(100ms);
  ASSERT_TRUE(x.waiting());  // its second try waits in the line, its visit at retry is gone
  h.respond(y);
  ASSERT_TRUE(x.at_service());
  h.head(x, 503);
  EXPECT_TRUE(x.streaming());  // both tries are used up
  EXPECT_EQ(x.sent, 2);
}

TEST_F(RetryTest, AWaitInTheLineIsNoTry) {
  auto limit = h.limit(1);
  h.chain({h.buffer(), h.retry(h.tries(2)), limit});
  Exchange& first = h.arrive();
  Exchange& second = h.arrive();
  h.respond(first);
  ASSERT_TRUE(second.at_service());
  h.head(second, 503);
  EXPECT_TRUE(second.at_service());  // its first try was the one at the service
}

TEST_F(RetryTest, ARequestCountsOnceForTheBudgetHoweverOftenItWaits) {
  Retry::Params params = h.tries(2);
  params.budget_share = 1;
  params.budget_per_second = 0;
  auto retry = h.retry(params);
  h.chain({h.buffer({.max_wait = 10s}), retry, h.bucket(quota(1, 1s, 1)), h.limit(1)});
  Exchange& first = h.arrive();
  h.write(first);
  Exchange& second = h.arrive();
  h.advance(1s);  // a token, but no permit: it comes to retry again and again
  h.respond(first);
  EXPECT_TRUE(second.at_service());
  EXPECT_EQ(h.stats(*retry).retries->available, 2.0);
}

}  // namespace
}  // namespace weir::test
