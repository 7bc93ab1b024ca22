// Paths as they are compared with routes: decoded once, without dot segments or doubled slashes.
//
// An encoded slash and a backslash count as a slash, and slashes are merged, since many services
// read them so, and a path must not reach the chain of another route than the one whose resource it
// may name. A segment such as `..;x` is a dot segment, as servlets have it. All of it is linear in
// the path's length.
#pragma once

#include <string>
#include <string_view>

namespace weir {

// `path`: without its query. The result is `path` itself where it is normal already, else it stands
// in `scratch`. An empty path is "/".
std::string_view normalise_path(std::string_view path, std::string& scratch);

// Is the path its own normal form, byte by byte, and read by all services alike?
bool is_normal_path(std::string_view path);

// Why services may read a path in more than one way; each encoded or not.
struct PathTraits {
  // Where it leads depends on the service: no two of them need to agree.
  bool dot_segment = false;  // with parameters too
  bool backslash = false;
  bool nul = false;              // where some end the path
  bool leading_slashes = false;  // some take `//a/b` for the host a
  // A few readings, which can be compared: read_path().
  bool encoded_slash = false;
  bool empty_segment = false;
  bool parameters = false;  // `;x`

  std::size_t segments = 0;

  bool leads_anywhere() const { return dot_segment || backslash || nul || leading_slashes; }
  bool has_readings() const { return encoded_slash || empty_segment || parameters; }
};
PathTraits path_traits(std::string_view path);

// The path, decoded, as a service reads it; for paths that do not lead anywhere.
struct PathReading {
  bool decode_slashes = false;  // else %2F stays
  bool merge_slashes = false;
  bool drop_parameters = false;
};
void read_path(std::string_view path, PathReading as, std::string& out);

// A normal path as it can be sent: what may not stand in one is encoded (RFC 3986 §3.3).
void encode_path(std::string_view path, std::string& out);

// Decodes %XX into `out`, which is overwritten; what is no such triplet stays.
void decode_percent(std::string_view text, std::string& out);
// The same, and a plus is a space (the URL standard's application/x-www-form-urlencoded).
void decode_form(std::string_view text, std::string& out);

}  // namespace weir
