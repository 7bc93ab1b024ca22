// Whether bytes are UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
#pragma once

#include <cstddef>
#include <string_view>

namespace weir {

// Where the first byte stands that does not belong there; npos: all is well.
std::size_t first_not_utf8(std::string_view text);

}  // namespace weir
