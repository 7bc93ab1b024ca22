#include "proxy/http/head.h"

#include <cstring>

#include "proxy/http/characters.h"

namespace weir {

namespace {

// Eight bytes with capital letters made small, exactly. In each byte without its highest bit, the
// first sum sets that bit from 'A' on, the second from 'Z' + 1 on; nothing carries over.
std::uint64_t lower_word(const char* at) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  const std::uint64_t low = word & (0x7f * kOnes);
  const std::uint64_t from_a = low + (0x80 - 'A') * kOnes;
  const std::uint64_t after_z = low + (0x80 - 'Z' - 1) * kOnes;
  return word | ((from_a & ~after_z & ~word & (0x80 * kOnes)) >> 2);
}

}  // namespace

bool is_token(std::string_view text) {
  for (const char c : text) {
    if (!is_token_char(c)) return false;
  }
  return !text.empty();
}

bool same_ignoring_case(const char* a, const char* b, std::size_t size) {
  std::size_t i = 0;
  for (; size - i >= 8; i += 8) {
    if (lower_word(a + i) != lower_word(b + i)) return false;
  }
  for (; i < size; ++i) {
    if (a[i] != b[i] && to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

std::optional<std::string_view> find_field(const Head& head, std::string_view name) {
  for (const FieldLine& line : head.fields) {
    if (equals_ignoring_case(head.text(line.name), name)) return head.text(line.value);
  }
  return std::nullopt;
}

}  // namespace weir
