#include "filters/retry/retry.h"

#include <algorithm>
#include <array>

#include "filters/methods.h"
#include "filters/random.h"
#include "filters/retry/retry_budget.h"

namespace weir {

struct Retry::State {
  State(const Params& params, std::uint64_t seed)
      : budget(params.budget_share, params.budget_per_second), random(seed) {}

  RetryBudget budget;
  Random random;
  std::array<std::uint64_t, static_cast<std::size_t>(RetryResult::count_)> results{};
};

class Retry::TryingVisit final : public Visit {
 public:
  TryingVisit(Request& request, Retry& filter, std::int64_t& tries)
      : Visit(request), filter_(filter), tries_(tries), deadline_(request.deadline) {}

  Entered enter() override {
    if (!counted()) filter_.state_->budget.request_came(now());
    begin_try();
    return Entered::inward;
  }

  Left leave() override {
    if (request().outcome.type == Outcome::Type::busy) {
      --tries_;  // nothing was tried; it may come back from a line further out
      return Left::outward;
    }
    if (!wanted()) return Left::outward;
    Duration pause{0};
    const RetryResult result = decide(pause);
    ++filter_.state_->results[static_cast<std::size_t>(result)];
    if (result != RetryResult::taken) return Left::outward;
    resume_at_ = now() + pause;
    if (pause > Duration{0}) {
      set_alarm(resume_at_, true);
      return Left::wait;
    }
    again();
    return Left::inward;
  }

  Woken wake() override {
    if (resume_at_ == kNever || now() < resume_at_) {
      if (resume_at_ != kNever) set_alarm(resume_at_, true);
      return Woken::stay;
    }
    again();
    return Woken::inward;
  }

 private:
  // The tries made, over all visits, and above them whether the budget has counted the request.
  std::int64_t tries() const { return tries_ & kTriesMask; }
  bool counted() const { return (tries_ & kCounted) != 0; }
  void begin_try() { tries_ = (tries_ + 1) | kCounted; }
  void again() {
    resume_at_ = kNever;
    begin_try();
  }

  // Whether this outcome is one that retry_on lists.
  bool wanted() const {
    const Outcome& outcome = request().outcome;
    const Params& p = filter_.params_;
    if (request().committed || request().abandoned) return false;
    switch (outcome.type) {
      case Outcome::Type::response:
        return outcome.status < p.on_status.size() && p.on_status[outcome.status];
      case Outcome::Type::failure:
        return (outcome.reason == Reason::connect_failure && p.on_connect_failure) ||
               (outcome.reason == Reason::upstream_reset && p.on_reset);
      case Outcome::Type::timed_out:
        return outcome.reason != Reason::deadline_in_queue && p.on_timeout;
      case Outcome::Type::busy:
      case Outcome::Type::refused:
      case Outcome::Type::replied: return false;
    }
    return false;
  }

  RetryResult decide(Duration& pause) {
    const Params& p = filter_.params_;
    if (tries() >= p.attempts) return RetryResult::attempts_exhausted;
    if (!method_allowed() || !request().replayable) return RetryResult::not_replayable;
    pause = backoff();
    const Duration asked = request().outcome.retry_after;
    if (asked > p.max) return RetryResult::no_time;
    pause = std::max(pause, asked);
    const Time deadline = deadline_.at(request().client_waited(now()));
    if (saturating_add(now(), pause) >= deadline) return RetryResult::no_time;
    if (!filter_.state_->budget.draw(now())) return RetryResult::budget_exhausted;
    return RetryResult::taken;
  }

  Duration backoff() {
    const Params& p = filter_.params_;
    Duration bound = p.base;
    for (std::int64_t n = 1; n < tries() && bound < p.max; ++n) bound *= 2;
    bound = std::min(bound, p.max);
    return p.full_jitter ? filter_.state_->random.up_to(bound) : bound;
  }

  bool method_allowed() const {
    const auto& methods = filter_.params_.methods;
    if (methods.empty()) return is_idempotent(request().method);
    return std::find(methods.begin(), methods.end(), request().method) != methods.end();
  }

  static constexpr std::int64_t kCounted = std::int64_t{1} << 32;
  static constexpr std::int64_t kTriesMask = kCounted - 1;

  Retry& filter_;
  std::int64_t& tries_;
  Deadline deadline_;  // what the timeouts outside allow
  Time resume_at_ = kNever;
};

Retry::Retry(const Params& params, FilterContext context, const Retry* before)
    : Filter(kKind, std::move(context), before),
      params_(params),
      state_(before != nullptr ? before->state_
                               : std::make_shared<State>(params, this->context().seed)) {}

Retry::~Retry() = default;

void Retry::activate() {
  Filter::activate();
  state_->budget.allow(params_.budget_share, params_.budget_per_second);
}

Visit& Retry::visit(VisitSlot slot) { return slot.make<TryingVisit>(*this, slot.carried_state()); }

FilterStats Retry::stats(Time now) const {
  FilterStats out;
  out.retries = std::make_unique<FilterStats::Retries>();
  out.retries->available = state_->budget.available(now);
  out.retries->results = state_->results;
  return out;
}

}  // namespace weir
