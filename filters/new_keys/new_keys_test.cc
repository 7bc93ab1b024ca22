#include "filters/new_keys/new_keys.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/chain_harness.h"

namespace weir::test {
namespace {

using namespace std::chrono_literals;

class NewKeysTest : public testing::Test {
 protected:
  NewKeysTest() {
    everyone.is_wildcard = true;
    everyone.name = "*";
    filter = std::make_shared<NewKeys>(
        NewKeys::Params{.tenant_key = 0, .client_key = 1, .quota = quota(10, 1s, 5)},
        h.context("new_keys"));
    h.chain({filter});
  }

  Exchange& ask(std::uint64_t name, std::uint64_t client) {
    return h.arrive_with([&](Exchange& x) {
      x.tenant = &everyone;
      x.keys = {name, client};
      x.client_hash = client;
    });
  }

  ChainHarness h;
  Tenant everyone;
  std::shared_ptr<NewKeys> filter;
};

TEST_F(NewKeysTest, BoundsTheNamesThatOneClientBringsUp) {
  const Time start = h.now();
  for (std::uint64_t name = 1; name <= 5; ++name) EXPECT_TRUE(ask(name, 7).at_service());
  Exchange& sixth = ask(6, 7);
  EXPECT_TRUE(sixth.refused_for(Reason::new_keys));
  EXPECT_EQ(sixth.status(), 429);
  EXPECT_EQ(sixth.outcome.retry_at, start + 100ms);
  EXPECT_EQ(sixth.outcome.filter, filter.get());
  h.advance(100ms);
  EXPECT_TRUE(ask(6, 7).at_service());
  EXPECT_EQ(ask(8, 7).status(), 429);
}

TEST_F(NewKeysTest, AKnownNameIsNotNewWhoeverUsesIt) {
  for (std::uint64_t name = 1; name <= 5; ++name) ask(name, 7);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(ask(3, 7).at_service());
  for (std::uint64_t name = 11; name <= 15; ++name) ask(name, 8);
  EXPECT_TRUE(ask(3, 8).at_service());
}

TEST_F(NewKeysTest, AnotherClientHasItsOwnRate) {
  for (std::uint64_t name = 1; name <= 6; ++name) ask(name, 7);
  for (std::uint64_t name = 11; name <= 15; ++name) EXPECT_TRUE(ask(name, 8).at_service());
}

TEST_F(NewKeysTest, ANameIsKnownForAWhileAfterItsLastRequest) {
  ask(1, 7);
  h.advance(NewKeys::kKnownFor - 1s);
  ask(1, 7);
  h.advance(NewKeys::kKnownFor - 1s);
  for (std::uint64_t name = 11; name <= 15; ++name) ask(name, 7);
  EXPECT_TRUE(ask(1, 7).at_service());
  h.advance(NewKeys::kKnownFor);
  for (std::uint64_t name = 21; name <= 25; ++name) ask(name, 7);
  EXPECT_EQ(ask(1, 7).status(), 429);
}

TEST_F(NewKeysTest, ATenantWithAnEntryIsNeverNew) {
  for (std::uint64_t name = 1; name <= 6; ++name) ask(name, 7);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(h.arrive("acme").at_service());
}

TEST_F(NewKeysTest, ARefusalReachesNothingFurtherIn) {
  auto bucket = h.bucket(quota(1, 1h, 5));
  h.chain({filter, bucket});
  for (std::uint64_t name = 1; name <= 6; ++name) ask(name, 7);
  EXPECT_EQ(h.stats(*bucket).keys->tracked, 5);
}

TEST_F(NewKeysTest, StateOutlivesAReload) {
  for (std::uint64_t name = 1; name <= 5; ++name) ask(name, 7);
  auto next = std::make_shared<NewKeys>(
      NewKeys::Params{.tenant_key = 0, .client_key = 1, .quota = quota(10, 1s, 2)},
      h.context("new_keys"), filter.get());
  h.chain({next});
  EXPECT_TRUE(ask(3, 7).at_service());
  Exchange& refused = ask(6, 7);
  EXPECT_EQ(refused.status(), 429);
  EXPECT_EQ(refused.outcome.retry_at, h.now() + 100ms) << "the debt is cut to the new burst";
}

// Ten times as many names as there are slots, from ten thousand clients: bounded, and each is new.
TEST_F(NewKeysTest, ItsTablesAreBounded) {
  h.recycle = true;
  for (std::uint64_t i = 0; i < 10 * NewKeys::kNames; ++i) {
    Exchange& x = ask((i + 1) * 0x9e3779b97f4a7c15ULL, i % 10'000 + 1);
    if (x.at_service()) h.respond(x);
    if (i % 100 == 0) h.advance(10ms);
  }
  const FilterStats numbers = h.stats(*filter);
  EXPECT_LE(numbers.keys->tracked, numbers.keys->capacity);
  EXPECT_GT(numbers.keys->overflowed, 0u);
}

}  // namespace
}  // namespace weir::test
