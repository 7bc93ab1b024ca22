// Paths as they are compared with routes: decoded once, without dot segments or doubled slashes.
//
// Only for matching: what is forwarded is the path as it came. An encoded slash counts as a slash,
// and slashes are merged, since many services read them so, and a path must not reach the chain of
// another route than the one whose resource it may name.
#pragma once

#include <string>
#include <string_view>

namespace weir {

// `path`: without its query. The result is `path` itself where it is normal already, else it stands
// in `scratch`. An empty path is "/".
std::string_view normalise_path(std::string_view path, std::string& scratch);

// Decodes %XX into `out`, which is overwritten; what is no such triplet stays.
void decode_percent(std::string_view text, std::string& out);

}  // namespace weir
