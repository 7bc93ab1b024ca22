// What a route matches, out of its `match:`.
#pragma once

#include <string>

#include "config/snapshot.h"
#include "config/value.h"

namespace weir {

// Hosts and field names in lower case, a prefix without its last slash.
RouteMatch match_of(const Value& match);

// For people and metrics: "PUT,POST *.example.com/upload/*".
std::string match_in_short(const Value& value);

// Whether everything that `narrow` matches is matched by `wide` as well.
bool covers(const RouteMatch& wide, const RouteMatch& narrow);

}  // namespace weir
