#include "filters/concurrency_limit/concurrency_limit.h"

#include <algorithm>
#include <utility>

#include "filters/keyed_states.h"

namespace weir {

namespace {

class PermitResource;

// The permits of one key that are taken. `cause` stands while somebody waits for one.
struct Pool {
  std::int64_t in_use = 0;
  PermitResource* cause = nullptr;

  Time idle_at() const { return in_use == 0 && cause == nullptr ? Time{} : kNever; }
  bool idle(Time = {}) const { return idle_at() != kNever; }
  void take(Pool& other);
};

struct Limit {
  std::int64_t most = INT64_MAX;
};

Limit limit_of(std::optional<std::int64_t> limit) { return {limit.value_or(INT64_MAX)}; }

using PoolStates = KeyedStates<Pool, Limit>;

// What all snapshots of one filter share.
struct Shared {
  explicit Shared(const ConcurrencyLimit::Params& p)
      : pools(p.keyed ? static_cast<std::size_t>(p.max_keys) : 1), keyed(p.keyed) {}

  PoolStates pools;  // without a key only its overflow, which is all there is
  const bool keyed;
  std::int64_t in_use = 0;  // in all pools
  double busy_seconds = 0;
  Time busy_since{};
  std::uint64_t granted = 0, denied = 0;
  std::int64_t waiting = 0;
  std::vector<PermitResource*> open;  // causes that somebody waits for
  std::vector<std::unique_ptr<PermitResource>> spare;

  void integrate(Time now) {
    busy_seconds += static_cast<double>(in_use) * to_seconds(now - busy_since);
    busy_since = now;
  }
  void take(Pool& pool, Time now) {
    integrate(now);
    ++pool.in_use;
    ++in_use;
  }
  void release(Pool& pool, Time now) {
    integrate(now);
    --pool.in_use;
    --in_use;
    if (keyed && pool.in_use == 0) pools.idle_sooner(pool);
  }
};

class PermitResource final : public WaitableResource {
 public:
  explicit PermitResource(Shared& state) : state_(state) {}

  void begin(Pool& pool, std::uint64_t hash, Limit limit) {
    pool_ = &pool;
    hash_ = hash;
    limit_ = limit;
    generation_ = state_.pools.generation();
    pool.cause = this;
    place_ = state_.open.size();
    state_.open.push_back(this);
  }
  void move_to(Pool& pool) {
    pool_ = &pool;
    pool.cause = this;
  }

  std::int64_t& waiting() const override { return state_.waiting; }
  bool reserve(Time now, Grant&) override {
    if (pool_->in_use >= limit().most) return false;
    state_.take(*pool_, now);
    return true;
  }
  void give_back(const Grant&, Time now) override { state_.release(*pool_, now); }
  Time ready_at(Time) const override { return kNever; }
  bool shared() const override { return !state_.keyed; }

 private:
  // What holds for the key: after a reload it may be something else.
  const Limit& limit() {
    if (generation_ != state_.pools.generation()) {
      generation_ = state_.pools.generation();
      limit_ = state_.pools.params(hash_);
    }
    return limit_;
  }
  void unused() override {
    pool_->cause = nullptr;
    state_.pools.idle_sooner(*pool_);
    state_.open.back()->place_ = place_;
    std::swap(state_.open[place_], state_.open.back());
    state_.open.pop_back();
    state_.spare.emplace_back(this);
  }

  Shared& state_;
  Pool* pool_ = nullptr;
  std::uint64_t hash_ = 0;
  Limit limit_;
  std::uint64_t generation_ = 0;
  std::size_t place_ = 0;  // in Shared::open
};

void Pool::take(Pool& other) {
  in_use += std::exchange(other.in_use, 0);
  if (cause == nullptr && other.cause != nullptr) {
    std::exchange(other.cause, nullptr)->move_to(*this);
  }
}

}  // namespace

struct ConcurrencyLimit::Tenants : PoolStates::List {
  using PoolStates::List::ConfiguredKeys;
};

struct ConcurrencyLimit::State : Shared {
  using Shared::Shared;

  Pool& pool(const ConcurrencyLimit& filter, const Request& request) {
    if (!keyed) return pools.overflow;
    return pools.cell(*filter.tenants_, request, filter.hash(request));
  }
  // What holds now, which is not what the request began with if there was a reload.
  Limit limit(const ConcurrencyLimit& filter, const Request& request) const {
    if (pools.in_force(*filter.tenants_)) return limit_of(filter.limit(*request.tenant));
    return pools.params(filter.hash(request));
  }
};

class ConcurrencyLimit::PermitVisit final : public Visit {
 public:
  PermitVisit(Request& request, ConcurrencyLimit& filter, std::int64_t& shadowed)
      : Visit(request), filter_(filter), shadowed_(shadowed) {}
  ~PermitVisit() override {
    if (!holds_) return;
    State& state = *filter_.state_;
    // Where the key's permits are counted now; one that is held keeps its pool from being idle.
    Pool* pool = common_ ? &state.pools.overflow
                         : state.pools.find(*filter_.tenants_, *request().tenant,
                                            filter_.hash(request()), now());
    if (pool == nullptr) return;
    state.release(*pool, now());
    if (pool->cause != nullptr) filter_.gate().serve_later(*pool->cause);
  }

