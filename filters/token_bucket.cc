#include "filters/token_bucket.h"

#include <algorithm>

#include "filters/key_table.h"

namespace weir {
namespace {

class BucketCause;

// A bucket is its theoretical arrival time. `cause` stands while somebody waits for it, and keeps
// its slot from being taken over.
struct Bucket {
  Time tat{};
  BucketCause* cause = nullptr;

  // When a request conforms; in the past or now: it does.
  Time conforms_at(const Quota& quota, Time now) const {
    return std::max(tat, now) + quota.period - quota.period * quota.burst;
  }
  bool idle(Time now) const { return tat <= now && cause == nullptr; }

  Grant charge(const Quota& quota, Time now) {
    Grant grant;
    grant.before = tat;
    tat = std::max(tat, now) + quota.period;
    grant.after = tat;
    return grant;
  }
  void refund(const Grant& charged, const Quota& quota, std::uint64_t pass, Time now) {
    if (charged.pass == pass && tat == charged.after) {
      tat = charged.before;
    } else {
      tat -= std::clamp(charged.after - now, Duration{0}, quota.period);
    }
  }
};

class BucketCause final : public Cause {
 public:
  explicit BucketCause(std::vector<std::unique_ptr<BucketCause>>& spare) : spare_(spare) {}

  void open(Limiter& limiter, Bucket& bucket, const Quota& quota) {
    limiter_ = &limiter;
    bucket_ = &bucket;
    quota_ = &quota;
    bucket.cause = this;
  }

  Limiter& limiter() const override { return *limiter_; }
  bool reserve(Time now, Grant& grant) override {
    if (bucket_->conforms_at(*quota_, now) > now) return false;
    grant = bucket_->charge(*quota_, now);
    return true;
  }
  void give_back(const Grant& grant, Time now) override {
    bucket_->refund(grant, *quota_, limiter_->gate().pass(), now);
  }
  Time ready_at(Time now) const override { return bucket_->conforms_at(*quota_, now); }

 private:
  void unused() override {
    bucket_->cause = nullptr;
    spare_.emplace_back(this);
  }

  std::vector<std::unique_ptr<BucketCause>>& spare_;
  Limiter* limiter_ = nullptr;
  Bucket* bucket_ = nullptr;
  const Quota* quota_ = nullptr;
};

}  // namespace

struct TokenBucket::State {
  State(const Params& p, std::uint32_t labels)
      : params(p), configured(p.by_tenant ? p.tenants : 0), others(p.max_keys), used(labels) {}

  Params params;
  std::vector<Bucket> configured;  // by Tenant::index
  KeyTable<Bucket> others;
  Bucket overflow;  // shared by the keys that find no slot
  std::uint64_t overflowed = 0;
  std::vector<std::uint64_t> used;  // by tenant label
  std::vector<std::unique_ptr<BucketCause>> spare;

  // The quota that applies to the request; null: none does.
  const Quota* quota(const Tenant& tenant) const {
    if (params.quota) return &*params.quota;
    return tenant.quota ? &*tenant.quota : nullptr;
  }
  bool has_own_bucket(const Tenant& tenant) const {
    return !tenant.everyone_else && tenant.index < configured.size();
  }
  Bucket& bucket(const Request& request) {
    if (has_own_bucket(*request.tenant)) return configured[request.tenant->index];
    const Time now = request.now;
    Bucket* found = others.find_or_claim(request.keys[params.key],
                                         [now](const Bucket& b) { return b.idle(now); });
    if (found != nullptr) return *found;
    ++overflowed;
    return overflow;
  }
  // False if the bucket was idle, and its slot went to another key.
  bool still_has(const Request& request, const Bucket& bucket) {
    if (&bucket == &overflow || has_own_bucket(*request.tenant)) return true;
    return others.find(request.keys[params.key]) == &bucket;
  }
};

class TokenBucket::BucketVisit final : public Visit {
 public:
  BucketVisit(Request& request, TokenBucket& filter, std::int64_t& shadowed)
      : Visit(request), filter_(filter), shadowed_(shadowed) {}
  ~BucketVisit() override {
    if (bucket_ == nullptr) return;
    if (request().reached > reached_) {
      auto& used = filter_.state_->used;
      ++used[std::min<std::size_t>(request().tenant_label, used.size() - 1)];
      return;
    }
    if (!filter_.state_->still_has(request(), *bucket_)) return;
    bucket_->refund(charge_, *quota_, request().pass, now());
    if (bucket_->cause != nullptr) filter_.gate().serve_later(*bucket_->cause);
  }

