// Runs of bytes of one class, sixteen at a time where the machine has SSE2 (every x86-64), else one
// by one. Only whole blocks inside [at, end) are loaded.
#pragma once

#include <bit>

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

// Bytes from 0x00 to 0x1f, and 0x7f: what cannot stand in a value, and the tab, which can.
inline unsigned control_characters(__m128i bytes) {
  const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
  return bits(_mm_or_si128(low, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f))));
}

// Letters and '-': what most names are made of.
inline unsigned letters_and_dashes(__m128i bytes) {
  const __m128i place = _mm_sub_epi8(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
  const __m128i letters = _mm_cmpeq_epi8(_mm_min_epu8(place, _mm_set1_epi8('z' - 'a')), place);
  return bits(_mm_or_si128(letters, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-'))));
}
#endif

}  // namespace scan_internal

// The first byte in [at, end) that is not of a token.
inline const char* skip_token(const char* at, const char* end) {
#if defined(__SSE2__)
  while (end - at >= 16) {
    const unsigned others = ~scan_internal::letters_and_dashes(scan_internal::load(at)) & 0xffffU;
    if (others == 0) {
      at += 16;
      continue;
    }
    at += std::countr_zero(others);
    if (!is_token_char(*at)) return at;
    ++at;
  }
#endif
  while (at != end && is_token_char(*at)) ++at;
  return at;
}

// The first byte in [at, end) that may not stand in a field value.
inline const char* skip_value(const char* at, const char* end) {
#if defined(__SSE2__)
  while (end - at >= 16) {
    const unsigned found = scan_internal::control_characters(scan_internal::load(at));
    if (found == 0) {
      at += 16;
      continue;
    }
    at += std::countr_zero(found);
    if (*at != '\t') return at;
    ++at;
  }
#endif
  while (at != end && is_value_char(*at)) ++at;
  return at;
}

}  // namespace weir
