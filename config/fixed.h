// What a running weir cannot change: where it listens, how many workers it has, and its access log.
// On a reload the running values stay, and a warning says so of those that the file has otherwise.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "config/report.h"
#include "config/value.h"

namespace weir {

struct FixedValues {
  static constexpr std::array<std::string_view, 5> kKeys = {"listen", "admin", "telemetry",
                                                            "workers", "access_log"};
  std::array<std::optional<Value>, kKeys.size()> values;  // as the file has them; none: left out

  static FixedValues of(const Value& file);
  // Puts these into `file`.
  void keep_in(Value& file, Report& report) const;
};

}  // namespace weir
