// Comma-separated lists in field values (RFC 9110 §5.6.1).
#pragma once

#include <string_view>

#include "proxy/http/head.h"

namespace weir {

// Calls `each` with every item, trimmed, empty ones left out.
template <typename Each>
void for_each_item(std::string_view value, Each&& each) {
  while (!value.empty()) {
    const std::size_t comma = value.find(',');
    const std::string_view item = trim_blanks(value.substr(0, comma));
    if (!item.empty()) each(item);
    if (comma == std::string_view::npos) return;
    value.remove_prefix(comma + 1);
  }
}

// Of all lines of that field.
template <typename Each>
void for_each_item(const Head& head, FieldId id, Each&& each) {
  if (!head.has(id)) return;
  for (std::size_t i = head.first(id); i < head.fields.size(); ++i) {
    if (head.fields[i].id == id) for_each_item(head.text(head.fields[i].value), each);
    if (!head.has_several(id)) return;
  }
}

[[gnu::noinline]] inline bool connection_lists(const Head& head, std::string_view name) {
  bool found = false;
  for_each_item(head, FieldId::connection,
                [&](std::string_view item) { found = found || equals_ignoring_case(item, name); });
  return found;
}

}  // namespace weir
