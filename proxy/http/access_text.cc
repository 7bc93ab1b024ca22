#include "proxy/http/access_text.h"

#include <algorithm>
#include <array>

namespace weir {

namespace {

constexpr std::string_view kHex = "0123456789abcdef";

constexpr bool is_plain(unsigned char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

// The size of the character that `text` begins with (RFC 3629), 0 if its bytes are none.
std::size_t character_size(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t size = first < 0xc2   ? 0
                           : first < 0xe0 ? 2
                           : first < 0xf0 ? 3
                           : first < 0xf5 ? 4
                                          : 0;
  if (size == 0 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool surrogate = first == 0xed && byte(1) >= 0xa0;
  const bool too_great = first == 0xf4 && byte(1) >= 0x90;
  return overlong || surrogate || too_great ? 0 : size;
}

}  // namespace

// A piece goes in whole or not at all.
void AccessText::piece(std::string_view text) {
  if (full_ || text.size() > static_cast<std::size_t>(limit_ - at_)) {
    full_ = cut_ = true;
    return;
  }
  std::memcpy(at_, text.data(), text.size());
  at_ += text.size();
}

void AccessText::text(std::string_view text) {
  while (!text.empty() && !full_) {
    std::size_t n = 0;
    const auto room = static_cast<std::size_t>(limit_ - at_);
    while (n < text.size() && n < room && is_plain(static_cast<unsigned char>(text[n]))) ++n;
    if (n != 0) {
      std::memcpy(at_, text.data(), n);
      at_ += n;
    } else if (escape_ == Escape::json) {
      n = escape_json(text);
    } else {
      n = 1;
      escape_apache(text[0]);
    }
    text.remove_prefix(n);
  }
  cut_ = cut_ || !text.empty();
}

// One character; how many bytes it had.
std::size_t AccessText::escape_json(std::string_view rest) {
  const auto c = static_cast<unsigned char>(rest[0]);
  std::array<char, 6> escaped = {'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]};
  if (is_plain(c)) {  // no room
    piece(rest.substr(0, 1));
  } else if (c == '"' || c == '\\') {
    escaped[1] = rest[0];
    piece({escaped.data(), 2});
  } else if (c < 0x80) {
    piece({escaped.data(), escaped.size()});
  } else {
    const std::size_t size = character_size(rest);
    if (size == 0) {
      piece("\\ufffd");
    } else if (c == 0xc2 && static_cast<unsigned char>(rest[1]) < 0xa0) {  // C1 controls
      const auto low = static_cast<unsigned char>(rest[1]);
      escaped[4] = kHex[low >> 4];
      escaped[5] = kHex[low & 15];
      piece({escaped.data(), escaped.size()});
      return 2;
    } else {
      piece(rest.substr(0, size));
      return size;
    }
  }
  return 1;
}

void AccessText::escape_apache(char byte) {
  const auto c = static_cast<unsigned char>(byte);
  const std::array<char, 4> escaped = {'\\', 'x', kHex[c >> 4], kHex[c & 15]};
  const std::array<char, 2> quoted = {'\\', byte};
  if (is_plain(c)) {  // no room
    piece({&byte, 1});
  } else if (c == '"' || c == '\\') {
    piece({quoted.data(), quoted.size()});
  } else {
    piece({escaped.data(), escaped.size()});
  }
}

}  // namespace weir
