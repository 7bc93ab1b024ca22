// A world made of a seed: chains of random filters (some shared between chains), random tenants,
// arrivals, services, departures and delays of mail; and the invariants that hold after every pass.
//
// Behind every filter stands a Probe, so that who is inside of what is known apart from the
// filters' own books.
#pragma once

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/support/chain_harness.h"

namespace weir::test {

class RandomWorld {
 public:
  RandomWorld(std::uint64_t seed, int workers);

  // One thing happens; mail and alarms that are due may be left lying, in any order.
  void step();
  // Delivers all mail and rings all that is due, in random order, the time standing still. False:
  // it goes round and round.
  bool settle();
  // Everything comes to its end. Then all must be back to zero.
  void wind_up();

  const std::string& problem() const { return problem_; }  // the first invariant that broke
  std::string description() const;
  int passes() const { return passes_; }

 private:
  struct Built {
    Chain* chain = nullptr;
    ChainHarness::Filters filters;  // without the probes
  };
  struct LimitSpec {
    std::int64_t limit = 0;
    bool keyed = false, enforce = true;
  };
  using Key = std::pair<const Filter*, const Tenant*>;

  void build();
  std::shared_ptr<Filter> random_filter(const Built& so_far, bool& has_retry);
  std::shared_ptr<Buffer> random_buffer();
  std::shared_ptr<Filter> random_limiter();
  void act(Exchange& x);
  void move_time();
  bool turn_over_one();

  void check();
  void check_permits();
  void check_lines();
  void check_waiter(const Exchange& x, const Buffer& buffer, bool mailed);
  void check_end();
  const Built& built(const Exchange& x) const;
  // The filter that it waits at.
  const Filter* waits_at(const Exchange& x) const;
  void require(bool holds, const std::string& what);

  bool chance(int percent) { return pick(100) < percent; }
  int pick(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }

  std::mt19937_64 random_;
  ChainHarness h_;
  std::vector<Built> chains_;
  std::vector<std::shared_ptr<Filter>> shared_;
  std::map<const Filter*, LimitSpec> limits_;
  std::map<const Filter*, Buffer::Params> buffers_;
  std::map<const Filter*, Quota> quotas_;
  std::map<Key, std::int64_t> used_;  // of a limit, by key; as counted by check_permits
  std::map<Key, bool> looked_after_;  // a bucket's line: an alarm or mail will serve it
  Duration waited_{0};                // by all that have ended
  std::string names_;
  std::string problem_;
  int passes_ = 0;
};

}  // namespace weir::test
