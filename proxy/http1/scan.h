// Runs of bytes of one class, sixteen at a time where the machine has SSE2 (every x86-64), else one
// by one. Only whole blocks inside the text are loaded: the last one ends where the text does.
#pragma once

#include <bit>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "proxy/http/characters.h"

namespace weir {

namespace scan_internal {

#if defined(__SSE2__)
inline __m128i load(const char* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));  // NOLINT: what it takes
}
inline unsigned bits(__m128i mask) { return static_cast<unsigned>(_mm_movemask_epi8(mask)); }
// The bytes from `low` to `low` + `span`.
inline __m128i in_range(__m128i bytes, char low, char span) {
  const __m128i place = _mm_sub_epi8(bytes, _mm_set1_epi8(low));
  return _mm_cmpeq_epi8(_mm_min_epu8(place, _mm_set1_epi8(span)), place);
}
#endif

// A class: its bytes, and of a block those that may not be of it, or (`kCertain`) are not.

struct Token {
  static constexpr bool kCertain = false;
  static bool has(char c) { return is_token_char(c); }
#if defined(__SSE2__)
  // All but letters and '-', which are what most names are made of.
  static unsigned doubtful(__m128i bytes) {
    const __m128i letters = in_range(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 'z' - 'a');
    return ~bits(_mm_or_si128(letters, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')))) & 0xffffU;
  }
#endif
};

struct PlainName : Token {
  static constexpr bool kCertain = true;
  static bool has(char c) { return c == '-' || is_letter(c); }
};

struct Value {
  static constexpr bool kCertain = false;
  static bool has(char c) { return is_value_char(c); }
#if defined(__SSE2__)
  // From 0x00 to 0x1f, and 0x7f: what cannot stand in a value, and the tab, which can.
  static unsigned doubtful(__m128i bytes) {
    return bits(_mm_or_si128(in_range(bytes, 0, 0x1f), _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f))));
  }
#endif
};

struct Target {
  static constexpr bool kCertain = false;
  static bool has(char c) { return is_target_char(c); }
#if defined(__SSE2__)
  static unsigned doubtful(__m128i bytes) {
    const __m128i visible = in_range(bytes, 0x21, 0x7e - 0x21);
    return bits(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('#')),
                             _mm_cmpeq_epi8(visible, _mm_setzero_si128())));
  }
#endif
};

}  // namespace scan_internal

class Scan {
 public:
  explicit Scan(std::string_view text)
      : end_(text.data() + text.size()), last_block_(text.size() >= 16 ? end_ - 16 : nullptr) {}

  // `at`: a place in the text, or its end. The first byte from there on that is not of a token, or
  // may not stand in a field value, or in a target; else the end.
  const char* skip_token(const char* at) const { return skip<scan_internal::Token>(at); }
  // The same, but stops before any byte that is no letter and no '-'.
  const char* skip_plain_name(const char* at) const { return skip<scan_internal::PlainName>(at); }
  const char* skip_value(const char* at) const { return skip<scan_internal::Value>(at); }
  const char* skip_target(const char* at) const { return skip<scan_internal::Target>(at); }

 private:
  template <typename Class>
  [[gnu::always_inline]] const char* skip(const char* at) const {
#if defined(__SSE2__)
    while (at <= last_block_) {
      const unsigned doubtful = Class::doubtful(scan_internal::load(at));
      if (doubtful == 0) {
        at += 16;
        continue;
      }
      at += std::countr_zero(doubtful);
      if (Class::kCertain || !Class::has(*at)) return at;
      ++at;
    }
    while (last_block_ != nullptr) {
      const unsigned doubtful =
          Class::doubtful(scan_internal::load(last_block_)) >> (at - last_block_);
      if (doubtful == 0) return end_;
      at += std::countr_zero(doubtful);
      if (Class::kCertain || !Class::has(*at)) return at;
      ++at;
    }
#endif
    while (at != end_ && Class::has(*at)) ++at;
    return at;
  }

  const char* const end_;
  [[maybe_unused]] const char* const last_block_;  // null: there is none
};

}  // namespace weir
