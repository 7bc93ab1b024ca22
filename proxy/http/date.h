// Dates as HTTP writes them (IMF-fixdate, RFC 9110 §5.6.7), without locales.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string_view>

namespace weir {

using DateText = std::array<char, 29>;

// Sun, 06 Nov 1994 08:49:37 GMT
DateText format_date(std::chrono::sys_seconds time);
// The three forms of RFC 9110 §5.6.7; `now` tells which century a year of two digits is of.
std::optional<std::chrono::sys_seconds> parse_date(std::string_view text,
                                                   std::chrono::sys_seconds now);

// The date of now, made anew once a second.
class CachedDate {
 public:
  std::string_view at(std::chrono::system_clock::time_point now);

 private:
  std::chrono::sys_seconds second_{};
  DateText text_{};
};

}  // namespace weir
