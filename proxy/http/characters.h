// The classes of bytes that RFC 9110 §5.5 and §5.6.2 and RFC 3986 §2 name.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

namespace character_class {

inline constexpr std::uint8_t kToken = 1;   // of a field name or method
inline constexpr std::uint8_t kValue = 2;   // of a field value: HTAB, SP, VCHAR, obs-text
inline constexpr std::uint8_t kTarget = 4;  // of a request target: visible ASCII, no fragment
inline constexpr std::uint8_t kHost = 8;    // of a reg-name, but for its percent signs
// Needs no escape inside quotes: visible ASCII and SP, but no quotation mark or backslash.
inline constexpr std::uint8_t kPlain = 16;
// Stands for itself in a segment of a path: no separator, no escape, no backslash, no parameters.
inline constexpr std::uint8_t kSegment = 32;

inline constexpr std::array<std::uint8_t, 256> kTable = [] {
  std::array<std::uint8_t, 256> table{};
  const auto add = [&table](std::string_view bytes, std::uint8_t bits) {
    for (const char c : bytes) table[static_cast<std::uint8_t>(c)] |= bits;
  };
  for (int c = 0; c < 256; ++c) {
    if (c == '\t' || (c >= 0x20 && c != 0x7f)) table[static_cast<std::size_t>(c)] |= kValue;
    if (c > 0x20 && c < 0x7f && c != '#') table[static_cast<std::size_t>(c)] |= kTarget;
    if (c != '/' && c != '%' && c != '\\' && c != ';')
      table[static_cast<std::size_t>(c)] |= kSegment;
    if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\')
      table[static_cast<std::size_t>(c)] |= kPlain;
  }
  constexpr std::string_view kAlphanumeric =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  add(kAlphanumeric, kToken | kHost);
  add("!#$%&'*+-.^_`|~", kToken);
  add("-._~!$&'()*+,;=", kHost);
  return table;
}();

}  // namespace character_class

constexpr bool is_in_class(char c, std::uint8_t bits) {
  return (character_class::kTable[static_cast<std::uint8_t>(c)] & bits) != 0;
}
constexpr bool is_token_char(char c) { return is_in_class(c, character_class::kToken); }
constexpr bool is_value_char(char c) { return is_in_class(c, character_class::kValue); }
constexpr bool is_target_char(char c) { return is_in_class(c, character_class::kTarget); }
constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
constexpr bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// The value of a hexadecimal digit, or -1.
constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  c = to_lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace weir
