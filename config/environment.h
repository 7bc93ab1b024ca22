// ${NAME} and ${NAME:-default} in values, after YAML has been parsed: what a variable holds can
// never become structure. $${ stands for ${.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "config/tree.h"

namespace weir {

using Environment = std::function<std::optional<std::string>(const std::string&)>;

// Bytes that all variables of a file may stand for together: a large one that is used often would
// otherwise take whatever memory there is.
inline constexpr std::size_t kMaxVariableText = 16U << 20;

// Expands all scalars of the tree in place; an unset variable without a default is an error. A
// default also stands in for a variable that is set but empty, as in the shell.
void expand_variables(YamlNode& root, const Environment& environment, Report& report);

}  // namespace weir
