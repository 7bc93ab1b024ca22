// Regular expressions (ECMA 262) for the JSON Schema: numbers within bounds, with units.
#pragma once

#include <cstdint>
#include <string>

#include "config/table.h"

namespace weir {

// Exactly the decimal numbers from `least` to `most`, without leading zeros; most >= least >= 0.
std::string digits_between(std::int64_t least, std::int64_t most);

// The same with up to `places` decimals, of which the bounds are multiples: digits 1500 with three
// places is 1.5.
std::string decimals_between(std::int64_t least, std::int64_t most, int places);

// Anchored: exactly what the parser takes for such a value. Empty: the type has no pattern.
std::string pattern_of(const Spec& spec);

}  // namespace weir
