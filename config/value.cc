#include "config/value.h"

#include <cassert>
#include <unordered_map>

#include "config/check.h"
#include "config/tree.h"

namespace weir {
namespace {

// The table's defaults, read as if they stood in a file: once, for the life of the process.
class Defaults {
 public:
  static const Value* of(const KeySpec& key) {
    static const Defaults defaults;
    const auto found = defaults.values_.find(&key);
    return found == defaults.values_.end() ? nullptr : &found->second;
  }

 private:
  Defaults() {
    add(file_spec());
    for (const FilterKind& kind : filter_kinds()) add(kind.spec);
  }

  void add(const Spec& spec) {
    if (spec.item != nullptr) add(*spec.item);
    for (const KeySpec& key : spec.all_keys()) {
      add(key.spec);
      if (key.default_value.empty()) continue;
      Report report("<table>");
      const auto node = parse_yaml(key.default_value, report);
      Value value = check(*node, key.spec, Path(), report);
      assert(!report.failed());
      value.name = key.name;
      values_.emplace(&key, std::move(value));
    }
  }

  std::unordered_map<const KeySpec*, Value> values_;
};

}  // namespace

const Value* Value::own(std::string_view key) const {
  for (const Value& item : items)
    if (item.name == key) return &item;
  return nullptr;
}

const Value* Value::find(std::string_view key) const {
  if (const Value* value = own(key)) return value;
  const KeySpec* known = find_key(*spec, key);
  return known == nullptr ? nullptr : Defaults::of(*known);
}

const Value& Value::get(std::string_view key) const {
  const Value* value = find(key);
  assert(value != nullptr);
  return *value;
}

}  // namespace weir
