#include "config/snapshot.h"

namespace weir {

void Snapshot::take_effect() const {
  for (const auto& filter : filters) filter->take_effect();
}

}  // namespace weir
