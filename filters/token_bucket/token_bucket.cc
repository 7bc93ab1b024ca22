#include "filters/token_bucket/token_bucket.h"

#include <algorithm>
#include <utility>

#include "filters/keyed_states.h"

namespace weir {
namespace {

class BucketResource;

// A quota as far as arithmetic needs it. Of no quota at all: the window is endless.
struct Rate {
  Duration period{0};
  Duration window = kEndless;

  static constexpr Duration kEndless{std::int64_t{1} << 61};
  static Rate of(const Quota* quota) {
    return quota != nullptr ? Rate{quota->period, quota->window()} : Rate{};
  }
};

// A bucket is its theoretical arrival time. `cause` stands while somebody waits for it, and keeps
// its slot from being taken over.
struct Bucket {
  Time tat{};
  BucketResource* cause = nullptr;

  // When a request conforms; in the past or now: it does. A debt that a former quota left is cut to
  // what this one can have.
  Time conforms_at(const Rate& rate, Time now) {
    tat = std::min(tat, now + rate.window);
    return std::max(tat, now) + rate.period - rate.window;
  }
  Time idle_at() const { return cause == nullptr ? tat : kNever; }
  bool idle(Time now) const { return idle_at() <= now; }

  Grant charge(const Rate& rate, Time now) {
    Grant grant;
    grant.before = tat;
    grant.size = rate.period;
    tat = std::max(tat, now) + rate.period;
    grant.after = tat;
    return grant;
  }
  // Never more than was charged, nor than a token is worth now.
  void refund(const Grant& charged, const Rate& rate, std::uint64_t pass, Time now) {
    if (charged.pass == pass && tat == charged.after) {
      tat = charged.before;
    } else {
      const Duration most = std::min(charged.size, rate.period);
      tat -= std::clamp(charged.after - now, Duration{0}, most);
    }
  }
  void take(Bucket& other);
};

using BucketStates = KeyedStates<Bucket, Rate>;

// What all snapshots of one filter share.
struct Shared {
  Shared(std::int64_t slots, std::uint32_t labels, Gate& g)
      : buckets(static_cast<std::size_t>(slots)), gate(g), used(labels) {}

  BucketStates buckets;
  Gate& gate;
  std::vector<std::uint64_t> used;  // by tenant label
  std::int64_t waiting = 0;
  std::vector<BucketResource*> open;  // causes that somebody waits for
  std::vector<std::unique_ptr<BucketResource>> spare;
};

class BucketResource final : public WaitableResource {
 public:
  explicit BucketResource(Shared& state) : state_(state) {}

  void begin(Bucket& bucket, std::uint64_t hash, const Rate& rate) {
    bucket_ = &bucket;
    hash_ = hash;
    rate_ = rate;
    generation_ = state_.buckets.generation();
    bucket.cause = this;
    place_ = state_.open.size();
    state_.open.push_back(this);
  }
  void move_to(Bucket& bucket) {
    bucket_ = &bucket;
    bucket.cause = this;
  }

  std::int64_t& waiting() const override { return state_.waiting; }
  bool reserve(Time now, Grant& grant) override {
    if (bucket_->conforms_at(rate(), now) > now) return false;
    grant = bucket_->charge(rate(), now);
    return true;
  }
  void give_back(const Grant& grant, Time now) override {
    bucket_->refund(grant, rate(), state_.gate.pass(), now);
    state_.buckets.idle_sooner(*bucket_);
  }
  Time ready_at(Time now) const override { return bucket_->conforms_at(rate(), now); }
  Duration between_grants() const override { return rate().period; }

 private:
  // What holds for the key: after a reload it may be something else.
  const Rate& rate() const {
    if (generation_ != state_.buckets.generation()) {
      generation_ = state_.buckets.generation();
      rate_ = state_.buckets.params(hash_);
    }
    return rate_;
  }
  void unused() override {
    bucket_->cause = nullptr;
    state_.buckets.idle_sooner(*bucket_);
    state_.open.back()->place_ = place_;
    std::swap(state_.open[place_], state_.open.back());
    state_.open.pop_back();
    state_.spare.emplace_back(this);
  }