  Verdict enter() override {
    State& state = *filter_.state_;
    quota_ = state.quota(*request().tenant);
    if (quota_ == nullptr) return Verdict::inward;
    Bucket& bucket = state.bucket(request());
    reached_ = request().reached;
    if (take_grant(bucket)) return Verdict::inward;
    const Time conforms_at = bucket.conforms_at(*quota_, now());
    const bool line = bucket.cause != nullptr && bucket.cause->has_waiters();
    if (conforms_at > now() || line) {
      const auto grant =
          bucket.cause != nullptr ? bucket.cause->take_over(request()) : std::nullopt;
      if (!grant) return busy(std::max(conforms_at, now()));
      charge_ = *grant;
    } else {
      charge_ = bucket.charge(*quota_, now());
      charge_.pass = request().pass;
    }
    bucket_ = &bucket;
    return Verdict::inward;
  }

 private:
  bool take_grant(Bucket& bucket) {
    Grant& grant = request().grant;
    if (grant.cause == nullptr || grant.cause != bucket.cause) return false;
    charge_ = grant;
    bucket_ = &bucket;
    grant = {};
    bucket.cause->grant_taken();
    return true;
  }

  Verdict busy(Time retry_at) {
    if (!filter_.enforces()) {
      if (shadowed_++ == 0) {
        filter_.shadow_rejected.add(Reason::quota_exceeded, request().tenant_label);
      }
      return Verdict::inward;
    }
    Outcome& outcome = request().outcome;
    outcome = {};
    outcome.type = Outcome::Type::busy;
    outcome.kind = RefusalKind::quota;
    outcome.reason = Reason::quota_exceeded;
    outcome.retry_at = retry_at;
    outcome.filter = &filter_;
    outcome.quota = quota_;
    return Verdict::outward;
  }

  TokenBucket& filter_;
  std::int64_t& shadowed_;  // a request is refused once at most, in shadow too
  const Quota* quota_ = nullptr;
  Bucket* bucket_ = nullptr;  // charged; null: nothing to give back
  Grant charge_;              // the bucket before and after, and in which pass
  std::uint32_t reached_ = 0;
};

TokenBucket::TokenBucket(const Params& params, FilterContext context)
    : Limiter(kKind, std::move(context)),
      state_(std::make_shared<State>(params, this->context().labels)) {}

TokenBucket::~TokenBucket() = default;

Visit& TokenBucket::visit(VisitSlot slot) { return slot.make<BucketVisit>(*this, slot.spent()); }

Cause& TokenBucket::line_up(Request& request) {
  State& state = *state_;
  Bucket& bucket = state.bucket(request);
  if (bucket.cause == nullptr) {
    if (state.spare.empty()) state.spare.push_back(std::make_unique<BucketCause>(state.spare));
    BucketCause* cause = state.spare.back().release();
    state.spare.pop_back();
    cause->open(*this, bucket, *state.quota(*request.tenant));
  }
  return *bucket.cause;
}

FilterNumbers TokenBucket::numbers(Time) const {
  FilterNumbers out;
  out.quotas = std::make_unique<FilterNumbers::Quotas>();
  out.quotas->used = state_->used;
  out.keys = std::make_unique<FilterNumbers::Keys>();
  out.keys->tracked = static_cast<std::int64_t>(state_->others.used());
  out.keys->capacity = static_cast<std::int64_t>(state_->others.size());
  out.keys->overflowed = state_->overflowed;
  return out;
}

void TokenBucket::describe(const Tenant& tenant, Time now, TenantNumbers& out) const {
  const Quota* quota = state_->quota(tenant);
  if (quota == nullptr || !state_->has_own_bucket(tenant)) return;
  const Bucket& bucket = state_->configured[tenant.index];
  const Duration room = now + quota->period * quota->burst - std::max(bucket.tat, now);
  out.quota = quota;
  out.available = std::max<std::int64_t>(room / quota->period, 0);
}

}  // namespace weir
