// load_shed with target_wait: when a line stands, and who is refused then.
#include <gtest/gtest.h>

#include "tests/support/chain_harness.h"

namespace weir::test {
namespace {

using namespace std::chrono_literals;

class LoadShedTest : public testing::Test {
 protected:
  // One permit, a line before it, shedding above 20 ms.
  void build(std::vector<Priority> classes = {Priority::normal}, bool enforce = true) {
    buffer = h.buffer({.capacity = 1000, .max_wait = 1h});
    LoadShed::Params params;
    params.target_wait = 20ms;
    params.classes = std::move(classes);
    shed = h.load_shed(params, buffer, enforce);
    limit = h.limit(1);
    main = &h.chain({shed, buffer, bucket, limit});
  }
  Exchange& arrive(Priority priority = Priority::normal) {
    const std::string name = "p" + std::to_string(static_cast<int>(priority));
    h.tenant(name).priority = priority;
    return h.arrive(name, main);
  }
  bool refused(Exchange& x) { return x.refused_for(Reason::overloaded); }

  ChainHarness h;
  std::shared_ptr<Buffer> buffer;
  Chain* main = nullptr;
  std::shared_ptr<LoadShed> shed;
  std::shared_ptr<ConcurrencyLimit> limit;
  std::shared_ptr<TokenBucket> bucket = h.bucket(quota(1'000'000, 1s, 1'000'000));
};

TEST_F(LoadShedTest, TheHeadsAgeCountsAsAWait) {
  build();
  arrive();
  arrive();  // the head, for as long as the service hangs
  h.advance(120ms - 1ns);
  EXPECT_TRUE(arrive().waiting());
  h.advance(1ns);
  Exchange& newcomer = arrive();
  EXPECT_TRUE(refused(newcomer));
  EXPECT_EQ(newcomer.status(), 503);
  EXPECT_EQ(newcomer.outcome.filter, shed.get());
  EXPECT_GT(newcomer.outcome.retry_after, 0s);
  EXPECT_EQ(shed->rejected.count(Reason::overloaded, newcomer.tenant_label), 1u);
}

TEST_F(LoadShedTest, OneShortWaitShowsThatTheLineDoesNotStand) {
  build();
  Exchange* serving = &arrive();
  Exchange* next = &arrive();
  h.advance(100ms);
  h.respond(*serving);  // after 100 ms
  Exchange* last = &arrive();
  h.advance(10ms);
  h.respond(*next);  // the last one after 10 ms: under the target
  ASSERT_TRUE(last->at_service());
  arrive();
  h.advance(119ms);
  EXPECT_TRUE(arrive().waiting());
  h.advance(1ms);
  EXPECT_TRUE(refused(arrive()));
}

TEST_F(LoadShedTest, WhoIsServedSoonInALifoLineShowsThatItDoesNotStand) {
  buffer = h.buffer({.capacity = 1000, .max_wait = 1h, .order = Buffer::Order::lifo});
  LoadShed::Params params;
  params.target_wait = 20ms;
  shed = h.load_shed(params, buffer);
  main = &h.chain({shed, buffer, h.limit(1)});
  Exchange* serving = &arrive();
  arrive();  // is passed by all that come later
  for (int i = 0; i < 100; ++i) {
    Exchange& newest = arrive();
    ASSERT_TRUE(newest.waiting()) << i;
    h.advance(10ms);
    h.respond(*serving);
    serving = &newest;
  }
}

TEST_F(LoadShedTest, AnEmptyLineDoesNotStand) {
  build();
  Exchange& serving = arrive();
  Exchange& waiting = arrive();
  h.advance(1s);
  EXPECT_TRUE(refused(arrive()));
  h.respond(serving);
  EXPECT_TRUE(waiting.at_service());
  EXPECT_TRUE(arrive().waiting());
}

TEST_F(LoadShedTest, ALineThatMovesSlowlyStands) {
  build();
  Exchange* serving = &arrive();
  std::vector<Exchange*> line;
  for (int i = 0; i < 20; ++i) line.push_back(&arrive());
  for (int i = 0; i < 15; ++i) {  // every wait is over the target but the first one
    h.advance(15ms);
    h.respond(*serving);
    serving = line[static_cast<std::size_t>(i)];
  }
  EXPECT_TRUE(refused(arrive()));
}

TEST_F(LoadShedTest, AClientThatGivesUpSoonIsNoSignOfAShortLine) {
  build();
  arrive();
  arrive();  // the head
  for (int i = 0; i < 30; ++i) {
    Exchange& impatient = arrive();
    if (impatient.ended()) break;
    h.advance(5ms);
    h.client_leaves(impatient);
  }
  EXPECT_TRUE(refused(arrive()));
}

TEST_F(LoadShedTest, WhoWaitsForItsOwnQuotaIsNoSign) {
  bucket = h.bucket(quota(1, 1h, 1));
  build();
  limit = h.limit(100);
  h.chain({shed, buffer, bucket, limit});
  h.arrive("empty");
  h.arrive("empty");
  h.advance(1s);
  Exchange& other = h.arrive("other");
  EXPECT_TRUE(other.at_service());
}

TEST_F(LoadShedTest, WhoHasWaitedAlreadyIsNotShed) {
  build();
  Chain& bounced = h.chain({h.buffer({.max_wait = 1h}), shed, h.bucket(quota(1, 1s, 1))});
  Exchange& first = h.arrive("acme", &bounced);
  h.write(first);
  Exchange& second = h.arrive("acme", &bounced);
  ASSERT_TRUE(second.waiting());
  arrive();
  arrive();
  h.advance(1s);
  EXPECT_TRUE(second.at_service());
}

TEST_F(LoadShedTest, LowestClassesFirstOneMoreForEachInterval) {
  build({Priority::low, Priority::normal, Priority::high});
  arrive();
  arrive();
  h.advance(120ms);
  EXPECT_TRUE(arrive(Priority::normal).waiting());
  EXPECT_TRUE(arrive(Priority::high).waiting());
  EXPECT_TRUE(refused(arrive(Priority::low)));
  h.advance(100ms);
  EXPECT_TRUE(refused(arrive(Priority::low)));
  EXPECT_TRUE(refused(arrive(Priority::normal)));
  EXPECT_TRUE(arrive(Priority::high).waiting());
  h.advance(100ms);
  EXPECT_TRUE(refused(arrive(Priority::high)));
  h.advance(10s);
  EXPECT_TRUE(refused(arrive(Priority::high)));
}

TEST_F(LoadShedTest, OneClassAloneIsTheLowestWhateverItIs) {
  build({Priority::high});
  arrive(Priority::high);
  arrive(Priority::high);
  h.advance(119ms);
  EXPECT_TRUE(arrive(Priority::high).waiting());
  h.advance(1ms);
  EXPECT_TRUE(refused(arrive(Priority::high)));
}

TEST_F(LoadShedTest, InShadowModeItCountsAndLetsPass) {
  build({Priority::normal}, false);
  arrive();
  arrive();
  h.advance(1s);
  EXPECT_TRUE(arrive().waiting());
  EXPECT_EQ(shed->shadow_rejected.count(Reason::overloaded, 0), 1u);
  EXPECT_EQ(shed->rejected.total(), 0u);
}

TEST_F(LoadShedTest, InShadowModeARequestIsCountedOnce) {
  auto shadow = h.load_shed({}, nullptr, false);
  auto one = h.limit(1);
  h.chain({h.buffer({.max_wait = 10s}), shadow, one});
  Exchange& first = h.arrive();
  Exchange& second = h.arrive();
  Exchange& third = h.arrive();
  h.respond(first);
  h.respond(second);
  EXPECT_TRUE(third.at_service());
  EXPECT_EQ(shadow->shadow_rejected.total(), 2u);
}

TEST_F(LoadShedTest, WithoutATargetOnlyBusyIsShed) {
  auto plain = h.load_shed();
  h.chain({plain, h.limit(1)});
  h.arrive();
  Exchange& second = h.arrive();
  EXPECT_EQ(second.status(), 503);
  EXPECT_TRUE(second.refused_for(Reason::concurrency_limit));
}

TEST_F(LoadShedTest, ALineInsideTakesTheBusyBeforeItCanBeShed) {
  h.chain({h.load_shed(), h.buffer(), h.limit(1)});
  h.arrive();
  EXPECT_TRUE(h.arrive().waiting());
}

}  // namespace
}  // namespace weir::test
