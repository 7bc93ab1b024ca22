// Text inside quotes, whatever its bytes.
#pragma once

#include <string_view>

#include "proxy/http/head_writer.h"

namespace weir {

// A String of RFC 9651: ASCII; what it cannot hold becomes '?'.
void write_structured_string(HeadWriter& out, std::string_view text);
// A string of RFC 8259. `text` should be UTF-8; its bytes above 0x7f are copied.
void write_json_string(HeadWriter& out, std::string_view text);

}  // namespace weir
