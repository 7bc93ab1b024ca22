// x-request-id: taken over if sound, else made.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace weir {

// At most 128 visible ASCII characters.
bool is_sound_request_id(std::string_view id);

// Owner and thread: a worker. Ids are unique by 128 random bits (xoshiro256++, D. Blackman and
// S. Vigna, 2018, seeded by the system); nobody should take them for secrets.
class RequestIds {
 public:
  static constexpr std::size_t kSize = 32;
  using Text = std::array<char, kSize>;
  RequestIds();
  void make(Text& text);

 private:
  std::uint64_t next();
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace weir
