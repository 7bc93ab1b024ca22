// What a filter keeps when another snapshot's filter goes on with its state: debts, permits, places
// in line, budgets, counts; by identity, whichever snapshot a request began with.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filters/siphash.h"
#include "tests/support/chain_harness.h"

namespace weir::test {
namespace {

using namespace std::chrono_literals;

// One snapshot's tenants after another's: each with a table of its own.
class ReloadTest : public ::testing::Test {
 protected:
  struct Table {
    std::vector<Tenant> tenants;
    const Tenant* others = nullptr;
  };

  // Entries by name; "*" stands for everybody else.
  Table& table(const std::vector<std::pair<std::string, std::optional<Quota>>>& entries) {
    tables_.push_back(std::make_unique<Table>());
    Table& out = *tables_.back();
    out.tenants.reserve(entries.size());
    for (const auto& [name, rate] : entries) {
      Tenant& tenant = out.tenants.emplace_back();
      tenant.name = name;
      tenant.index = static_cast<std::uint32_t>(out.tenants.size() - 1);
      tenant.key_hash = hash(name);
      tenant.quota = rate;
      tenant.is_wildcard = name == "*";
      if (tenant.is_wildcard) out.others = &tenant;
    }
    return out;
  }
  static std::uint64_t hash(std::string_view name) { return siphash({1, 2}, name); }

  std::shared_ptr<TokenBucket> bucket(const Table& t, const TokenBucket* before = nullptr,
                                      const std::optional<Quota>& own = {}) {
    TokenBucket::Params params;
    params.quota = own;
    params.tenants = static_cast<std::uint32_t>(t.tenants.size());
    params.tenant_table = t.tenants;
    params.max_keys = 8;
    return std::make_shared<TokenBucket>(params, h.context("bucket"), before);
  }
  std::shared_ptr<ConcurrencyLimit> each(const Table& t, std::int64_t limit,
                                         const ConcurrencyLimit* before = nullptr) {
    ConcurrencyLimit::Params params;
    params.limit = limit;
    params.keyed = params.by_tenant = true;
    params.tenants = static_cast<std::uint32_t>(t.tenants.size());
    params.tenant_table = t.tenants;
    return std::make_shared<ConcurrencyLimit>(params, h.context("each"), before);
  }
  std::shared_ptr<ConcurrencyLimit> limit(std::int64_t permits,
                                          const ConcurrencyLimit* before = nullptr) {
    ConcurrencyLimit::Params params;
    params.limit = permits;
    return std::make_shared<ConcurrencyLimit>(params, h.context("limit"), before);
  }
  std::shared_ptr<Buffer> buffer(const Buffer::Params& params, const Buffer* before = nullptr) {
    return std::make_shared<Buffer>(params, h.context("buffer"), before);
  }

  // The snapshot of this chain comes into force.
  Chain& chain(const ChainHarness::Filters& filters) {
    {
      const Gate::Pass pass(h.gate());
      for (const auto& filter : filters) filter->activate();
    }
    for (const auto& filter : filters) {
      std::size_t from = 0;
      for (bool more = true; more;) {
        const Gate::Pass pass(h.gate());
        more = filter->serve_waiters(from);
      }
    }
    h.release_mail();
    return h.chain(filters);
  }
  Exchange& arrive(const Table& t, std::string_view name, Chain* to = nullptr) {
    const Tenant* own = t.others;
    for (const auto& tenant : t.tenants) {
      if (tenant.name == name) own = &tenant;
    }
    return h.arrive_with(
        [&](Exchange& x) {
          x.tenant = own;
          x.tenant_label = 0;
          x.keys[0] = hash(name);
        },
        name, to);
  }
  // How many of that tenant's requests are let through at once now.
  int takes(const Table& t, std::string_view name, Chain* to = nullptr) {
    for (int n = 0;; ++n) {
      Exchange& x = arrive(t, name, to);
      if (!x.at_service()) return n;
      h.write(x);
      h.respond(x);
    }
  }

