// YAML text → a tree of nodes that know where they stand.
//
// Only what a configuration needs: maps with text keys, lists and scalars. Anchors, aliases, merge
// keys and explicit tags are refused by name, duplicate keys are errors (yaml-cpp takes the first
// one silently), and numbers and booleans stay text: how they are read is the table's business.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/report.h"

namespace weir {

struct YamlNode {
  enum class Kind : std::uint8_t { null, scalar, list, map };

  Kind kind = Kind::null;
  bool quoted = false;    // a scalar in quotes, or a block scalar: never a number or a boolean
  bool variable = false;  // some of it came out of a ${VARIABLE}
  Position at;            // of the value
  Position name_at;       // of the key, in a map
  std::string name;       // the key, in a map
  std::string text;       // a scalar's
  std::vector<YamlNode> items;

  const YamlNode* find(std::string_view key) const;
};

// Bounds of what is read at all.
inline constexpr std::size_t kMaxFileSize = 64U << 20;  // bytes
inline constexpr std::size_t kMaxNodes = 4'000'000;
inline constexpr std::size_t kMaxDepth = 32;

// Null if there is no tree to go on with; everything that is wrong is in `report`. An empty file is
// an empty map. Never throws.
std::optional<YamlNode> parse_yaml(std::string_view text, Report& report);

}  // namespace weir
