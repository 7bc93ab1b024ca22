#include "proxy/http/request_id.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <sys/random.h>

namespace weir {

namespace {

// The two digits of each byte.
constexpr auto kHexPairs = [] {
  constexpr char kHex[] = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = {kHex[i >> 4], kHex[i & 15]};
  return pairs;
}();

}  // namespace

bool is_sound_request_id(std::string_view id) {
  return !id.empty() && id.size() <= 128 &&
         std::ranges::all_of(id, [](char c) { return c > 0x20 && c < 0x7f; });
}

RequestIds::RequestIds() {
  if (getrandom(state_.data(), sizeof state_, 0) != sizeof state_) {
    state_ = {1, 2, 3, reinterpret_cast<std::uintptr_t>(this)};
  }
}

std::uint64_t RequestIds::next() {
  auto& s = state_;
  const std::uint64_t result = std::rotl(s[0] + s[3], 23) + s[0];
  const std::uint64_t t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = std::rotl(s[3], 45);
  return result;
}

void RequestIds::make(Text& text) {
  for (std::size_t half = 0; half < 2; ++half) {
    std::uint64_t bits = next();
    for (std::size_t i = 0; i < 8; ++i, bits >>= 8) {
      std::memcpy(text.data() + half * 16 + i * 2, kHexPairs[bits & 0xff].data(), 2);
    }
  }
}

}  // namespace weir
