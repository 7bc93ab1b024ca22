#include "proxy/http/normalise.h"

#include <algorithm>
#include <cstring>

#include "proxy/http/characters.h"

namespace weir {

namespace {

// Removes the last segment of `path`, which ends before a slash.
void pop_segment(std::string& path, std::size_t& size) {
  while (size > 0 && path[size - 1] != '/') --size;
  if (size > 0) --size;
}

// The byte at `at`, decoded if it is encoded; `at` moves behind it. `encoded` says which.
char next_byte(std::string_view path, std::size_t& at, bool& encoded) {
  encoded = false;
  const char c = path[at++];
  if (c != '%' || at + 1 >= path.size()) return c;
  const int high = hex_value(path[at]);
  const int low = hex_value(path[at + 1]);
  if (high < 0 || low < 0) return c;
  at += 2;
  encoded = true;
  return static_cast<char>(high * 16 + low);
}

}  // namespace

bool is_normal_path(std::string_view path) {
  const char* at = path.data();
  const char* const end = at + path.size();
  do {
    if (at == end || *at++ != '/') return false;
    if (at != end && (*at == '.' || *at == '/')) return false;
    while (at != end && is_in_class(*at, character_class::kSegment)) ++at;
  } while (at != end);
  return true;
}

bool is_ambiguous_path(std::string_view path) {
  std::size_t dots = 0;      // that the segment consists of
  bool only_dots = true;     // so far
  bool empty = true;         // the segment has nothing yet
  bool dot_segment = false;  // one has ended, or has reached its parameters
  const auto end_segment = [&] { dot_segment |= only_dots && (dots == 1 || dots == 2); };
  for (std::size_t at = 0; at < path.size();) {
    bool encoded = false;
    const char c = next_byte(path, at, encoded);
    if (c == '\\' || c == '\0' || (encoded && c == '/')) return true;
    if (c == '/') {
      end_segment();
      if (empty && at > 1) return true;
      dots = 0;
      only_dots = empty = true;
      continue;
    }
    empty = false;
    if (c == ';') end_segment();
    if (c == '.') {
      ++dots;
    } else {
      only_dots = false;
    }
    if (dot_segment) return true;
  }
  end_segment();
  return dot_segment;
}

void encode_path(std::string_view path, std::string& out) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  // pchar and '/', but '%', which stands for itself here.
  constexpr std::string_view kMarks = "-._~!$&'()*+,;=:@/";
  out.clear();
  for (const char c : path) {
    if (is_letter(c) || is_digit(c) || kMarks.find(c) != std::string_view::npos) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<std::uint8_t>(c);
      out.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
}

void decode_percent(std::string_view text, std::string& out) {
  out.resize(text.size());
  char* to = out.data();
  bool encoded = false;
  for (std::size_t at = 0; at < text.size();) *to++ = next_byte(text, at, encoded);
  out.resize(static_cast<std::size_t>(to - out.data()));
}

std::string_view normalise_path(std::string_view path, std::string& scratch) {
  if (is_normal_path(path) || path == "*") return path;
  decode_percent(path, scratch);
  if (!scratch.starts_with('/')) scratch.insert(0, 1, '/');
  std::size_t size = 0;  // of what is done, in place: "/a/b", without a slash at its end
  bool trailing_slash = true;
  for (std::size_t at = 0; at < scratch.size();) {
    if (scratch[at] == '/') {
      trailing_slash = true;
      ++at;
      continue;
    }
    const std::size_t end = std::min(scratch.find('/', at), scratch.size());
    const std::string_view segment = std::string_view(scratch).substr(at, end - at);
    trailing_slash = segment == "." || segment == "..";
    if (segment == "..") {
      pop_segment(scratch, size);
    } else if (segment != ".") {
      scratch[size++] = '/';
      std::memmove(scratch.data() + size, scratch.data() + at, end - at);
      size += end - at;
    }
    at = end;
  }
  scratch.resize(size);
  if (trailing_slash) scratch.push_back('/');
  return scratch;
}

}  // namespace weir