  Shared& state_;
  Bucket* bucket_ = nullptr;
  std::uint64_t hash_ = 0;
  mutable Rate rate_;
  mutable std::uint64_t generation_ = 0;
  std::size_t place_ = 0;  // in Shared::open
};

void Bucket::take(Bucket& other) {
  tat = std::max(tat, other.tat);
  if (cause == nullptr && other.cause != nullptr) {
    std::exchange(other.cause, nullptr)->move_to(*this);
  }
  if (other.cause == nullptr) other.tat = {};
}

}  // namespace

struct TokenBucket::State : Shared {
  using Shared::Shared;
};

struct TokenBucket::Tenants : BucketStates::List {
  using BucketStates::List::ConfiguredKeys;
};

class TokenBucket::BucketVisit final : public Visit {
 public:
  BucketVisit(Request& request, TokenBucket& filter, std::int64_t& shadowed)
      : Visit(request), filter_(filter), shadowed_(shadowed) {}
  ~BucketVisit() override {
    if (!charged_) return;
    if (request().reached > reached_) {
      auto& used = filter_.state_->used;
      ++used[std::min<std::size_t>(request().tenant_label, used.size() - 1)];
      return;
    }
    BucketStates& buckets = filter_.state_->buckets;
    Bucket* bucket = overflow_ ? &buckets.overflow
                               : buckets.find(*filter_.tenants_, *request().tenant, hash(), now());
    if (bucket == nullptr) return;
    bucket->refund(charge_, rate(), request().pass, now());
    buckets.idle_sooner(*bucket);
    if (bucket->cause != nullptr) filter_.gate().serve_later(*bucket->cause);
  }

  Entered enter() override {
    quota_ = filter_.quota(*request().tenant);
    if (quota_ == nullptr) return Entered::inward;
    BucketStates& buckets = filter_.state_->buckets;
    Bucket& bucket = buckets.cell(*filter_.tenants_, request(), hash());
    overflow_ = &bucket == &buckets.overflow;
    reached_ = request().reached;
    if (take_grant(bucket)) return Entered::inward;
    const Rate rate = this->rate();
    const Time conforms_at = bucket.conforms_at(rate, now());
    const bool line = bucket.cause != nullptr && bucket.cause->has_waiters();
    if (conforms_at > now() || line) {
      const auto grant =
          bucket.cause != nullptr ? bucket.cause->take_over(request()) : std::nullopt;
      if (!grant) {
        // Behind those that wait already.
        const Duration behind =
            line ? rate.period * static_cast<std::int64_t>(bucket.cause->waiters()) : Duration{0};
        return busy(saturating_add(std::max(conforms_at, now()), behind));
      }
      charge_ = *grant;
    } else {
      charge_ = bucket.charge(rate, now());
      charge_.pass = request().pass;
    }
    charged_ = true;
    return Entered::inward;
  }

 private:
  std::uint64_t hash() const { return request().keys[filter_.params_.key]; }
  // What holds now, which is not what the request began with if there was a reload.
  Rate rate() const {
    const BucketStates& buckets = filter_.state_->buckets;
    return buckets.in_force(*filter_.tenants_) ? Rate::of(quota_) : buckets.params(hash());
  }
  bool take_grant(Bucket& bucket) {
    Grant& grant = request().grant;
    if (grant.cause == nullptr || grant.cause != bucket.cause) return false;
    charge_ = grant;
    charged_ = true;
    grant = {};
    bucket.cause->grant_taken();
    return true;
  }

  Entered busy(Time retry_at) {
    const Entered ended =
        filter_.busy(request(), RefusalKind::quota, Reason::quota_exceeded, shadowed_);
    if (ended == Entered::outward) {
      request().outcome.retry_at = retry_at;
      request().outcome.quota = quota_;
    }
    return ended;
  }

