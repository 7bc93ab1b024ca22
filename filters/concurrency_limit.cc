#include "filters/concurrency_limit.h"

#include <algorithm>

#include "filters/key_table.h"

namespace weir {

struct ConcurrencyLimit::State {
  class PermitCause;
  struct Pool {
    std::int64_t in_use = 0;
    PermitCause* cause = nullptr;  // while somebody waits
    bool idle() const { return in_use == 0 && cause == nullptr; }
  };

  explicit State(const Params& p)
      : params(p),
        configured(p.by_tenant ? p.tenants : 0),
        others(p.keyed ? static_cast<std::size_t>(p.max_keys) : 1) {}

  Params params;
  std::vector<Pool> configured;  // by Tenant::index
  KeyTable<Pool> others;
  Pool common;              // the only one; with a key: of the keys that find no slot
  std::int64_t in_use = 0;  // in all pools
  double busy_seconds = 0;
  Time busy_since{};
  std::uint64_t granted = 0, denied = 0;
  std::uint64_t overflowed = 0;
  std::vector<std::unique_ptr<PermitCause>> spare;

  bool has_own_pool(const Tenant& tenant) const {
    return !tenant.everyone_else && tenant.index < configured.size();
  }
  // None: unlimited.
  std::optional<std::int64_t> limit(const Tenant& tenant) const {
    return params.by_tenant && tenant.concurrency ? tenant.concurrency : params.limit;
  }
  Pool& pool(const Request& request) {
    if (!params.keyed) return common;
    if (has_own_pool(*request.tenant)) return configured[request.tenant->index];
    Pool* found = others.find_or_claim(request.keys[params.key],
                                       [](const Pool& pool) { return pool.idle(); });
    if (found != nullptr) return *found;
    ++overflowed;
    return common;
  }
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
  }
};

class ConcurrencyLimit::State::PermitCause final : public Cause {
 public:
  explicit PermitCause(State& state) : state_(state) {}

  void open(Limiter& limiter, Pool& pool, std::int64_t limit) {
    limiter_ = &limiter;
    pool_ = &pool;
    limit_ = limit;
    pool.cause = this;
  }

  Limiter& limiter() const override { return *limiter_; }
  bool reserve(Time now, Grant&) override {
    if (pool_->in_use >= limit_) return false;
    state_.take(*pool_, now);
    return true;
  }
  void give_back(const Grant&, Time now) override { state_.release(*pool_, now); }
  Time ready_at(Time) const override { return kNever; }
  bool shared() const override { return !state_.params.keyed; }

 private:
  void unused() override {
    pool_->cause = nullptr;
    state_.spare.emplace_back(this);
  }

  State& state_;
  Limiter* limiter_ = nullptr;
  Pool* pool_ = nullptr;
  std::int64_t limit_ = 0;
};

class ConcurrencyLimit::PermitVisit final : public Visit {
 public:
  PermitVisit(Request& request, ConcurrencyLimit& filter, std::int64_t& shadowed)
      : Visit(request), filter_(filter), shadowed_(shadowed) {}
  ~PermitVisit() override {
    if (pool_ == nullptr) return;
    filter_.state_->release(*pool_, now());
    if (pool_->cause != nullptr) filter_.gate().serve_later(*pool_->cause);
  }

  Verdict enter() override {
    State& state = *filter_.state_;
    const std::optional<std::int64_t> limit = state.limit(*request().tenant);
    if (!limit) return Verdict::inward;
    State::Pool& pool = state.pool(request());
    if (take_grant(pool)) return Verdict::inward;
    const bool line = pool.cause != nullptr && pool.cause->has_waiters();
    if (pool.in_use >= *limit || line) {
      if (pool.cause == nullptr || !pool.cause->take_over(request())) return busy();
    } else {
      state.take(pool, now());
    }
    ++state.granted;
    pool_ = &pool;
    return Verdict::inward;
  }

 private:
  bool take_grant(State::Pool& pool) {
    Grant& grant = request().grant;
    if (grant.cause == nullptr || grant.cause != pool.cause) return false;
    pool_ = &pool;  // counted as used since it was reserved
    ++filter_.state_->granted;
    grant = {};
    pool.cause->grant_taken();
    return true;
  }

  Verdict busy() {
    const Reason reason = filter_.state_->params.reason;
    ++filter_.state_->denied;
    if (!filter_.enforces()) {
      if (shadowed_++ == 0) filter_.shadow_rejected.add(reason, request().tenant_label);
      return Verdict::inward;
    }
    Outcome& outcome = request().outcome;
    outcome = {};
    outcome.type = Outcome::Type::busy;
    outcome.kind = RefusalKind::capacity;
    outcome.reason = reason;
    outcome.filter = &filter_;
    return Verdict::outward;
  }

  ConcurrencyLimit& filter_;
  std::int64_t& shadowed_;       // a request is refused once at most, in shadow too
  State::Pool* pool_ = nullptr;  // of which it holds a permit
};

ConcurrencyLimit::ConcurrencyLimit(const Params& params, FilterContext context)
    : Limiter(kKind, std::move(context)), state_(std::make_shared<State>(params)) {}

ConcurrencyLimit::~ConcurrencyLimit() = default;

Visit& ConcurrencyLimit::visit(VisitSlot slot) {
  return slot.make<PermitVisit>(*this, slot.spent());
}

std::vector<Reason> ConcurrencyLimit::reasons() const { return {state_->params.reason}; }

Cause& ConcurrencyLimit::line_up(Request& request) {
  State& state = *state_;
  State::Pool& pool = state.pool(request);
  if (pool.cause == nullptr) {
    if (state.spare.empty()) state.spare.push_back(std::make_unique<State::PermitCause>(state));
    State::PermitCause* cause = state.spare.back().release();
    state.spare.pop_back();
    cause->open(*this, pool, state.limit(*request.tenant).value_or(INT64_MAX));
  }
  return *pool.cause;
}

FilterNumbers ConcurrencyLimit::numbers(Time now) const {
  FilterNumbers out;
  out.permits = std::make_unique<FilterNumbers::Permits>();
  out.permits->in_use = state_->in_use;
  out.permits->limit = state_->params.limit.value_or(0);
  out.permits->waiting = waiting;
  out.permits->keyed = state_->params.keyed;
  state_->integrate(now);
  out.permits->busy_seconds = state_->busy_seconds;
  out.permits->granted = state_->granted;
  out.permits->denied = state_->denied;
  if (state_->params.keyed) {
    out.keys = std::make_unique<FilterNumbers::Keys>();
    out.keys->tracked = static_cast<std::int64_t>(state_->others.used());
    out.keys->capacity = static_cast<std::int64_t>(state_->others.size());
    out.keys->overflowed = state_->overflowed;
  }
  return out;
}

void ConcurrencyLimit::describe(const Tenant& tenant, Time, TenantNumbers& out) const {
  if (!state_->params.keyed || !state_->has_own_pool(tenant)) return;
  out.in_use += state_->configured[tenant.index].in_use;
  out.limit = state_->limit(tenant).value_or(0);
}

}  // namespace weir
