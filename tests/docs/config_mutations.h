// A configuration, changed at one place in every way that may matter: each key missing, of another
// type, without its unit, zero, too large, misspelt, beside a key that nobody knows, …
#pragma once

#include <string>
#include <vector>

#include "config/table.h"
#include "config/tree.h"

namespace weir {

struct Mutation {
  std::string path;  // where: chain[4].buffer.capacity
  std::string what;  // what was done: "0s"
  std::string yaml;
  std::string json;  // the same as a JSON reader of the YAML sees it
};

// `root` must be what file_spec() describes.
std::vector<Mutation> mutations(YamlNode root);

}  // namespace weir