  Entered enter() override {
    if (!filter_.limit(*request().tenant)) return Entered::inward;
    State& state = *filter_.state_;
    Pool& pool = state.pool(filter_, request());
    common_ = &pool == &state.pools.overflow;
    if (take_grant(pool)) return Entered::inward;
    const bool line = pool.cause != nullptr && pool.cause->has_waiters();
    if (pool.in_use >= state.limit(filter_, request()).most || line) {
      if (pool.cause == nullptr || !pool.cause->take_over(request())) return busy();
    } else {
      state.take(pool, now());
    }
    ++state.granted;
    holds_ = true;
    return Entered::inward;
  }

 private:
  bool take_grant(Pool& pool) {
    Grant& grant = request().grant;
    if (grant.cause == nullptr || grant.cause != pool.cause) return false;
    holds_ = true;  // counted as used since it was reserved
    ++filter_.state_->granted;
    grant = {};
    pool.cause->grant_taken();
    return true;
  }

  Entered busy() {
    ++filter_.state_->denied;
    return filter_.busy(request(), RefusalKind::capacity, filter_.params_.reason, shadowed_);
  }

  ConcurrencyLimit& filter_;
  std::int64_t& shadowed_;  // a request is refused once at most, in shadow too
  bool holds_ = false;      // a permit
  bool common_ = false;     // of the pool for all, or for the keys without a slot
};

ConcurrencyLimit::ConcurrencyLimit(const Params& params, FilterContext context,
                                   const ConcurrencyLimit* before)
    : Limiter(kKind, std::move(context), before),
      params_(params),
      state_(before != nullptr ? before->state_ : std::make_shared<State>(params)) {
  const auto params_of = [&](const Tenant& tenant) { return limit_of(limit(tenant)); };
  tenants_ = make_configured_keys<Tenants>(params_, params_of,
                                           before != nullptr ? &before->tenants_ : nullptr, gate());
  if (before == nullptr) state_->pools.activate(tenants_);
}

ConcurrencyLimit::~ConcurrencyLimit() = default;

void ConcurrencyLimit::activate() {
  Limiter::activate();
  state_->pools.activate(tenants_);
}

bool ConcurrencyLimit::serve_waiters(std::size_t& from) { return serve_some(state_->open, from); }

std::string ConcurrencyLimit::unchanged_parameter() const {
  const std::size_t slots = state_->pools.others().size();
  const bool same = !params_.keyed || slots == static_cast<std::size_t>(params_.max_keys);
  return same ? "" : "max_keys: " + std::to_string(slots);
}

std::optional<std::int64_t> ConcurrencyLimit::limit(const Tenant& tenant) const {
  return params_.by_tenant && tenant.concurrency ? tenant.concurrency : params_.limit;
}

std::uint64_t ConcurrencyLimit::hash(const Request& request) const {
  return request.keys[params_.key];
}

Visit& ConcurrencyLimit::visit(VisitSlot slot) {
  return slot.make<PermitVisit>(*this, slot.carried_state());
}

std::vector<Reason> ConcurrencyLimit::reasons() const { return {params_.reason}; }

const std::int64_t& ConcurrencyLimit::waiting() const { return state_->waiting; }

WaitableResource& ConcurrencyLimit::line_up(Request& request) {
  State& state = *state_;
  Pool& pool = state.pool(*this, request);
  if (pool.cause == nullptr) {
    if (state.spare.empty()) state.spare.push_back(std::make_unique<PermitResource>(state));
    PermitResource* cause = state.spare.back().release();
    state.spare.pop_back();
    cause->begin(pool, hash(request), state.limit(*this, request));
  }
  return *pool.cause;
}

FilterStats ConcurrencyLimit::stats(Time now) const {
  FilterStats out;
  out.permits = std::make_unique<FilterStats::Permits>();
  out.permits->in_use = state_->in_use;
  out.permits->limit = params_.limit.value_or(0);
  out.permits->waiting = state_->waiting;
  out.permits->keyed = params_.keyed;
  state_->integrate(now);
  out.permits->busy_seconds = state_->busy_seconds;
  out.permits->granted = state_->granted;
  out.permits->denied = state_->denied;
  if (params_.keyed) {
    const PoolStates& pools = state_->pools;
    out.keys = std::make_unique<FilterStats::Keys>();
    out.keys->tracked = static_cast<std::int64_t>(pools.others().used());
    out.keys->capacity = static_cast<std::int64_t>(pools.others().size());
    out.keys->overflowed = pools.overflowed();
    out.keys->over_share = pools.over_share();
  }
  return out;
}

void ConcurrencyLimit::tenant_stats(const Tenant& tenant, Time, TenantStats& out) const {
  const auto* own = tenants_->at(tenant);
  if (!params_.keyed || own == nullptr) return;
  out.in_use += own->cell.in_use;
  out.limit = limit(tenant).value_or(0);
}

}  // namespace weir
