#include "filters/load_shed/load_shed.h"

#include <algorithm>

namespace weir {

class LoadShed::SheddingVisit final : public Visit {
 public:
  SheddingVisit(Request& request, LoadShed& filter, std::int64_t& shadowed)
      : Visit(request), filter_(filter), shadowed_(shadowed) {}

  Entered enter() override {
    const bool newcomer = request().attempts == 0 && request().waited == Duration{0};
    if (!newcomer || !filter_.refuses(request().tenant->priority, now())) return Entered::inward;
    if (!filter_.enforces()) {
      shadow(Reason::overloaded);
      return Entered::inward;
    }
    Outcome& outcome = request().outcome;
    outcome = {};
    outcome.type = Outcome::Type::refused;
    outcome.kind = RefusalKind::capacity;
    outcome.reason = Reason::overloaded;
    outcome.filter = &filter_;
    outcome.retry_after = filter_.line_->retry_after_hint(now());
    return Entered::outward;
  }

  Left leave() override {
    Outcome& outcome = request().outcome;
    if (outcome.type != Outcome::Type::busy || outcome.kind != RefusalKind::capacity) {
      return Left::outward;
    }
    if (!filter_.enforces()) {
      shadow(outcome.reason);
      return Left::outward;
    }
    outcome.type = Outcome::Type::refused;
    outcome.filter = &filter_;
    return Left::outward;
  }

 private:
  void shadow(Reason reason) {
    if (shadowed_++ == 0) filter_.shadow_rejected.add(reason, request().tenant_label);
  }

  LoadShed& filter_;
  std::int64_t& shadowed_;  // a request is refused once at most, in shadow too
};

LoadShed::LoadShed(const Params& params, FilterContext context, std::shared_ptr<Buffer> line,
                   const LoadShed* before)
    : Filter(kKind, std::move(context), before), params_(params), line_(std::move(line)) {
  if (params_.classes.empty()) params_.classes.push_back(Priority::high);
  if (!params_.target_wait || !line_) return;
  const Gate::Pass pass(gate());
  watch_ = line_->watch(*params_.target_wait);
}

bool LoadShed::refuses(Priority priority, Time now) const {
  if (!params_.target_wait || !line_) return false;
  const Time since = line_->above_target_since(*watch_, now);
  if (since == kNever || now - since < kInterval) return false;
  // One class more for each interval that the line has stood.
  const auto classes = static_cast<std::size_t>((now - since) / kInterval);
  const std::size_t last = std::min(classes, params_.classes.size()) - 1;
  return priority <= params_.classes[last];
}

Visit& LoadShed::visit(VisitSlot slot) {
  return slot.make<SheddingVisit>(*this, slot.carried_state());
}

std::vector<Reason> LoadShed::reasons() const {
  std::vector<Reason> reasons = {Reason::concurrency_limit, Reason::upstream_connections};
  if (params_.target_wait) reasons.push_back(Reason::overloaded);
  return reasons;
}

}  // namespace weir
