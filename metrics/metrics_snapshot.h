// One look at all the numbers behind the gate: plain copies, made inside a single pass, so that
// what is exposed adds up (arrivals = ended + inside, for each tenant).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "metrics/exposition.h"

namespace weir {

// The ledgers of all workers together.
struct RequestCounts {
  struct Ended {
    std::uint32_t label;
    std::uint16_t code;
    Source source;
    std::uint64_t count;
  };
  std::vector<std::uint64_t> arrivals, inside;  // by tenant label
  std::vector<Ended> ended;                     // as found: one row for each worker
};

struct FilterReading {
  const Filter* filter = nullptr;
  FilterStats numbers;
  LabeledCounter rejected, shadow_rejected;
};

struct MetricsSnapshot {
  RequestCounts ledger;
  std::vector<FilterReading> filters;
  std::vector<LabeledCounter> own_rejected;  // by worker
};

// Makes one pass of the gate. `filters`: each once.
MetricsSnapshot take_reading(Gate& gate, const std::vector<const Filter*>& filters,
                             const std::vector<const WorkerMetrics*>& workers, std::size_t labels);

// Sums the rows of `ledger.ended` that agree in all but the count, and sorts them.
void merge_ended(RequestCounts& ledger);

}  // namespace weir
