#include "proxy/demo/text.h"

#include <array>
#include <cstdio>

namespace weir::demo {
namespace {

std::string print(const char* format, double value) {
  std::array<char, 32> text{};
  [[maybe_unused]] const int size = std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

}  // namespace

std::string left(std::string_view text, std::size_t width) {
  std::string out(text.substr(0, width));
  out.resize(width, ' ');
  return out;
}

std::string right(std::string_view text, std::size_t width) {
  return (text.size() < width ? std::string(width - text.size(), ' ') : "") + std::string(text);
}

std::string count(std::uint64_t n) {
  std::string digits = std::to_string(n);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string rate(double per_second) { return print("%.0f", per_second); }

std::string milliseconds(Duration d) {
  double ms = to_seconds(d) * 1000;
  if (ms >= 999.5) return print("%.1f s", ms / 1000);
  return print(ms < 9.95 ? "%.1f ms" : "%.0f ms", ms);
}

std::string clock_time(Duration d) {
  auto seconds = std::chrono::round<std::chrono::seconds>(d).count();
  std::string rest = std::to_string(seconds % 60);
  return std::to_string(seconds / 60) + (rest.size() < 2 ? ":0" : ":") + rest;
}

Palette Palette::coloured() {
  return {"\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[0m"};
}

}  // namespace weir::demo
