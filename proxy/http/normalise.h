// Paths as they are compared with routes: decoded once, without dot segments or doubled slashes.
//
// An encoded slash counts as a slash, and slashes are merged, since many services read them so, and
// a path must not reach the chain of another route than the one whose resource it may name.
// Linear in the path's length.
#pragma once

#include <string>
#include <string_view>

namespace weir {

// `path`: without its query. The result is `path` itself where it is normal already, else it stands
// in `scratch`. An empty path is "/".
std::string_view normalise_path(std::string_view path, std::string& scratch);

// Is the path its own normal form, byte by byte?
bool is_normal_path(std::string_view path);

// Can services read it in more than one way? Dot segments (`..;x` too, as servlets have them),
// empty segments, encoded slashes, backslashes and NUL, each encoded or not.
bool is_ambiguous_path(std::string_view path);

// A normal path as it can be sent: what may not stand in one is encoded (RFC 3986 §3.3).
void encode_path(std::string_view path, std::string& out);

// Decodes %XX into `out`, which is overwritten; what is no such triplet stays.
void decode_percent(std::string_view text, std::string& out);

}  // namespace weir
