// buffer > concurrency_limit is M/M/c/K: measured in virtual time against the formulas, with a
// tolerance that follows the number of samples; Little's law exactly.
#include <cmath>
#include <queue>
#include <random>

#include <gtest/gtest.h>

#include "tests/support/chain_harness.h"

namespace weir::test {
namespace {

using namespace std::chrono_literals;

struct System {
  const char* name;
  int servers;   // c
  int capacity;  // K - c
  double load;   // λ/(cμ)
};

// The stationary distribution of M/M/c/K (L. Kleinrock, Queueing Systems, vol. 1, §3.7).
struct Theory {
  explicit Theory(const System& s) {
    const int k = s.servers + s.capacity;
    std::vector<double> p = {1};
    for (int n = 1; n <= k; ++n) {
      p.push_back(p.back() * s.load * s.servers / std::min(n, s.servers));
    }
    double sum = 0;
    for (const double weight : p) sum += weight;
    for (int n = 0; n <= k; ++n) {
      const double probability = p[static_cast<std::size_t>(n)] / sum;
      inside += n * probability;
      waiting += std::max(0, n - s.servers) * probability;
    }
    blocked = p.back() / sum;
  }
  double blocked = 0;  // share of arrivals that find no place
  double inside = 0;   // L
  double waiting = 0;  // Lq
};

class QueueingTheoryTest : public testing::TestWithParam<System> {};

INSTANTIATE_TEST_SUITE_P(
    , QueueingTheoryTest,
    testing::Values(System{"MM1K_light", 1, 9, 0.5}, System{"MM1K_critical", 1, 9, 1.0},
                    System{"MM1K_over", 1, 4, 1.6}, System{"MMcc_Erlang_B", 8, 0, 0.9},
                    System{"MMcK_light", 4, 16, 0.7}, System{"MMcK_critical", 3, 12, 1.0},
                    System{"MMcK_over", 16, 64, 1.3}),
    [](const auto& param) { return std::string(param.param.name); });

TEST_P(QueueingTheoryTest, MeasuresWhatTheFormulasSay) {
  const System& system = GetParam();
  constexpr int kArrivals = 100'000;
  constexpr double kServiceRate = 100;  // per second and server
  ChainHarness h;
  h.recycle = true;
  auto buffer = h.buffer({.capacity = system.capacity, .max_wait = 24h});
  auto permits = h.limit(system.servers);
  h.chain({buffer, permits});

  std::mt19937_64 random(2024);
  const auto exponential = [&](double rate) {
    const double seconds = std::exponential_distribution<double>(rate)(random);
    return Duration(static_cast<std::int64_t>(seconds * 1e9));
  };
  using Completion = std::pair<Time, Exchange*>;
  std::priority_queue<Completion, std::vector<Completion>, std::greater<>> completions;
  h.on_send = [&](Exchange& x) { completions.emplace(h.now() + exponential(kServiceRate), &x); };
  int blocked = 0;
  Duration sojourns{0}, waits{0}, services{0};
  std::uint64_t waited = 0;
  h.on_end = [&](Exchange& x) {
    blocked += x.ending == EndReason::refused;
    sojourns += h.now() - x.arrived;
    waits += x.waited;
    waited += x.waited > Duration{0};
    if (x.ending == EndReason::complete) services += h.now() - x.sent_at;
  };

  const Time start = h.now();
  Time seen = start;
  Duration inside_time{0};  // ∫ of the number inside
  const auto go_to = [&](Time t) {
    inside_time += (t - seen) * static_cast<std::int64_t>(h.inside().size());
    seen = t;
    h.set_clock(t);
  };
  const auto complete_until = [&](Time t) {
    while (!completions.empty() && completions.top().first <= t) {
      const auto [at, x] = completions.top();
      completions.pop();
      go_to(at);
      h.respond(*x);
    }
  };
  Time arrival = start;
  for (int i = 0; i < kArrivals; ++i) {
    arrival += exponential(system.load * system.servers * kServiceRate);
    complete_until(arrival);
    go_to(arrival);
    h.arrive();
  }
  const double seconds = to_seconds(h.now() - start);
  complete_until(kNever);
  ASSERT_TRUE(h.inside().empty());

  // Little's law, L T = Σ W, holds exactly, for the whole and for the line.
  EXPECT_EQ(inside_time, sojourns);
  const FilterStats numbers = h.stats(*buffer);
  EXPECT_EQ(numbers.queue->wait.sum_nanoseconds, static_cast<std::uint64_t>(waits.count()));
  EXPECT_NEAR(numbers.queue->depth_seconds, to_seconds(waits), 1e-6);
  EXPECT_EQ(numbers.queue->entries, waited);
  EXPECT_EQ(numbers.queue->wait.total(), static_cast<std::uint64_t>(kArrivals));
  EXPECT_EQ(numbers.queue->full, static_cast<std::uint64_t>(blocked));

  // And for the permits: the busy ones' time integral is the service times together.
  const FilterStats served = h.stats(*permits);
  EXPECT_NEAR(served.permits->busy_seconds, to_seconds(services), 1e-6 * to_seconds(services));
  EXPECT_EQ(served.permits->granted, static_cast<std::uint64_t>(kArrivals - blocked));
  EXPECT_EQ(served.permits->denied, waited + static_cast<std::uint64_t>(blocked));

  // What one busy period has to do with the next falls off within some K arrivals.
  const Theory theory(system);
  const double samples = kArrivals / (1.0 + system.servers + system.capacity);
  EXPECT_NEAR(static_cast<double>(blocked) / kArrivals, theory.blocked,
              4 * std::sqrt(theory.blocked * (1 - theory.blocked) / samples));
  const double spread = (system.servers + system.capacity) / std::sqrt(samples);
  EXPECT_NEAR(to_seconds(sojourns) / seconds, theory.inside, spread);
  EXPECT_NEAR(to_seconds(waits) / seconds, theory.waiting, spread);
  const double busy_share = served.permits->busy_seconds / seconds / system.servers;  // ρ
  EXPECT_NEAR(busy_share, system.load * (1 - theory.blocked), 4 / std::sqrt(samples));
  const double admitted = system.load * system.servers * kServiceRate * (1 - theory.blocked);
  EXPECT_NEAR(to_seconds(waits) / (kArrivals - blocked), theory.waiting / admitted,
              spread / admitted);
}

}  // namespace
}  // namespace weir::test