  std::vector<std::unique_ptr<Table>> tables_;
  ChainHarness h;  // ends who is inside before their tenants go
};

// --- buckets

TEST_F(ReloadTest, ReloadIsNoRefill) {
  Table& t = table({{"acme", quota(1, 1s, 5)}, {"*", quota(1, 1s, 3)}});
  auto first = bucket(t);
  chain({first});
  EXPECT_EQ(takes(t, "acme"), 5);
  EXPECT_EQ(takes(t, "stranger"), 3);
  Table& u = table({{"acme", quota(1, 1s, 5)}, {"*", quota(1, 1s, 3)}});
  auto second = bucket(u, first.get());
  chain({second});
  EXPECT_EQ(takes(u, "acme"), 0);
  EXPECT_EQ(takes(u, "stranger"), 0);
  h.advance(2s);
  EXPECT_EQ(takes(u, "acme"), 2);
  EXPECT_EQ(takes(u, "stranger"), 2);
}

TEST_F(ReloadTest, TheOldSnapshotsRequestsDrawOnTheSameBucket) {
  Table& t = table({{"acme", quota(1, 1s, 4)}});
  auto first = bucket(t);
  Chain& old = chain({first});
  Table& u = table({{"acme", quota(1, 1s, 4)}});
  auto second = bucket(u, first.get());
  Chain& fresh = chain({second});
  Exchange& a = arrive(t, "acme", &old);
  ASSERT_TRUE(a.at_service());
  h.write(a);
  EXPECT_EQ(takes(u, "acme", &fresh), 3);
  EXPECT_TRUE(arrive(t, "acme", &old).refused_for(Reason::quota_exceeded));
}

TEST_F(ReloadTest, ChargeOfTheOldSnapshotIsGivenBackToTheBucketInForce) {
  Table& t = table({{"*", quota(1, 1s, 1)}});
  auto first = bucket(t);
  Chain& old = chain({first});
  Exchange& x = arrive(t, "acme", &old);
  ASSERT_TRUE(x.at_service());
  Table& u = table({{"acme", quota(1, 1s, 1)}});
  auto second = bucket(u, first.get());
  chain({second});
  EXPECT_EQ(takes(u, "acme"), 0);
  h.client_leaves(x, true);  // nothing of it was sent
  EXPECT_EQ(takes(u, "acme"), 1);
}

TEST_F(ReloadTest, DebtIsCutToTheNewWindow) {
  Table& t = table({{"acme", quota(1, 1s, 100)}});
  auto first = bucket(t);
  chain({first});
  EXPECT_EQ(takes(t, "acme"), 100);  // 100 s of debt
  Table& u = table({{"acme", quota(1, 1s, 2)}});
  auto second = bucket(u, first.get());
  chain({second});
  EXPECT_EQ(takes(u, "acme"), 0);
  h.advance(1s);
  EXPECT_EQ(takes(u, "acme"), 1);
  h.advance(2s);
  EXPECT_EQ(takes(u, "acme"), 2);
}

TEST_F(ReloadTest, LargerBurstGivesTheDifferenceOnly) {
  Table& t = table({{"acme", quota(1, 1s, 2)}});
  auto first = bucket(t);
  chain({first});
  EXPECT_EQ(takes(t, "acme"), 2);
  Table& u = table({{"acme", quota(1, 1s, 5)}});
  auto second = bucket(u, first.get());
  chain({second});
  EXPECT_EQ(takes(u, "acme"), 3);
}

TEST_F(ReloadTest, DebtStaysAsItIsInTime) {
  Table& t = table({{"acme", quota(10, 1s, 10)}});
  auto first = bucket(t);
  chain({first});
  EXPECT_EQ(takes(t, "acme"), 10);  // one second
  Table& u = table({{"acme", quota(1, 1s, 1)}});
  auto second = bucket(u, first.get());
  chain({second});
  EXPECT_EQ(takes(u, "acme"), 0);
  h.advance(999ms);
  EXPECT_EQ(takes(u, "acme"), 0);
  h.advance(1ms);
  EXPECT_EQ(takes(u, "acme"), 1);
}

TEST_F(ReloadTest, TenantThatGetsAnEntryKeepsItsDebt) {
  Table& t = table({{"*", quota(1, 1s, 3)}});
  auto first = bucket(t);
  chain({first});
  EXPECT_EQ(takes(t, "acme"), 3);
  Table& u = table({{"beta", quota(1, 1s, 3)}, {"acme", quota(1, 1s, 3)}});
  auto second = bucket(u, first.get());
  chain({second});
  EXPECT_EQ(takes(u, "acme"), 0);
  EXPECT_EQ(takes(u, "beta"), 3);
}

TEST_F(ReloadTest, TenantThatLosesItsEntryKeepsItsDebt) {
  Table& t = table({{"acme", quota(1, 1s, 3)}, {"*", quota(1, 1s, 3)}});
  auto first = bucket(t);
  chain({first});
  EXPECT_EQ(takes(t, "acme"), 3);
  Table& u = table({{"*", quota(1, 1s, 3)}});
  auto second = bucket(u, first.get());
  chain({second});
  EXPECT_EQ(takes(u, "acme"), 0);
  h.advance(1s);
  EXPECT_EQ(takes(u, "acme"), 1);
  h.advance(1h);  // idle: back to the table of the others, in which nothing is owed
  EXPECT_EQ(takes(u, "acme"), 3);
  EXPECT_EQ(takes(u, "acme"), 0);
}

TEST_F(ReloadTest, MovingToAndFroIsNoRefillEither) {
  Table& with = table({{"acme", quota(1, 1h, 3)}, {"*", quota(1, 1h, 3)}});
  Table& without = table({{"*", quota(1, 1h, 3)}});
  auto last = bucket(with);
  chain({last});
  EXPECT_EQ(takes(with, "acme"), 3);
  for (int i = 0; i < 10; ++i) {
    Table& t = i % 2 == 0 ? without : with;
    last = bucket(t, last.get());
    chain({last});
    EXPECT_EQ(takes(t, "acme"), 0) << i;
  }
}

// Idle after its removal, indebted in the others' table, and configured again.
TEST_F(ReloadTest, DebtMadeAmongTheOthersComesBackWithTheTenant) {
  Table& with = table({{"acme", quota(1, 1s, 3)}, {"*", quota(1, 1s, 3)}});
  Table& without = table({{"*", quota(1, 1s, 3)}});
  auto first = bucket(with);
  chain({first});
  EXPECT_EQ(takes(with, "acme"), 3);
  auto second = bucket(without, first.get());
  chain({second});
  h.advance(1h);
  EXPECT_EQ(takes(without, "acme"), 3);
  auto third = bucket(with, second.get());
  chain({third});
  EXPECT_EQ(takes(with, "acme"), 0);
}

TEST_F(ReloadTest, IdleCellsOfRemovedTenantsAreLetGo) {
  Table& with = table({{"acme", quota(1, 1s, 3)}, {"*", quota(1, 1s, 3)}});
  Table& without = table({{"*", quota(1, 1s, 3)}});
  auto first = bucket(with);
  chain({first});
  EXPECT_EQ(takes(with, "acme"), 3);
  auto second = bucket(without, first.get());
  chain({second});
  h.advance(1h);
  auto third = bucket(without, second.get());
  first.reset();
  chain({third});
  EXPECT_EQ(takes(without, "acme"), 3);
  EXPECT_EQ(h.stats(*third).keys->tracked, 1);
}

TEST_F(ReloadTest, ShapedLineGoesOnAtTheNewRate) {
  Table& t = table({{"acme", quota(1, 1h, 1)}});
  auto line = buffer({.capacity = 10, .max_wait = 10h});
  auto first = bucket(t);
  Chain& old = chain({line, first});
  Exchange& a = arrive(t, "acme", &old);
  Exchange& b = arrive(t, "acme", &old);
  Exchange& c = arrive(t, "acme", &old);
  ASSERT_TRUE(a.at_service() && b.waiting() && c.waiting());
  h.write(a);
  Table& u = table({{"acme", quota(1, 1s, 1)}});
  auto line2 = buffer({.capacity = 10, .max_wait = 10h}, line.get());
  auto second = bucket(u, first.get());
  Chain& fresh = chain({line2, second});
  Exchange& d = arrive(u, "acme", &fresh);
  EXPECT_TRUE(d.waiting());  // behind those of the old snapshot
  h.advance(1s);
  EXPECT_TRUE(b.at_service());
  EXPECT_TRUE(c.waiting());
  h.write(b);
  h.advance(1s);
  EXPECT_TRUE(c.at_service());
  EXPECT_TRUE(d.waiting());
  h.write(c);
  h.advance(1s);
  EXPECT_TRUE(d.at_service());
}

// Its waiters come along, and are served from the bucket that it has from now on.
TEST_F(ReloadTest, LineOfATenantThatGetsAnEntryComesAlong) {
  Table& t = table({{"*", quota(1, 1s, 1)}});
  auto line = buffer({.capacity = 10, .max_wait = 10h});
  auto first = bucket(t);
  Chain& old = chain({line, first});
  Exchange& a = arrive(t, "acme", &old);
  Exchange& b = arrive(t, "acme", &old);
  ASSERT_TRUE(a.at_service() && b.waiting());
  h.write(a);
  Table& u = table({{"acme", quota(1, 1s, 1)}});
  auto line2 = buffer({.capacity = 10, .max_wait = 10h}, line.get());
  auto second = bucket(u, first.get());
  Chain& fresh = chain({line2, second});
  Exchange& c = arrive(u, "acme", &fresh);
  EXPECT_TRUE(c.waiting());
  h.advance(1s);
  EXPECT_TRUE(b.at_service());
  EXPECT_TRUE(c.waiting());
  h.write(b);
  h.advance(1s);
  EXPECT_TRUE(c.at_service());
}

TEST_F(ReloadTest, FilterOfAnotherIdentityBeginsAnew) {
  Table& t = table({{"acme", quota(1, 1h, 2)}});
  auto first = bucket(t);
  chain({first});
  EXPECT_EQ(takes(t, "acme"), 2);
  chain({bucket(t)});
  EXPECT_EQ(takes(t, "acme"), 2);
}

TEST_F(ReloadTest, TheTableKeepsItsSizeAndSaysSo) {
  Table& t = table({{"*", quota(1, 1s, 1)}});
  auto first = bucket(t);
  chain({first});
  EXPECT_EQ(first->unchanged_parameter(), "");
  TokenBucket::Params params;
  params.max_keys = 99;
  params.quota = quota(1, 1s, 1);
  TokenBucket second(params, h.context("bucket"), first.get());
  EXPECT_EQ(second.unchanged_parameter(), "max_keys: 8");
}

// --- permits

TEST_F(ReloadTest, SmallerLimitTurnsNobodyOutAndLetsNobodyInUntilUnderIt) {
  auto first = limit(3);
  Chain& old = chain({first});
  std::vector<Exchange*> inside;
  for (int i = 0; i < 3; ++i) inside.push_back(&h.arrive("acme", &old));
  auto second = limit(1, first.get());
  chain({second});
  EXPECT_EQ(h.in_use(*second), 3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(inside[static_cast<std::size_t>(i)]->at_service());
    EXPECT_TRUE(h.arrive("acme").refused_for(Reason::concurrency_limit)) << i;
    EXPECT_TRUE(h.arrive("acme", &old).refused_for(Reason::concurrency_limit)) << i;
    h.respond(*inside[static_cast<std::size_t>(i)]);
  }
  EXPECT_EQ(h.in_use(*second), 0);
  EXPECT_TRUE(h.arrive("acme").at_service());
}

TEST_F(ReloadTest, LargerLimitLetsThoseInWhoWait) {
  auto line = buffer({.capacity = 10, .max_wait = 1h});
  auto first = limit(1);
  Chain& old = chain({line, first});
  h.arrive("acme", &old);
  Exchange& b = h.arrive("acme", &old);
  Exchange& c = h.arrive("acme", &old);
  ASSERT_TRUE(b.waiting());
  auto line2 = buffer({.capacity = 10, .max_wait = 1h}, line.get());
  auto second = limit(2, first.get());
  chain({line2, second});
  EXPECT_TRUE(b.at_service());
  EXPECT_TRUE(c.waiting());
}

TEST_F(ReloadTest, WaitersAreGrantedByTheSmallerLimit) {
  auto line = buffer({.capacity = 10, .max_wait = 1h});
  auto first = limit(2);
  Chain& old = chain({line, first});
  Exchange& a = h.arrive("acme", &old);
  Exchange& b = h.arrive("acme", &old);
  Exchange& c = h.arrive("acme", &old);
  auto line2 = buffer({.capacity = 10, .max_wait = 1h}, line.get());
  auto second = limit(1, first.get());
  chain({line2, second});
  h.respond(a);
  EXPECT_TRUE(c.waiting());
  h.respond(b);
  EXPECT_TRUE(c.at_service());
}

TEST_F(ReloadTest, TenantsPermitsAreCountedOnWhereverItMoves) {
  Table& with = table({{"acme", {}}, {"*", {}}});
  Table& without = table({{"*", {}}});
  auto last = each(without, 2);
  std::vector<std::shared_ptr<Filter>> all{last};
  Chain* now = &chain({last});
  Exchange& a = arrive(without, "acme", now);
  for (int i = 0; i < 6; ++i) {
    Table& t = i % 2 == 0 ? with : without;
    last = each(t, 2, last.get());
    now = &chain({last});
    Exchange& b = arrive(t, "acme", now);
    EXPECT_TRUE(b.at_service()) << i;
    EXPECT_FALSE(arrive(t, "acme", now).at_service()) << i;
    h.respond(b);
    EXPECT_EQ(h.in_use(*last), 1) << i;
  }
  h.respond(a);
  EXPECT_EQ(h.in_use(*last), 0);
}

// --- lines

TEST_F(ReloadTest, SmallerCapacityTurnsNobodyOut) {
  auto line = buffer({.capacity = 3, .max_wait = 1h});
  auto first = limit(1);
  Chain& old = chain({line, first});
  Exchange& a = h.arrive("acme", &old);
  Exchange& b = h.arrive("acme", &old);
  Exchange& c = h.arrive("acme", &old);
  auto line2 = buffer({.capacity = 1, .max_wait = 1h}, line.get());
  auto second = limit(1, first.get());
  chain({line2, second});
  EXPECT_EQ(h.depth(*line2), 2);
  EXPECT_TRUE(h.arrive("acme").refused_for(Reason::concurrency_limit));
  h.respond(a);
  ASSERT_TRUE(b.at_service());
  EXPECT_TRUE(c.waiting());
  EXPECT_TRUE(h.arrive("acme").refused_for(Reason::concurrency_limit));  // c has the one place
  h.respond(b);
  ASSERT_TRUE(c.at_service());
  EXPECT_TRUE(h.arrive("acme").waiting());
}

TEST_F(ReloadTest, ARequestThatComesBackWithinThePassKeepsItsPlaceInAQueueThatShrank) {
  Table& t = table({{"acme", quota(1, 1s, 1)}, {"beta", quota(1, 1s, 1)}});
  auto line = buffer({.capacity = 3, .max_wait = 1h});
  auto tokens = bucket(t);
  auto permits = limit(1);
  chain({line, tokens, permits});
  Exchange& inside = arrive(t, "acme");
  Exchange& for_quota = arrive(t, "acme");
  Exchange& for_permit = arrive(t, "beta");
  chain({buffer({.capacity = 1, .max_wait = 1h}, line.get()), bucket(t, tokens.get()),
         limit(1, permits.get())});
  h.advance(1s);  // acme's next token: its request goes in, finds no permit, and comes back
  EXPECT_TRUE(for_quota.waiting());
  h.respond(inside);
  EXPECT_TRUE(for_quota.at_service() || for_permit.at_service());
  h.respond(for_quota.at_service() ? for_quota : for_permit);
  EXPECT_FALSE(for_quota.waiting() || for_permit.waiting());
}

TEST_F(ReloadTest, WaitersOfARemovedBufferAreServedOut) {
  auto line = buffer({.capacity = 3, .max_wait = 1h});
  auto first = limit(1);
  Chain& old = chain({line, first});
  Exchange& a = h.arrive("acme", &old);
  Exchange& b = h.arrive("acme", &old);
  Exchange& c = h.arrive("acme", &old);
  auto second = limit(1, first.get());
  chain({second});
  EXPECT_TRUE(h.arrive("acme").refused_for(Reason::concurrency_limit));
  h.respond(a);
  EXPECT_TRUE(b.at_service());
  h.respond(b);
  EXPECT_TRUE(c.at_service());
  h.respond(c);
  EXPECT_EQ(h.in_use(*second), 0);
  EXPECT_TRUE(h.arrive("acme").at_service());
}

TEST_F(ReloadTest, RemovedLimitStillServesWhoWaitsForIt) {
  auto line = buffer({.capacity = 3, .max_wait = 1h});
  auto only = limit(1);
  Chain& old = chain({line, only});
  Exchange& a = h.arrive("acme", &old);
  Exchange& b = h.arrive("acme", &old);
  chain({buffer({.capacity = 3, .max_wait = 1h}, line.get())});
  EXPECT_TRUE(h.arrive("acme").at_service());
  h.respond(a);
  EXPECT_TRUE(b.at_service());
}

TEST_F(ReloadTest, FilterThatComesBackGoesOn) {
  Table& t = table({{"acme", quota(1, 1h, 2)}});
  auto first = bucket(t);
  chain({first});
  EXPECT_EQ(takes(t, "acme"), 2);
  chain({limit(10)});  // taken out, but remembered
  h.advance(1min);
  auto again = bucket(t, first.get());
  chain({again});
  EXPECT_EQ(takes(t, "acme"), 0);
}

TEST_F(ReloadTest, SharedFilterIsOneStateInAllChainsOfAllSnapshots) {
  auto first = limit(2);
  Chain& a = chain({first});
  Chain& b = h.chain({first});
  auto second = limit(2, first.get());
  Chain& c = chain({second});
  Chain& d = h.chain({second});
  h.arrive("acme", &a);
  h.arrive("acme", &d);
  for (Chain* each : {&a, &b, &c, &d}) {
    EXPECT_TRUE(h.arrive("acme", each).refused_for(Reason::concurrency_limit));
  }
}

// --- the rest

TEST_F(ReloadTest, CountsGoOn) {
  auto first = limit(1);
  Chain& old = chain({first});
  h.arrive("acme", &old);
  h.arrive("acme", &old);
  auto second = limit(1, first.get());
  chain({second});
  h.arrive("acme");
  h.arrive("acme", &old);
  EXPECT_EQ(second->rejected.total(), 3u);
  EXPECT_EQ(first->rejected.total(), 3u);
}

TEST_F(ReloadTest, SpentRetryBudgetStaysSpent) {
  Retry::Params params = ChainHarness::tries(2);
  params.budget_share = 0;
  params.budget_per_second = 0.1;  // one in ten seconds
  auto first = std::make_shared<Retry>(params, h.context("retry"));
  chain({first});
  Exchange& a = h.arrive();
  h.fail(a, Reason::connect_failure);
  ASSERT_TRUE(a.at_service());
  auto second = std::make_shared<Retry>(params, h.context("retry"), first.get());
  chain({second});
  Exchange& b = h.arrive();
  h.fail(b, Reason::connect_failure);
  EXPECT_TRUE(b.ended());
  params.budget_per_second = 0.2;
  auto third = std::make_shared<Retry>(params, h.context("retry"), second.get());
  chain({third});
  Exchange& c = h.arrive();
  h.fail(c, Reason::connect_failure);
  EXPECT_TRUE(c.at_service());
  EXPECT_EQ(h.stats(*third).retries->results[0], 2u);
}

TEST_F(ReloadTest, StandingLineIsStillOneAfterAReload) {
  LoadShed::Params shedding;
  shedding.target_wait = 10ms;
  auto line = buffer({.capacity = 10, .max_wait = 1h});
  auto first = limit(1);
  auto shed = std::make_shared<LoadShed>(shedding, h.context("shed"), line);
  Chain& old = chain({shed, line, first});
  h.arrive("acme", &old);
  h.arrive("acme", &old);
  h.advance(200ms);
  auto line2 = buffer({.capacity = 10, .max_wait = 1h}, line.get());
  auto second = limit(1, first.get());
  chain(
      {std::make_shared<LoadShed>(shedding, h.context("shed"), line2, shed.get()), line2, second});
  EXPECT_TRUE(h.arrive("acme").refused_for(Reason::overloaded));
}

}  // namespace
}  // namespace weir::test
