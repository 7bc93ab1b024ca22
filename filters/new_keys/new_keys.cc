#include "filters/new_keys/new_keys.h"

#include <algorithm>

#include "filters/key_table.h"

namespace weir {
namespace {

struct Name {
  Time known_until{};
  Time idle_at() const { return known_until; }
};

// A bucket is the time at which it is full again.
struct Bucket {
  Time full_at{};
  Time idle_at() const { return full_at; }
};

}  // namespace

struct NewKeys::State {
  KeyTable<Name> names{kNames};
  KeyTable<Bucket> clients{kClients};
  Bucket overflow;  // of the clients that find no slot
  std::uint64_t overflowed = 0, over_share = 0;

  Bucket& client(const Request& request, std::uint64_t hash) {
    if (Bucket* found = clients.find(hash)) return *found;
    const auto claim = clients.claim(hash, request.client(), request.now);
    return claim.cell != nullptr ? *claim.cell : overflow;
  }

  void keep(std::uint64_t name, const Request& request) {
    const auto claim = names.claim(name, request.client(), request.now);
    if (claim.cell != nullptr) {
      claim.cell->known_until = request.now + kKnownFor;
      return;
    }
    ++overflowed;
    if (claim.over_share) ++over_share;
  }
};

class NewKeys::NamingVisit final : public Visit {
 public:
  NamingVisit(Request& request, NewKeys& filter) : Visit(request), filter_(filter) {}

  Entered enter() override {
    if (!request().tenant->is_wildcard) return Entered::inward;
    const Time at = filter_.admit(request());
    if (at <= now()) return Entered::inward;
    Outcome& outcome = request().outcome;
    outcome = {};
    outcome.type = Outcome::Type::refused;
    outcome.kind = RefusalKind::quota;
    outcome.reason = Reason::new_keys;
    outcome.filter = &filter_;
    outcome.quota = &filter_.params_.quota;
    outcome.retry_at = at;
    return Entered::outward;
  }

 private:
  NewKeys& filter_;
};

NewKeys::NewKeys(const Params& params, FilterContext context, const NewKeys* before)
    : Filter(kKind, std::move(context), before),
      params_(params),
      state_(before != nullptr ? before->state_ : std::make_shared<State>()) {}

NewKeys::~NewKeys() = default;

Time NewKeys::admit(const Request& request) {
  const Time now = request.now;
  const std::uint64_t name = request.keys[params_.tenant_key];
  Name* const known = state_->names.find(name);
  if (known == nullptr || known->known_until <= now) {
    Bucket& bucket = state_->client(request, request.keys[params_.client_key]);
    // A debt that a former quota left is cut to what this one can have.
    const Time full_at = std::clamp(bucket.full_at, now, now + params_.quota.window());
    const Time conforms_at = full_at + params_.quota.period - params_.quota.window();
    if (conforms_at > now) return conforms_at;
    bucket.full_at = full_at + params_.quota.period;
    if (known == nullptr) state_->keep(name, request);
  }
  if (known != nullptr) known->known_until = now + kKnownFor;
  return now;
}

Visit& NewKeys::visit(VisitSlot slot) { return slot.make<NamingVisit>(*this); }

FilterStats NewKeys::stats(Time) const {
  FilterStats out;
  out.keys = std::make_unique<FilterStats::Keys>();
  out.keys->tracked = static_cast<std::int64_t>(state_->names.used());
  out.keys->capacity = static_cast<std::int64_t>(state_->names.size());
  out.keys->overflowed = state_->overflowed;
  out.keys->over_share = state_->over_share;
  return out;
}

}  // namespace weir
