// Numbers and columns for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "filters/time.h"

namespace weir::demo {

std::string left(std::string_view text, std::size_t width);   // cut or padded to the width
std::string right(std::string_view text, std::size_t width);  // padded to the width
std::string count(std::uint64_t n);                           // 12,345
std::string rate(double per_second);                          // 412
std::string milliseconds(Duration d);                         // 0.8 ms, 12 ms, 1.2 s
std::string clock_time(Duration d);                           // 1:07

// ANSI, or nothing where colours are not wanted.
struct Palette {
  std::string_view bold, dim, red, green, yellow, off;
  static Palette coloured();
  static Palette plain() { return {}; }
};

}  // namespace weir::demo
