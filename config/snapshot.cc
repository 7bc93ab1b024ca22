#include "config/snapshot.h"

namespace weir {

Snapshot::Found Snapshot::find_tenant(std::string_view name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return {all_others_, false};
  return {&settings.tenants[found->second], true};
}

void Snapshot::take_effect() const {
  for (const auto& filter : filters) filter->take_effect();
}

}  // namespace weir
