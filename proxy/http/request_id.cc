#include "proxy/http/request_id.h"

#include <algorithm>
#include <cstring>
#include <sys/random.h>

#include "filters/random.h"

namespace weir {

namespace {

// Eight digits for the lower halves of eight bytes: to each '0', and what lies between '9' and 'a'
// where it is ten or more.
std::uint64_t hex_digits(std::uint64_t bytes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const std::uint64_t n = bytes & (0xf * kOnes);
  const std::uint64_t letters = ((n + 6 * kOnes) >> 4) & kOnes;
  return n + '0' * kOnes + letters * ('a' - '9' - 1);
}

// Sixteen digits, in some order.
void write_hex(char* to, std::uint64_t bits) {
  const std::array<std::uint64_t, 2> digits = {hex_digits(bits), hex_digits(bits >> 4)};
  std::memcpy(to, digits.data(), sizeof digits);
}

}  // namespace

bool is_sound_request_id(std::string_view id) {
  return !id.empty() && id.size() <= 128 &&
         std::ranges::all_of(id, [](char c) { return c > 0x20 && c < 0x7f; });
}

RequestIds::RequestIds() {
  std::array<std::uint64_t, 2> random{};
  if (getrandom(random.data(), sizeof random, 0) != sizeof random) {
    random = {reinterpret_cast<std::uintptr_t>(this), 0};
  }
  write_hex(own_.data(), random[0]);
  count_ = random[1];
}

void RequestIds::make(Text& text) {
  std::memcpy(text.data(), own_.data(), own_.size());
  write_hex(text.data() + own_.size(), splitmix64(count_));
}

}  // namespace weir
