// `weir check`: a configuration file, and all that is wrong with it.
#pragma once

#include <string>

namespace weir {

// Prints to standard output: each error and warning on a line, and OK if there is no error.
int check_config(const std::string& file);

}  // namespace weir
