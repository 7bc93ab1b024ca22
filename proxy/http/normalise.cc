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

PathTraits path_traits(std::string_view path) {
  PathTraits traits;
  std::size_t dots = 0;   // that the segment consists of
  bool only_dots = true;  // so far
  bool empty = true;      // the segment has nothing yet
  const auto end_name = [&] { traits.dot_segment |= only_dots && (dots == 1 || dots == 2); };
  for (std::size_t at = 0; at < path.size();) {
    const bool first = at == 0;
    bool encoded = false;
    const char c = next_byte(path, at, encoded);
    traits.backslash |= c == '\\';
    traits.nul |= c == '\0';
    if (c == '/' || c == '\\') {
      end_name();
      traits.encoded_slash |= encoded && c == '/';
      if (empty && !first)
        (traits.segments <= 1 ? traits.leading_slashes : traits.empty_segment) = true;
      ++traits.segments;
      dots = 0;
      only_dots = empty = true;
      continue;
    }
    empty = false;
    if (c == ';') {
      traits.parameters = true;
      end_name();
    }
    if (c == '.') {
      ++dots;
    } else {
      only_dots = false;
    }
  }
  end_name();
  return traits;
}

void read_path(std::string_view path, PathReading as, std::string& out) {
  out.clear();
  bool in_parameters = false;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t from = at;
    bool encoded = false;
    const char c = next_byte(path, at, encoded);
    const bool slash = c == '/' && (!encoded || as.decode_slashes);
    if (slash) in_parameters = false;
    if (c == ';' && as.drop_parameters) in_parameters = true;
    if (in_parameters || (slash && as.merge_slashes && out.ends_with('/'))) continue;
    if (c == '/' && !slash) {
      out.append(path.substr(from, at - from));
    } else {
      out.push_back(c);
    }
  }
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

void decode_form(std::string_view text, std::string& out) {
  out.clear();
  bool encoded = false;
  for (std::size_t at = 0; at < text.size();) {
    const char c = next_byte(text, at, encoded);
    out.push_back(c == '+' && !encoded ? ' ' : c);
  }
}

std::string_view normalise_path(std::string_view path, std::string& scratch) {
  if (is_normal_path(path) || path == "*") return path;
  decode_percent(path, scratch);
  std::ranges::replace(scratch, '\\', '/');
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
    const std::string_view name = segment.substr(0, segment.find(';'));
    trailing_slash = name == "." || name == "..";
    if (name == "..") {
      pop_segment(scratch, size);
    } else if (name != ".") {
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
