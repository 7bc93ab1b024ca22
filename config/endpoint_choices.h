// What an address may have meant that is written as another program writes it: a URL, a port alone,
// an IPv6 address without its brackets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/endpoint.h"

namespace weir {

// As it would stand in the file. Each is an address that parse_endpoint takes; empty: no idea.
std::vector<std::string> endpoint_choices(std::string_view text, EndpointUse use);

}  // namespace weir
