// x-request-id: taken over if sound, else made.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace weir {

// At most 128 visible ASCII characters.
bool is_sound_request_id(std::string_view id);

// Owner and thread: a worker. An id is 64 random bits of the worker's, and 64 that count its
// requests and are scrambled, each number to another (SplitMix64: G. Steele, D. Lea, C. Flood,
// 2014, with the increment and the mix of its reference code): no worker makes one twice, and two
// workers make the same only if the system gave both the same bits. Nobody should take them for
// secrets.
class RequestIds {
 public:
  static constexpr std::size_t kSize = 32;
  using Text = std::array<char, kSize>;
  RequestIds();
  void make(Text& text);

 private:
  std::array<char, kSize / 2> own_{};
  std::uint64_t count_ = 0;
};

}  // namespace weir
