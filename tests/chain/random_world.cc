#include "tests/chain/random_world.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <tuple>

namespace weir::test {

using namespace std::chrono_literals;

namespace {

constexpr std::array kTenants = {"acme", "beta", "gamma"};

}  // namespace

RandomWorld::RandomWorld(std::uint64_t seed, int workers) : random_(seed), h_(workers, seed) {
  h_.hold_mail();
  h_.on_end = [this](Exchange& x) { waited_ += x.waited; };
  h_.after_pass = [this] { check(); };
  build();
}

// --- building

void RandomWorld::build() {
  for (int i = pick(3); i > 0; --i) shared_.push_back(random_limiter());
  if (chance(30)) shared_.push_back(random_buffer());
  const std::shared_ptr<Filter> pool = random_limiter();
  for (int c = 1 + pick(3); c > 0; --c) {
    Built made;
    bool has_retry = false;
    for (int i = pick(7); i > 0; --i) {
      if (auto filter = random_filter(made, has_retry)) made.filters.push_back(std::move(filter));
    }
    if (std::find(made.filters.begin(), made.filters.end(), pool) == made.filters.end()) {
      made.filters.push_back(pool);
    }
    ChainHarness::Filters with_probes;
    for (const auto& filter : made.filters) {
      with_probes.push_back(filter);
      with_probes.push_back(std::make_shared<Probe>(
          static_cast<std::uint32_t>(with_probes.size() / 2), h_.context()));
      names_ += std::string(filter->kind()) + (filter->enforces() ? " " : "? ");
    }
    names_ += "| ";
    made.chain = &h_.chain(std::move(with_probes));
    chains_.push_back(std::move(made));
  }
}

std::shared_ptr<Filter> RandomWorld::random_filter(const Built& so_far, bool& has_retry) {
  const auto stands = [&](const std::shared_ptr<Filter>& f) {
    return std::find(so_far.filters.begin(), so_far.filters.end(), f) != so_far.filters.end();
  };
  switch (pick(8)) {
    case 0:
    case 1: return random_buffer();
    case 2:
    case 3: return random_limiter();
    case 4: {
      const auto upto = [this](int n) { return std::chrono::milliseconds(1 + pick(n)); };
      Timeout::Params params{.head = upto(400), .total = {}, .idle = {}};
      if (chance(20)) params.total = upto(800);
      if (chance(20)) params.idle = upto(100);
      return h_.timeout(params);
    }
    case 5: {
      if (has_retry) return nullptr;
      has_retry = true;
      Retry::Params params =
          ChainHarness::tries(2 + pick(3), std::chrono::milliseconds(pick(3) * 10));
      params.full_jitter = chance(50);
      return h_.retry(params);
    }
    case 6: {
      LoadShed::Params params;
      std::shared_ptr<Buffer> line;
      if (chance(50)) {
        params.target_wait = std::chrono::milliseconds(10);
        line = random_buffer();
      }
      return h_.load_shed(params, line, chance(80));
    }
    default: {
      if (shared_.empty()) return nullptr;
      const auto& filter =
          shared_[static_cast<std::size_t>(pick(static_cast<int>(shared_.size())))];
      return stands(filter) ? nullptr : filter;
    }
  }
}

std::shared_ptr<Buffer> RandomWorld::random_buffer() {
  Buffer::Params params;
  params.capacity = pick(8);
  if (chance(50)) params.capacity_per_key = 1 + pick(4);
  params.max_wait = std::chrono::milliseconds(1 + pick(300));
  params.order = chance(30) ? Buffer::Order::lifo : Buffer::Order::fifo;
  params.overflow = chance(40) ? Buffer::Overflow::drop_oldest : Buffer::Overflow::reject;
  auto buffer = h_.buffer(params);
  buffers_[buffer.get()] = params;
  return buffer;
}

std::shared_ptr<Filter> RandomWorld::random_limiter() {
  const bool enforce = chance(90);
  if (chance(40)) {
    const Quota size = quota(1 + pick(50), 1s, 1 + pick(4));
    auto bucket = h_.bucket(size, enforce);
    if (enforce) quotas_[bucket.get()] = size;
    return bucket;
  }
  const LimitSpec spec{.limit = 1 + pick(3), .keyed = chance(25), .enforce = enforce};
  auto limit = spec.keyed ? h_.limit_each_tenant(spec.limit) : h_.limit(spec.limit, enforce);
  limits_[limit.get()] = spec;
  if (spec.keyed) limits_[limit.get()].enforce = true;
  return limit;
}

std::string RandomWorld::description() const { return names_; }

// --- what happens

void RandomWorld::step() {
  switch (const int what = pick(10); what) {
    case 0:
    case 1:
    case 2: {
      const Built& to = chains_[static_cast<std::size_t>(pick(static_cast<int>(chains_.size())))];
      h_.arrive(kTenants[static_cast<std::size_t>(pick(kTenants.size()))], to.chain,
                pick(h_.workers()));
      return;
    }
    case 3: return move_time();
    case 4:
    case 5: turn_over_one(); return;
    default: {
      const auto& inside = h_.inside();
      if (inside.empty()) return move_time();
      act(*inside[static_cast<std::size_t>(pick(static_cast<int>(inside.size())))]);
    }
  }
}

void RandomWorld::act(Exchange& x) {
  if (chance(10)) return h_.wake(x);
  if (chance(10)) return h_.client_leaves(x, chance(20));
  if (x.streaming()) return h_.finish(x);
  if (!x.at_service()) return;
  switch (pick(8)) {
    case 0: return h_.fail(x, Reason::connect_failure);
    case 1: return h_.fail(x, Reason::upstream_reset);
    case 2: return h_.head(x, 503);
    case 3: return h_.head(x, 200);
    case 4: return h_.write(x);
    case 5:
      return x.client_wait_since == kNever ? x.client_wait_begins(h_.now())
                                           : x.client_wait_ends(h_.now());
    default: return h_.respond(x, 200);
  }
}

// Never beyond an alarm that has not been heard.
void RandomWorld::move_time() {
  if (!h_.due().empty()) {
    turn_over_one();
    return;
  }
  const Time to = h_.now() + std::chrono::microseconds(pick(20'000));
  h_.set_clock(std::min(to, h_.next_alarm()));
}

// One alarm that is due or one piece of mail, whichever; false: there is none.
bool RandomWorld::turn_over_one() {
  const std::vector<Exchange*> due = h_.due();
  std::vector<int> boxes;
  for (int i = 0; i < h_.workers(); ++i) {
    if (!h_.mail(i).empty()) boxes.push_back(i);
  }
  const auto choices = static_cast<int>(due.size() + boxes.size());
  if (choices == 0) return false;
  const auto choice = static_cast<std::size_t>(pick(choices));
  choice < due.size() ? h_.wake(*due[choice])
                      : static_cast<void>(h_.deliver_one(boxes[choice - due.size()]));
  return true;
}

bool RandomWorld::settle() {
  const auto n = static_cast<int>(h_.inside().size());
  for (int left = 100 + 50 * n; left > 0; --left) {
    if (!turn_over_one()) return true;
  }
  return false;
}

void RandomWorld::wind_up() {
  for (int rounds = 0; !h_.inside().empty(); ++rounds) {
    require(rounds < 10'000, "it comes to no end");
    if (!problem_.empty()) return;
    require(settle(), "passes go round while the time stands still");
    const std::vector<Exchange*> inside = h_.inside();
    for (Exchange* x : inside) {
      if (x->client_wait_since != kNever) x->client_wait_ends(h_.now());
      if (x->streaming()) {
        h_.finish(*x);
      } else if (x->at_service()) {
        h_.respond(*x);
      }
    }
    if (h_.next_alarm() != kNever) h_.set_clock(std::max(h_.now(), h_.next_alarm()));
  }
  check_end();
}

// --- what must be true

void RandomWorld::require(bool holds, const std::string& what) {
  if (!holds && problem_.empty()) problem_ = what + " (pass " + std::to_string(passes_) + ")";
}

const RandomWorld::Built& RandomWorld::built(const Exchange& x) const {
  return *std::find_if(chains_.begin(), chains_.end(),
                       [&](const Built& b) { return b.chain == x.chain; });
}

const Filter* RandomWorld::waits_at(const Exchange& x) const {
  return built(x).filters[static_cast<std::size_t>(std::countr_one(x.probes))].get();
}

void RandomWorld::check() {
  ++passes_;
  if (!problem_.empty()) return;
  check_permits();
  check_lines();
}

void RandomWorld::check_permits() {
  used_.clear();
  std::map<const Filter*, std::int64_t> held;  // in all
  const auto count = [&](const Filter* filter, const Tenant* tenant) {
    const auto spec = limits_.find(filter);
    if (spec == limits_.end()) return;
    ++held[filter];
    ++used_[{filter, spec->second.keyed ? tenant : nullptr}];
  };
  for (const Exchange* x : h_.inside()) {
    const auto& filters = built(*x).filters;
    for (std::size_t i = 0; i < filters.size(); ++i) {
      if ((x->probes >> i & 1U) != 0) count(filters[i].get(), x->tenant);
    }
    if (x->grant.cause != nullptr) {
      require(x->waiting(), "a grant is held by one that does not wait");
      for (const auto& filter : filters) {
        const auto* limiter = dynamic_cast<const Limiter*>(filter.get());
        const bool granted =
            limiter != nullptr && &limiter->waiting() == &x->grant.cause->waiting();
        if (granted) count(limiter, x->tenant);
      }
    }
  }
  for (const auto& [filter, spec] : limits_) {
    const std::int64_t in_use = h_.in_use(*filter);
    if (spec.enforce) {
      require(in_use == held[filter], filter->name() + ": " + std::to_string(in_use) +
                                          " permits in use, held and granted are " +
                                          std::to_string(held[filter]));
    } else {
      require(in_use <= held[filter] && in_use <= spec.limit, "shadow permits");
    }
  }
  for (const auto& [key, used] : used_) {
    const LimitSpec& spec = limits_.at(key.first);
    require(!spec.enforce || used <= spec.limit, "more permits in use than there are");
  }
}

void RandomWorld::check_lines() {
  std::map<const Filter*, std::int64_t> standing, without_place;
  std::map<std::tuple<const Filter*, const Filter*, const Tenant*>, std::int64_t> of_key;
  std::vector<const Exchange*> mailed;
  for (int i = 0; i < h_.workers(); ++i) {
    for (Exchange* x : h_.mail(i)) mailed.push_back(x);
  }
  looked_after_.clear();
  for (const Exchange* x : h_.inside()) {
    const bool has_mail = std::find(mailed.begin(), mailed.end(), x) != mailed.end();
    if (!x->waiting()) continue;
    require(has_mail || x->next_alarm.at != kNever, "a waiting request is lost");
    require(has_mail || x->grant.cause == nullptr, "a granted request has not been told");
    const Filter* at = waits_at(*x);
    const auto buffer = buffers_.find(at);
    if (buffer == buffers_.end()) continue;
    ++standing[at];
    // Those that have been granted something, or dropped, count no more.
    const auto spec_of_key = limits_.find(x->outcome.filter);
    const bool for_key = quotas_.contains(x->outcome.filter) ||
                         (spec_of_key != limits_.end() && spec_of_key->second.keyed);
    if (for_key && !has_mail) {
      const std::int64_t own = ++of_key[{at, x->outcome.filter, x->tenant}];
      require(own <= buffer->second.capacity_per_key, "more of one key wait than it has places");
    }
    without_place[at] += has_mail && x->grant.cause == nullptr;  // perhaps: it may be dropped
    require(has_mail || x->next_alarm.at <= h_.now() + buffer->second.max_wait,
            "may wait longer than max_wait");
    const bool soon = has_mail || x->next_alarm.at <= h_.now();
    const Filter* waits_for = x->outcome.filter;
    if (quotas_.contains(waits_for)) looked_after_[{waits_for, x->tenant}] |= soon;
    if (const auto spec = limits_.find(waits_for); spec != limits_.end() && !has_mail) {
      const auto used = used_.find({waits_for, spec->second.keyed ? x->tenant : nullptr});
      require(used != used_.end() && used->second == spec->second.limit,
              "one waits for a permit that is free");
    }
  }
  for (const auto& [line, soon] : looked_after_) {
    require(soon || h_.available(*line.first, line.second->name) == 0,
            "one waits for a token that is there, and nobody will look");
  }
  for (const auto& [filter, params] : buffers_) {
    const std::int64_t depth = h_.depth(*filter);
    require(depth <= params.capacity, "more wait than there are places");
    require(depth <= standing[filter] && depth >= standing[filter] - without_place[filter],
            "the depth is not the number of those that wait");
  }
}

void RandomWorld::check_end() {
  require(settle(), "mail for nobody");
  double depth_seconds = 0;
  Duration observed{0};
  for (const auto& [filter, params] : buffers_) {
    const FilterStats numbers = h_.stats(*filter);
    depth_seconds += numbers.queue->depth_seconds;
    observed += Duration(static_cast<std::int64_t>(numbers.queue->wait.sum_nanoseconds));
    require(h_.depth(*filter) == 0, "places are left");
  }
  require(std::abs(depth_seconds - to_seconds(waited_)) < 1e-9 * (1 + depth_seconds),
          "the integral of the depth is not the sum of the waits");
  require(observed == waited_, "the histograms do not hold the sum of the waits");
  for (const auto& [filter, spec] : limits_) require(h_.in_use(*filter) == 0, "permits are left");
  h_.set_clock(h_.now() + 10s);
  for (const auto& [filter, size] : quotas_) {
    for (const char* tenant : kTenants) {
      require(h_.available(*filter, tenant) == size.burst, "a bucket is not full again");
    }
  }
}

}  // namespace weir::test
