#include "proxy/http/request_id.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <sys/random.h>

namespace weir {

namespace {

// Eight digits for 32 bits, in some order: each nibble in a byte of its own, and then to each
// '0', and what lies between '9' and 'a' where it is ten or more.
std::uint64_t hex_digits(std::uint32_t bits) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  std::uint64_t n = bits;
  n = (n | n << 16) & 0x0000ffff0000ffff;
  n = (n | n << 8) & 0x00ff00ff00ff00ff;
  n = (n | n << 4) & 0x0f0f0f0f0f0f0f0f;
  const std::uint64_t letters = ((n + 6 * kOnes) >> 4) & kOnes;
  return n + '0' * kOnes + letters * ('a' - '9' - 1);
}

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
    const std::uint64_t bits = next();
    const std::array<std::uint64_t, 2> digits = {
        hex_digits(static_cast<std::uint32_t>(bits)),
        hex_digits(static_cast<std::uint32_t>(bits >> 32))};
    std::memcpy(text.data() + half * sizeof digits, digits.data(), sizeof digits);
  }
}

}  // namespace weir
