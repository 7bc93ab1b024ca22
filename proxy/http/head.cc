#include "proxy/http/head.h"

#include <cstring>

#include "proxy/http/characters.h"

namespace weir {

namespace {

// Whether eight bytes are the same but for the case of letters: they may differ in the bit that
// tells the cases apart, and only where that makes a letter of another. In each byte without its
// highest bit, the first sum sets that bit from 'a' on, the second from 'z' + 1 on; nothing carries
// over.
[[gnu::noinline]] bool same_letters(std::uint64_t word, std::uint64_t other) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const std::uint64_t differ = word ^ other;
  const std::uint64_t low = (word | 0x20 * kOnes) & 0x7f * kOnes;
  const std::uint64_t from_a = low + (0x80 - 'a') * kOnes;
  const std::uint64_t after_z = low + (0x80 - 'z' - 1) * kOnes;
  const std::uint64_t letters = from_a & ~after_z & ~word & 0x80 * kOnes;
  return (differ & ~(letters >> 2)) == 0;
}

inline bool same_word(const char* a, const char* b) {
  std::uint64_t word = 0;
  std::uint64_t other = 0;
  std::memcpy(&word, a, sizeof word);
  std::memcpy(&other, b, sizeof other);
  return word == other || same_letters(word, other);
}

}  // namespace

bool is_token(std::string_view text) {
  for (const char c : text) {
    if (!is_token_char(c)) return false;
  }
  return !text.empty();
}

bool same_ignoring_case(const char* a, const char* b, std::size_t size) {
  if (size < 8) {
    for (std::size_t i = 0; i < size; ++i) {
      if (a[i] != b[i] && to_lower(a[i]) != to_lower(b[i])) return false;
    }
    return true;
  }
  const std::size_t last = size - 8;
  for (std::size_t i = 0; i < last; i += 8) {
    if (!same_word(a + i, b + i)) return false;
  }
  return same_word(a + last, b + last);
}

std::optional<std::string_view> find_field(const Head& head, std::string_view name) {
  for (const FieldLine& line : head.fields) {
    if (equals_ignoring_case(head.text(line.name), name)) return head.text(line.value);
  }
  return std::nullopt;
}

}  // namespace weir
