// Numbers with units, read and written: integers, durations, bytes, rates, percents.
//
// Decimal digits only, no signs, no leading zeros, no bare numbers where a unit is due. Each error
// says what was found and what is allowed; what to write instead: unit_choices.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config/result.h"

namespace weir {

// `tokens` per `per` nanoseconds.
struct Rate {
  std::int64_t tokens = 0;
  std::int64_t per = 0;
};

Result<std::int64_t> parse_integer(std::string_view text);
// 10ms 1.5s 1m 2h 1d → nanoseconds; at most three decimals.
Result<std::int64_t> parse_duration(std::string_view text);
// 512B 32KiB 1MiB 1GiB 1TiB → bytes
Result<std::int64_t> parse_bytes(std::string_view text);
// 100/s 30/m 500/h 10000/d
Result<Rate> parse_rate(std::string_view text);
// 20% 12.5% → hundredths of a percent; at most two decimals, at most 100%
Result<std::int64_t> parse_percent(std::string_view text);

// In the largest unit that divides it; what these give, the parsers read back.
std::string print_duration(std::int64_t nanoseconds);
std::string print_bytes(std::int64_t bytes);
std::string print_rate(Rate rate);
std::string print_percent(std::int64_t hundredths);

struct Unit {
  std::string_view name;
  std::int64_t size;
};
// Smallest first.
inline constexpr Unit kDurationUnits[] = {{"ms", 1'000'000},
                                          {"s", 1'000'000'000},
                                          {"m", 60'000'000'000},
                                          {"h", 3'600'000'000'000},
                                          {"d", 86'400'000'000'000}};
inline constexpr Unit kByteUnits[] = {{"B", 1},
                                      {"KiB", std::int64_t{1} << 10},
                                      {"MiB", std::int64_t{1} << 20},
                                      {"GiB", std::int64_t{1} << 30},
                                      {"TiB", std::int64_t{1} << 40}};
inline constexpr Unit kRateUnits[] = {{"s", 1'000'000'000},
                                      {"m", 60'000'000'000},
                                      {"h", 3'600'000'000'000},
                                      {"d", 86'400'000'000'000}};
inline constexpr std::int64_t kMaxTokens = 1'000'000'000;  // a rate's; one nanosecond each at /s

}  // namespace weir