  TokenBucket& filter_;
  std::int64_t& shadowed_;  // a request is refused once at most, in shadow too
  const Quota* quota_ = nullptr;
  Grant charge_;  // the bucket before and after, and in which pass
  std::uint32_t reached_ = 0;
  bool charged_ = false;   // there is something to give back
  bool overflow_ = false;  // in the bucket that keys without a slot share
};

TokenBucket::TokenBucket(const Params& params, FilterContext context, const TokenBucket* before)
    : Limiter(kKind, std::move(context), before),
      params_(params),
      state_(before != nullptr
                 ? before->state_
                 : std::make_shared<State>(params.max_keys, this->context().labels, gate())) {
  const auto rate_of = [&](const Tenant& tenant) { return Rate::of(quota(tenant)); };
  tenants_ = make_configured_keys<Tenants>(params_, rate_of,
                                           before != nullptr ? &before->tenants_ : nullptr, gate());
  if (before == nullptr) state_->buckets.activate(tenants_);
}

TokenBucket::~TokenBucket() = default;

void TokenBucket::activate() {
  Limiter::activate();
  state_->buckets.activate(tenants_);
  if (state_->used.size() < context().labels) state_->used.resize(context().labels);
}

bool TokenBucket::serve_waiters(std::size_t& from) { return serve_some(state_->open, from); }

std::string TokenBucket::unchanged_parameter() const {
  const std::size_t slots = state_->buckets.others().size();
  const bool same = slots == static_cast<std::size_t>(params_.max_keys);
  return same ? "" : "max_keys: " + std::to_string(slots);
}

// The quota that applies to the tenant's requests; null: none does.
const Quota* TokenBucket::quota(const Tenant& tenant) const {
  if (params_.quota) return &*params_.quota;
  return tenant.quota ? &*tenant.quota : nullptr;
}

Time TokenBucket::ready_at(const Request& request) const {
  const Quota* const quota = this->quota(*request.tenant);
  if (quota == nullptr || !enforces()) return Time::min();
  BucketStates& buckets = state_->buckets;
  Bucket* const bucket =
      buckets.find(*tenants_, *request.tenant, request.keys[params_.key], request.now);
  return bucket != nullptr ? bucket->conforms_at(Rate::of(quota), request.now) : Time::min();
}

Visit& TokenBucket::visit(VisitSlot slot) {
  return slot.make<BucketVisit>(*this, slot.carried_state());
}

const std::int64_t& TokenBucket::waiting() const { return state_->waiting; }

WaitableResource& TokenBucket::line_up(Request& request) {
  State& state = *state_;
  const std::uint64_t hash = request.keys[params_.key];
  Bucket& bucket = state.buckets.cell(*tenants_, request, hash);
  if (bucket.cause == nullptr) {
    if (state.spare.empty()) state.spare.push_back(std::make_unique<BucketResource>(state));
    BucketResource* cause = state.spare.back().release();
    state.spare.pop_back();
    const bool current = state.buckets.in_force(*tenants_);
    cause->begin(bucket, hash,
                 current ? Rate::of(quota(*request.tenant)) : state.buckets.params(hash));
  }
  return *bucket.cause;
}

FilterStats TokenBucket::stats(Time) const {
  const BucketStates& buckets = state_->buckets;
  FilterStats out;
  out.quotas = std::make_unique<FilterStats::Quotas>();
  out.quotas->used = state_->used;
  out.keys = std::make_unique<FilterStats::Keys>();
  out.keys->tracked = static_cast<std::int64_t>(buckets.others().used());
  out.keys->capacity = static_cast<std::int64_t>(buckets.others().size());
  out.keys->overflowed = buckets.overflowed();
  out.keys->over_share = buckets.over_share();
  return out;
}

void TokenBucket::tenant_stats(const Tenant& tenant, Time now, TenantStats& out) const {
  const Quota* quota = this->quota(tenant);
  const auto* own = tenants_->at(tenant);
  if (quota == nullptr || own == nullptr) return;
  const Time tat = std::min(own->cell.tat, now + quota->window());
  const Duration room = now + quota->window() - std::max(tat, now);
  out.quota = quota;
  out.available = std::max<std::int64_t>(room / quota->period, 0);
}

}  // namespace weir
