// What a part of a request may have meant that is written as elsewhere: "x-api-key",
// "header:x-tenant",
// "$http_x_tenant", "ip".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir {

// Each is one that parse_field takes; empty: no idea.
std::vector<std::string> field_choices(std::string_view text);

}  // namespace weir
