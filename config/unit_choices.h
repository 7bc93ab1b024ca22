// What a number that was written wrongly may have meant: without its unit, with the unit of another
// program (5sec, 10m, 1Gi), or with a fraction where none is allowed.
//
// Every choice is one that the parser of units.h takes and that is within the bounds, so that who
// follows it has no second error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

inline constexpr std::int64_t kLargestNumber = std::int64_t{1} << 61;

// What a key allows, in the smallest unit: nanoseconds, bytes, hundredths of a percent.
struct Bounds {
  std::int64_t min = 0;
  std::int64_t max = kLargestNumber;
};

// The likeliest first; empty: no idea.
std::vector<std::string> integer_choices(std::string_view text, Bounds bounds);
std::vector<std::string> duration_choices(std::string_view text, Bounds bounds);
std::vector<std::string> bytes_choices(std::string_view text, Bounds bounds);
std::vector<std::string> percent_choices(std::string_view text, Bounds bounds);
std::vector<std::string> rate_choices(std::string_view text);

}  // namespace weir
