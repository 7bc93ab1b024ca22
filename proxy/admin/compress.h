// gzip for pages that are worth it (RFC 9110 §12.5.3, RFC 1952).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir {

// Does the Accept-Encoding field prefer gzip to no coding at all? Its q-values are heeded.
bool wants_gzip(std::string_view accept_encoding);

// None if zlib is out of memory.
std::optional<std::string> gzip(std::string_view text);

}  // namespace weir
