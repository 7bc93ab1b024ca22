#include "filters/filter.h"

namespace weir {

Filter::Filter(std::string_view kind, FilterContext context)
    : rejected(context.labels),
      shadow_rejected(context.labels),
      kind_(kind),
      context_(std::move(context)) {}

FilterNumbers Filter::numbers(Time) const { return {}; }

void Filter::describe(const Tenant&, Time, TenantNumbers&) const {}

}  // namespace weir
