#include "filters/filter.h"

namespace weir {

void Visit::reply(Filter& filter, std::shared_ptr<const LocalReply> answer) {
  Outcome& outcome = request_.outcome;
  outcome = {};
  outcome.type = Outcome::Type::replied;
  outcome.status = answer->status;
  outcome.filter = &filter;
  request_.local_reply = std::move(answer);
}

Filter::Filter(std::string_view kind, FilterContext context, const Filter* before)
    : counts_(before != nullptr ? before->counts_ : std::make_shared<Counts>()),
      rejected(counts_->rejected),
      shadow_rejected(counts_->shadow_rejected),
      kind_(kind),
      context_(std::move(context)) {
  if (before == nullptr) Filter::activate();
}

void Filter::activate() {
  rejected.bound_labels(context_.labels);
  shadow_rejected.bound_labels(context_.labels);
}

FilterStats Filter::stats(Time) const { return {}; }

void Filter::tenant_stats(const Tenant&, Time, TenantStats&) const {}

}  // namespace weir
