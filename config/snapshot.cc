#include "config/snapshot.h"

namespace weir {

void Snapshot::activate() const {
  for (const auto& filter : filters) filter->activate();
}

}  // namespace weir
