// The file's values after the table has been held against them: typed, in the units of the code.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/report.h"
#include "config/table.h"

namespace weir {

struct Value {
  const Spec* spec = nullptr;
  bool bad = false;       // an error was reported: rules that compare leave it alone
  bool variable = false;  // out of a ${VARIABLE}
  Position at;
  Position name_at;  // of its key, in a map
  std::string name;  // its key, in a map or names
  std::string
      text;  // word, text, endpoint, field, condition, cidr; a shared filter's or chain's name
  std::int64_t number =
      0;  // integer, bytes, duration (ns), percent (hundredths), rate, status, boolean
  std::int64_t per = 0;  // rate: ns
  const FilterKind* kind =
      nullptr;               // filter: its kind, with its keys as items; null: `shared: text`
  std::vector<Value> items;  // of a map (those that the file has), names or list

  // A map's entry as the file has it, or null.
  const Value* own(std::string_view key) const;
  // The same, or the table's default; null if there is neither.
  const Value* find(std::string_view key) const;
  // The same, for a key that has a default or is required.
  const Value& get(std::string_view key) const;
  bool has(std::string_view key) const { return own(key) != nullptr; }
  bool names_chain() const { return spec->type == Type::list && !text.empty(); }
};

}  // namespace weir
