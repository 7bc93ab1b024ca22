// What is made of the command line's own definition: the manual page, and what a shell needs to
// complete commands and options. `weir help --man` and `weir help --completion` print them; the
// package has them.
#pragma once

#include <string>

#include <CLI/App.hpp>

namespace weir {

// weir(1), in the man(7) macros.
std::string manual_page(const CLI::App& app, const std::string& version);
// For bash-completion: commands, each command's options, files behind options that take one.
std::string bash_completion(const CLI::App& app);

}  // namespace weir
