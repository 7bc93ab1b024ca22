// Patterns against bytes.
#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

#include "tests/e2e/http_rules.h"

namespace weir::testing::rules {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::string_view kClose = "Connection: close\r\n";

bool is_id(char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_date(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == ' ' || c == ',' || c == ':';
}

class Matcher {
 public:
  Matcher(std::string_view pattern, std::string_view text) : pattern_(pattern), text_(text) {}

  Match run() {
    while (!pattern_.empty()) {
      const std::size_t before = at_;
      if (!step()) return {partial_ ? Match::State::partial : Match::State::mismatch, before};
    }
    return {Match::State::whole, at_};
  }

 private:
  bool step() {
    if (pattern_[0] == '{') {
      const std::size_t end = pattern_.find('}');
      if (end != std::string_view::npos) {
        const std::string_view word = pattern_.substr(1, end - 1);
        if (const auto done = placeholder(word)) {
          pattern_.remove_prefix(end + 1);
          return *done;
        }
      }
    }
    if (at_ == text_.size()) return more();
    if (text_[at_] != pattern_[0]) return false;
    pattern_.remove_prefix(1);
    ++at_;
    return true;
  }

  // None: it is no placeholder.
  std::optional<bool> placeholder(std::string_view word) {
    if (word == "id") return some(is_id, 1, 128);
    if (word == "date") return some(is_date, 29, 29);
    if (word == "n") return some(is_digit, 1, 20);
    if (word == "length") {
      const std::size_t begin = at_;
      const bool good = some(is_digit, 1, 20);
      std::uint64_t length = 0;
      std::from_chars(text_.data() + begin, text_.data() + at_, length);
      length_ = length;
      length_at_ = at_;
      return good;
    }
    if (word == "end") return right_length();
    if (word == "text") return some([](char c) { return c != '"'; }, 0, text_.size() + 1);
    if (word == "rest") return rest();
    if (word == "close?") return maybe(kClose);
    if (word.starts_with("chunks:")) return chunks(word.substr(7));
    return std::nullopt;
  }

  // Greedy; what follows in a pattern is never of the same class.
  template <typename Class>
  bool some(Class is, std::size_t least, std::size_t most) {
    const std::size_t begin = at_;
    while (at_ < text_.size() && at_ - begin < most && is(text_[at_])) ++at_;
    if (at_ == text_.size() && at_ - begin < most) return more();
    return at_ - begin >= least;
  }
  bool rest() {
    // It may begin with the line end before it.
    const std::size_t from = at_ >= 2 ? at_ - 2 : 0;
    const std::size_t found = text_.find(kHeadEnd, from);
    if (found == std::string_view::npos) return more();
    at_ = std::max(at_, found + kHeadEnd.size());
    return true;
  }
  bool maybe(std::string_view word) {
    const std::string_view left = text_.substr(at_);
    if (left.starts_with(word)) {
      at_ += word.size();
      return true;
    }
    return word.starts_with(left) ? more() : true;
  }
  bool literal(std::string_view word) {
    const std::string_view left = text_.substr(at_, word.size());
    if (!word.starts_with(left)) return false;
    at_ += left.size();
    return left.size() == word.size() || more();
  }
  // Strictly: digits, CRLF, data, CRLF; no zero before a size, no extension.
  bool chunks(std::string_view payload) {
    while (!payload.empty()) {
      const std::size_t begin = at_;
      if (!some([](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }, 1, 16)) {
        return false;
      }
      std::size_t size = 0;
      std::from_chars(text_.data() + begin, text_.data() + at_, size, 16);
      if (text_[begin] == '0' || size > payload.size()) return false;
      if (!literal("\r\n") || !literal(payload.substr(0, size)) || !literal("\r\n")) return false;
      payload.remove_prefix(size);
    }
    return true;
  }
  bool more() {
    partial_ = true;
    return false;
  }
  bool right_length() const {
    const std::size_t body = text_.find(kHeadEnd, length_at_) + kHeadEnd.size();
    return at_ == body + length_;
  }

  std::string_view pattern_, text_;
  std::size_t at_ = 0;
  std::uint64_t length_ = 0;
  std::size_t length_at_ = 0;
  bool partial_ = false;
};

}  // namespace

Match match(std::string_view pattern, std::string_view text) {
  return Matcher(pattern, text).run();
}

std::string readable(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  constexpr std::size_t kShown = 2000;
  std::string out = "    ";
  for (const char c : bytes.substr(0, kShown)) {
    if (c == '\r') {
      out += "\\r";
    } else if (c == '\n') {
      out += "\\n\n    ";
    } else if (c >= ' ' && c < 0x7f) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  if (bytes.size() > kShown) out += "… (" + std::to_string(bytes.size()) + " bytes in all)";
  return out + "\n";
}

}  // namespace weir::testing::rules
