// JSON for people, and trees as JSON.
#pragma once

#include <string>

#include <boost/json/value.hpp>

#include "config/tree.h"

namespace weir {

// Indented by two; whatever fits stands in one line.
std::string pretty_json(const boost::json::value& value);

// What a JSON reader of the YAML would see. Numbers and booleans that weir does not read as such
// (010, 0x1F, 1e3, True) become 0.5, so that they are neither text nor whole nor true.
boost::json::value to_json(const YamlNode& node);

}  // namespace weir
