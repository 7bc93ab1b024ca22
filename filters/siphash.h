// SipHash-1-3: a keyed hash that clients cannot aim at a table.
//
// J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF", 2012; the variant with one
// compression and three finalisation rounds, as hash tables use it. The key is 128 secret bits.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace weir {

std::uint64_t siphash(const std::array<std::uint64_t, 2>& key, std::string_view data);

}  // namespace weir
