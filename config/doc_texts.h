// What docs/config.md says between its tables.
#pragma once

#include <span>
#include <string_view>

namespace weir {

struct Prose {
  std::string_view key;      // a top-level key, or a kind of filter
  std::string_view text;     // Markdown
  std::string_view example;  // YAML; without listen and upstream, which are then understood
};

extern const std::string_view kIntroduction;
std::span<const Prose> prose();
const Prose* find_prose(std::string_view key);

}  // namespace weir
