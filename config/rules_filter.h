// Rules within one filter.
#pragma once

#include <string>

#include "config/report.h"
#include "config/value.h"

namespace weir {

// `path` is the filter's: chain[2].buffer.
void check_filter_rules(const Value& file, const Value& params, const std::string& path,
                        Report& report);

}  // namespace weir
