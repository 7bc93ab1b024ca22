#include "tests/support/http_text.h"

#include <algorithm>
#include <cctype>

namespace weir::testing {
namespace {

bool equal_names(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

std::optional<std::string> Headers::find(std::string_view name) const {
  for (const auto& [n, value] : fields_) {
    if (equal_names(n, name)) return value;
  }
  return std::nullopt;
}

std::vector<std::string> Headers::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [n, value] : fields_) {
    if (equal_names(n, name)) values.push_back(value);
  }
  return values;
}

std::string pattern_bytes(std::size_t size, std::size_t offset) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    std::size_t place = offset + i;
    text[i] = static_cast<char>('a' + (place + place / 26 + place / 4096 + place / 65536) % 26);
  }
  return text;
}

}  // namespace weir::testing
