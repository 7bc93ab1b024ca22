// What the demo shows, as text: the table of a moment, and the summary at the end. Plain functions
// of numbers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proxy/demo/load.h"
#include "proxy/demo/text.h"
#include "proxy/demo/totals.h"

namespace weir::demo {

// What changed between two readings, and what stands now.
struct Moment {
  Totals before, now;
  std::vector<Latencies> latencies;  // by tenant; of the last few seconds; empty: no load
  Duration running{0};
  std::optional<Duration> run_for;
  std::size_t queue_capacity = 0;
};

// One line each, without line ends, at most 80 columns wide.
std::vector<std::string> render_table(const Moment& moment, const Palette& palette);
// The same for where nothing can be redrawn: a line for each tenant and one for the service.
std::vector<std::string> render_lines(const Moment& moment);

struct Closing {
  Totals totals;
  std::vector<StreamNumbers> streams;  // what the load saw; by tenant; empty: no load
  Duration running{0};
};
std::vector<std::string> render_summary(const Closing& closing, const Palette& palette);

}  // namespace weir::demo
