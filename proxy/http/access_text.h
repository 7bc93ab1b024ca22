// Writes escaped text into a bounded line. Internal to access_line.cc.
//
// Thread and owner: whoever makes the line. A text beyond its budget is cut at a character, and
// cut() says so from then on; nothing is ever written beyond the room.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace weir {

class AccessText {
 public:
  enum class Escape : std::uint8_t { json, apache };

  AccessText(std::span<char> room, Escape escape)
      : begin_(room.data()), at_(begin_), end_(begin_ + room.size()), escape_(escape) {}

  // As it is.
  void raw(std::string_view text) {
    const std::size_t n = std::min(text.size(), static_cast<std::size_t>(end_ - at_));
    std::memcpy(at_, text.data(), n);
    at_ += n;
    cut_ = cut_ || n < text.size();
  }
  void number(std::uint64_t value, int least_digits = 1) {
    char digits[20];
    char* const end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    for (auto n = end - digits; n < least_digits; ++n) raw("0");
    raw({digits, static_cast<std::size_t>(end - digits)});
  }

  // From here on, escaped texts may take `bytes`.
  void budget(std::size_t bytes) {
    limit_ = at_ + std::min(bytes, static_cast<std::size_t>(end_ - at_));
    full_ = false;
  }
  // Escaped, as far as the budget goes.
  void text(std::string_view text);

  bool cut() const { return cut_; }
  std::string_view written() const { return {begin_, static_cast<std::size_t>(at_ - begin_)}; }

 private:
  std::size_t escape_json(std::string_view rest);
  void escape_apache(char byte);
  void piece(std::string_view text);

  char* begin_;
  char* at_;
  char* end_;
  char* limit_ = nullptr;
  Escape escape_;
  bool cut_ = false;
  bool full_ = false;  // the budget
};

}  // namespace weir
