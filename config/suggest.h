// The nearest known word to one that was mistyped.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir {

// Edit distance with transpositions (optimal string alignment), case aside.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The known word nearest to `word`, if it is near enough to be what was meant; else empty.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& known);

// `; did you mean "capacity"?`, or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace weir
