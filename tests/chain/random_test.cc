// Random chains under random loads: the invariants of DESIGN §3 after every pass. A failure prints
// its seed; WEIR_SEED=n runs that one alone, WEIR_SEEDS=n so many.
#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/chain/random_world.h"

namespace weir::test {
namespace {

constexpr int kSteps = 250;

void run(std::uint64_t seed, int workers) {
  RandomWorld world(seed, workers);
  for (int i = 0; i < kSteps && world.problem().empty(); ++i) {
    world.step();
    if (i % 16 == 15) {
      ASSERT_TRUE(world.settle()) << "passes go round while the time stands still; seed " << seed
                                  << ", " << workers << " workers: " << world.description();
    }
  }
  world.wind_up();
  ASSERT_EQ(world.problem(), "") << "seed " << seed << ", " << workers
                                 << " workers: " << world.description();
}

void run_many(int workers) {
  const auto number = [](const char* name) {
    const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    return text != nullptr ? std::strtoull(text, nullptr, 10) : 0;
  };
  if (const std::uint64_t seed = number("WEIR_SEED"); seed != 0) return run(seed, workers);
  const std::uint64_t seeds = number("WEIR_SEEDS") != 0 ? number("WEIR_SEEDS") : 1000;
  for (std::uint64_t seed = 1; seed <= seeds && !testing::Test::HasFatalFailure(); ++seed) {
    run(seed, workers);
  }
}

TEST(RandomChainTest, KeepsItsInvariantsWithOneWorker) { run_many(1); }

TEST(RandomChainTest, KeepsItsInvariantsWithFourWorkersInterleaved) { run_many(4); }

}  // namespace
}  // namespace weir::test
