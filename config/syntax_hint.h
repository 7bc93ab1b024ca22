// What to do about a YAML syntax error: the parser's own words seldom name the cause.
#pragma once

#include <string>
#include <string_view>

#include "config/report.h"

namespace weir {

// One line: what yaml-cpp said, and the likely mend, from the line of text that it stumbled over.
std::string syntax_message(std::string_view text, Position at, const std::string& said);

}  // namespace weir
