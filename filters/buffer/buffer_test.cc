// What a buffer says of itself. How it behaves in a chain is told in tests/chain/line_test.cc.
#include "filters/buffer/buffer.h"

#include <gtest/gtest.h>

#include "tests/support/chain_harness.h"

namespace weir::test {
namespace {

using namespace std::chrono_literals;

TEST(BufferTest, AdvisesTheTimeInWhichTheLineDrains) {
  ChainHarness h;
  h.chain({h.buffer({.capacity = 20, .max_wait = 1h}), h.limit(1)});
  std::vector<Exchange*> line;
  for (int i = 0; i < 21; ++i) line.push_back(&h.arrive());
  std::size_t next = 0;
  for (int i = 0; i < 40; ++i) {  // ten a second
    h.advance(100ms);
    h.respond(*line[next++]);
    line.push_back(&h.arrive());
  }
  Duration least = 1h, most{0};
  for (int i = 0; i < 100; ++i) {
    Exchange& refused = h.arrive();
    ASSERT_EQ(refused.status(), 503);
    least = std::min(least, refused.outcome.retry_after);
    most = std::max(most, refused.outcome.retry_after);
  }
  EXPECT_GE(least, 1700ms);     // 20 at about 10/s
  EXPECT_LE(most, 4s);          // and up to as much again
  EXPECT_GT(most - least, 1s);  // so that they do not come back as one
}

TEST(BufferTest, AdvisesSomethingBeforeItKnowsARate) {
  ChainHarness h;
  h.chain({h.buffer({.capacity = 0, .max_wait = 200ms}), h.limit(1)});
  h.arrive();
  const Duration advice = h.arrive().outcome.retry_after;
  EXPECT_GE(advice, 200ms);
  EXPECT_LE(advice, 200ms + 1s);
}

TEST(BufferTest, CountsItsDepthByLabel) {
  ChainHarness h;
  auto buffer = h.buffer();
  h.chain({buffer, h.limit(1)});
  h.arrive("acme");
  h.arrive("acme");
  h.arrive("beta");
  h.arrive("beta");
  const FilterStats numbers = h.stats(*buffer);
  EXPECT_EQ(numbers.queue->depth[h.tenant("acme").label], 1);
  EXPECT_EQ(numbers.queue->depth[h.tenant("beta").label], 2);
  TenantStats of_beta;
  buffer->tenant_stats(h.tenant("beta"), h.now(), of_beta);
  EXPECT_EQ(of_beta.waiting, 2);
}

TEST(BufferTest, TheIntegralGoesOnBetweenEvents) {
  ChainHarness h;
  auto buffer = h.buffer({.max_wait = 1h});
  h.chain({buffer, h.limit(1)});
  h.arrive();
  h.arrive();
  h.arrive();
  h.set_clock(h.now() + 250ms);
  EXPECT_NEAR(h.stats(*buffer).queue->depth_seconds, 0.5, 1e-12);
  h.set_clock(h.now() + 250ms);
  EXPECT_NEAR(h.stats(*buffer).queue->depth_seconds, 1.0, 1e-12);
}

TEST(BufferTest, SaysHowItRefused) {
  ChainHarness h;
  auto buffer = h.buffer({.capacity = 1, .max_wait = 100ms});
  h.chain({buffer, h.limit(1)});
  h.arrive();
  h.arrive();  // expires
  h.arrive();  // full
  h.advance(100ms);
  const FilterStats numbers = h.stats(*buffer);
  EXPECT_EQ(numbers.queue->full, 1u);
  EXPECT_EQ(numbers.queue->expired, 1u);
  EXPECT_EQ(numbers.queue->dropped, 0u);
  EXPECT_EQ(numbers.queue->wait.total(), 2u);
}

}  // namespace
}  // namespace weir::test
