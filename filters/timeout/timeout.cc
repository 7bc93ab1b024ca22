#include "filters/timeout/timeout.h"

#include <algorithm>

namespace weir {

class Timeout::TimedVisit final : public Visit {
 public:
  TimedVisit(Request& request, Timeout& filter)
      : Visit(request),
        filter_(filter),
        start_(request.now),
        client_waited_(request.client_waited(request.now)),
        outer_deadline_(request.deadline) {}
  ~TimedVisit() override { request().deadline = outer_deadline_; }

  Entered enter() override {
    const Params& p = filter_.params_;
    Deadline& deadline = request().deadline;
    if (p.total) deadline.absolute = std::min(deadline.absolute, total_deadline());
    if (p.head) {
      deadline.pausable =
          std::min(deadline.pausable, saturating_add(start_ - client_waited_, *p.head));
    }
    set_alarm(next());
    return Entered::inward;
  }

  Left leave() override {
    if (request().outcome.type == Outcome::Type::response) {
      head_at_ = now();
      set_alarm(next());
    }
    return Left::outward;
  }

  Woken wake() override {
    if (now() >= head_deadline()) return ring(Reason::head_timeout);
    if (now() >= total_deadline()) return ring(Reason::total_timeout);
    if (now() >= idle_deadline()) return ring(Reason::idle_timeout);
    set_alarm(next());
    return Woken::stay;
  }

 private:
  // The time in which weir waited for the client's body does not count.
  Time head_deadline() const {
    if (!filter_.params_.head || head_at_ != kNever) return kNever;
    const Duration stood_still = request().client_waited(now()) - client_waited_;
    return saturating_add(start_, *filter_.params_.head + stood_still);
  }
  Time total_deadline() const {
    return filter_.params_.total ? saturating_add(start_, *filter_.params_.total) : kNever;
  }
  Time idle_deadline() const {
    if (!filter_.params_.idle || head_at_ == kNever) return kNever;
    const Time silent_since = stands_still() ? now() : std::max(head_at_, request().progress);
    return saturating_add(silent_since, *filter_.params_.idle);
  }
  Time next() const {
    return std::min({look(head_deadline()), total_deadline(), look(idle_deadline())});
  }
  bool stands_still() const { return request().client_wait_since != kNever; }
  // A deadline that stands still moves on with the time: it is looked at once a tick at most.
  Time look(Time deadline) const {
    return stands_still() ? std::max(deadline, now() + kAlarmTick) : deadline;
  }

  Woken ring(Reason reason) {
    Outcome& outcome = request().outcome;
    outcome = {};
    outcome.type = Outcome::Type::timed_out;
    outcome.reason = request().attempts == 0 ? Reason::deadline_in_queue : reason;
    outcome.filter = &filter_;
    return Woken::outward;
  }

  Timeout& filter_;
  Time start_;
  Duration client_waited_;
  Deadline outer_deadline_;
  Time head_at_ = kNever;
};

Timeout::Timeout(const Params& params, FilterContext context, const Timeout* before)
    : Filter(kKind, std::move(context), before), params_(params) {}

Visit& Timeout::visit(VisitSlot slot) { return slot.make<TimedVisit>(*this); }

std::vector<Reason> Timeout::reasons() const { return {Reason::deadline_in_queue}; }

}  // namespace weir
