// Holds a tree against the table: every value typed, every deviation reported, nothing guessed.
#pragma once

#include "config/report.h"
#include "config/tree.h"
#include "config/value.h"

namespace weir {

// Goes on after errors, so that all of them are found; what is wrong is marked bad. `path` is where
// the node stands.
Value check(const YamlNode& node, const Spec& spec, const Path& path, Report& report);

// The scalar types; false if it is bad.
bool check_scalar(const YamlNode& node, const Spec& spec, const Path& path, Report& report,
                  Value& out, std::string_view zero_advice);

// What a value of that type looks like, for "expected …".
std::string expected(const Spec& spec);

// A plain scalar that YAML readers take for a number, a boolean or nothing, rather than for text.
bool reads_as_number(std::string_view text);
bool reads_as_boolean(std::string_view text);

}  // namespace weir
