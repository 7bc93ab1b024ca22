#include "filters/concurrency_limit/concurrency_limit.h"

#include <gtest/gtest.h>

#include "tests/support/chain_harness.h"

namespace weir::test {
namespace {

using namespace std::chrono_literals;

class ConcurrencyLimitTest : public testing::Test {
 protected:
  std::shared_ptr<ConcurrencyLimit> of_keys(std::int64_t limit, std::int64_t max_keys) {
    ConcurrencyLimit::Params params;
    params.limit = limit;
    params.keyed = true;
    params.max_keys = max_keys;
    return std::make_shared<ConcurrencyLimit>(params, h.context());
  }
  ChainHarness h;
};

TEST_F(ConcurrencyLimitTest, LetsSoManyInAndNoMore) {
  auto limit = h.limit(3);
  h.chain({limit});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(h.arrive().at_service());
  Exchange& fourth = h.arrive();
  EXPECT_TRUE(fourth.refused_for(Reason::concurrency_limit));
  EXPECT_EQ(fourth.outcome.filter, limit.get());
  EXPECT_EQ(h.in_use(*limit), 3);
}

TEST_F(ConcurrencyLimitTest, ATenantsOwnLimitWins) {
  ConcurrencyLimit::Params params;
  params.keyed = params.by_tenant = true;
  params.limit = 1;
  params.tenants = ChainHarness::kLabels;
  h.chain({std::make_shared<ConcurrencyLimit>(params, h.context())});
  h.tenant("acme").concurrency = 2;
  EXPECT_TRUE(h.arrive("acme").at_service());
  EXPECT_TRUE(h.arrive("acme").at_service());
  EXPECT_EQ(h.arrive("acme").status(), 503);
  EXPECT_TRUE(h.arrive("beta").at_service());
  EXPECT_EQ(h.arrive("beta").status(), 503);
}

TEST_F(ConcurrencyLimitTest, WithoutALimitOfItsOwnATenantPasses) {
  ConcurrencyLimit::Params params;
  params.keyed = params.by_tenant = true;
  params.tenants = ChainHarness::kLabels;
  auto limit = std::make_shared<ConcurrencyLimit>(params, h.context());
  h.chain({h.buffer(), limit});
  h.tenant("acme").concurrency = 1;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(h.arrive("free").at_service());
  EXPECT_TRUE(h.arrive("acme").at_service());
  EXPECT_TRUE(h.arrive("acme").waiting());
  EXPECT_EQ(h.in_use(*limit), 1);
}

TEST_F(ConcurrencyLimitTest, EveryKeyHasAPoolOfItsOwn) {
  auto limit = of_keys(1, 1000);
  h.chain({limit});
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(h.arrive("k" + std::to_string(i)).at_service()) << i;
  for (int i = 0; i < 50; ++i) EXPECT_EQ(h.arrive("k" + std::to_string(i)).status(), 503) << i;
}

TEST_F(ConcurrencyLimitTest, KeysWithoutASlotShareOnePool) {
  auto limit = of_keys(1, 2);
  h.chain({limit});
  EXPECT_TRUE(h.arrive("a").at_service());
  EXPECT_TRUE(h.arrive("b").at_service());
  EXPECT_TRUE(h.arrive("c").at_service());
  EXPECT_EQ(h.arrive("d").status(), 503);
  EXPECT_EQ(h.stats(*limit).keys->overflowed, 2u);
}

// The slot that its key finds now is not the pool that it waited for.
TEST_F(ConcurrencyLimitTest, AGrantOfTheSharedPoolIsNotLostWhenASlotHasComeFree) {
  auto limit = of_keys(1, 1);
  auto line = h.buffer({.max_wait = 1h});
  h.chain({line, limit});
  Exchange& a = h.arrive("a");
  Exchange& b = h.arrive("b");  // in the shared pool
  Exchange& c = h.arrive("c");  // waits for the shared pool
  Exchange& d = h.arrive("d");  // as well
  ASSERT_TRUE(b.at_service() && c.waiting() && d.waiting());
  h.respond(a);  // the slot is free
  h.respond(b);
  EXPECT_TRUE(c.at_service());
  EXPECT_TRUE(d.at_service());
  h.respond(c);
  h.respond(d);
  EXPECT_EQ(h.in_use(*limit), 0);
}

TEST_F(ConcurrencyLimitTest, TellsHowManyWaitForAPermit) {
  auto limit = h.limit(1);
  h.chain({h.buffer(), limit});
  Exchange& first = h.arrive();
  Exchange& second = h.arrive();
  Exchange& third = h.arrive();
  EXPECT_EQ(h.stats(*limit).permits->waiting, 2);
  h.client_leaves(third);
  EXPECT_EQ(h.stats(*limit).permits->waiting, 1);
  h.respond(first);
  EXPECT_TRUE(second.at_service());
  EXPECT_EQ(h.stats(*limit).permits->waiting, 0);
}

TEST_F(ConcurrencyLimitTest, TellsOfATenantWhatItUses) {
  auto limit = h.limit_each_tenant(3);
  h.chain({limit});
  h.arrive("acme");
  h.arrive("acme");
  TenantStats numbers;
  limit->tenant_stats(h.tenant("acme"), h.now(), numbers);
  EXPECT_EQ(numbers.in_use, 2);
  EXPECT_EQ(numbers.limit, 3);
}

}  // namespace
}  // namespace weir::test
