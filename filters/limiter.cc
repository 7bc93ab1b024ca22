#include "filters/limiter.h"

#include "filters/line.h"

namespace weir {

ResourceQueue* WaitableResource::first_in_line() const {
  ResourceQueue* first = nullptr;
  for (ResourceQueue* line = lines_; line != nullptr; line = line->next_) {
    if (first == nullptr || before(*line->head()->request, *first->head()->request)) first = line;
  }
  return first;
}

std::size_t WaitableResource::waiters() const {
  std::size_t sum = 0;
  for (const ResourceQueue* line = lines_; line != nullptr; line = line->next_) sum += line->size();
  return sum;
}

void WaitableResource::serve(Gate& gate) {
  while (ResourceQueue* line = first_in_line()) {
    Waiter& head = *line->head();
    Grant grant;
    if (!reserve(gate.now(), grant)) {
      const Time look_at = ready_at(gate.now());
      if (head.look_at != look_at) {
        head.look_at = look_at;
        head.rearm();
      }
      break;
    }
    ++granted_;
    grant.cause = this;
    grant.pass = gate.pass();
    head.granted(grant);
    granted_waiters_.insert(head);
  }
  check_unused();
}

std::optional<Grant> WaitableResource::take_over(const Request& request) {
  Waiter* last = granted_waiters_.last();
  if (last == nullptr || !before(request, *last->request)) return std::nullopt;
  const Grant grant = last->request->grant;
  granted_waiters_.remove(*last);
  --granted_;
  last->revoked();
  return grant;
}

void WaitableResource::grant_taken() {
  --granted_;
  check_unused();
}

void WaitableResource::pass_on(Grant& grant, Gate& gate) {
  WaitableResource& cause = *grant.cause;
  cause.give_back(grant, gate.now());
  --cause.granted_;
  grant = {};
  gate.serve_later(cause);
}

void WaitableResource::check_unused() {
  if (lines_ == nullptr && granted_ == 0 && !to_be_served_) unused();
}

Entered Limiter::busy(Request& request, RefusalKind kind, Reason reason, std::int64_t& shadowed) {
  if (!enforces()) {
    if (shadowed++ == 0) shadow_rejected.add(reason, request.tenant_label);
    return Entered::inward;
  }
  Outcome& outcome = request.outcome;
  outcome = {};
  outcome.type = Outcome::Type::busy;
  outcome.kind = kind;
  outcome.reason = reason;
  outcome.filter = this;
  outcome.limiter = this;
  return Entered::outward;
}

}  // namespace weir
