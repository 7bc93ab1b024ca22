#include "proxy/http/normalise.h"

#include <algorithm>
#include <cstring>

#include "proxy/http/characters.h"

namespace weir {

namespace {

bool is_normal(std::string_view path) {
  if (path.empty() || path[0] != '/') return false;
  char before = '\0';
  for (const char c : path) {
    if (c == '%' || (before == '/' && (c == '/' || c == '.'))) return false;
    before = c;
  }
  return true;
}

// Removes the last segment of `path`, which ends before a slash.
void pop_segment(std::string& path, std::size_t& size) {
  while (size > 0 && path[size - 1] != '/') --size;
  if (size > 0) --size;
}

}  // namespace

void decode_percent(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out.push_back(static_cast<char>(high * 16 + low));
        i += 2;
        continue;
      }
    }
    out.push_back(text[i]);
  }
}

std::string_view normalise_path(std::string_view path, std::string& scratch) {
  if (is_normal(path) || path == "*") return path;
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
