#include "config/utf8.h"

namespace weir {
namespace {

bool continues(unsigned char c) { return (c & 0xc0) == 0x80; }

// The length of the sequence that `rest` begins with; 0: it is none.
std::size_t sequence(std::string_view rest) {
  const auto at = [&](std::size_t i) {
    return i < rest.size() ? static_cast<unsigned char>(rest[i]) : static_cast<unsigned char>(0);
  };
  const unsigned char first = at(0), second = at(1);
  if (first < 0x80) return 1;
  if (!continues(second)) return 0;
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (!continues(at(2))) return 0;
  if (first == 0xe0) return second >= 0xa0 ? 3 : 0;
  if (first == 0xed) return second < 0xa0 ? 3 : 0;
  if (first > 0xe0 && first <= 0xef) return 3;
  if (!continues(at(3))) return 0;
  if (first == 0xf0) return second >= 0x90 ? 4 : 0;
  if (first == 0xf4) return second < 0x90 ? 4 : 0;
  return first > 0xf0 && first < 0xf4 ? 4 : 0;
}

}  // namespace

std::size_t first_not_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = sequence(text.substr(i));
    if (length == 0) return i;
    i += length;
  }
  return std::string_view::npos;
}

}  // namespace weir
