#include "config/fixed.h"

#include <algorithm>
#include <string>

namespace weir {
namespace {

bool same(const Value* a, const Value* b);

// Maps as they come out with their defaults; lists and names entry by entry.
bool same(const Value& a, const Value& b) {
  if (a.spec != b.spec || a.text != b.text || a.number != b.number || a.per != b.per) return false;
  if (a.spec->type == Type::map) {
    return std::ranges::all_of(a.spec->all_keys(), [&](const KeySpec& key) {
      return same(a.find(key.name), b.find(key.name));
    });
  }
  return std::ranges::equal(a.items, b.items, [](const Value& x, const Value& y) {
    return x.name == y.name && same(x, y);
  });
}

bool same(const Value* a, const Value* b) {
  return a == nullptr || b == nullptr ? a == b : same(*a, *b);
}

std::string shown(const Value* value) {
  if (value == nullptr) return "none";
  if (value->spec->type == Type::map) {
    const Value* listen = value->find("listen");
    return listen != nullptr ? listen->text : "what it was";
  }
  return value->text.empty() ? std::to_string(value->number) : value->text;
}

}  // namespace

FixedValues FixedValues::of(const Value& file) {
  FixedValues out;
  for (std::size_t i = 0; i < kKeys.size(); ++i) {
    if (const Value* own = file.own(kKeys[i])) out.values[i] = *own;
  }
  return out;
}

void FixedValues::keep_in(Value& file, Report& report) const {
  for (std::size_t i = 0; i < kKeys.size(); ++i) {
    const std::string_view key = kKeys[i];
    const Value* wanted = file.find(key);
    if (wanted != nullptr && wanted->bad) continue;
    const Position at = file.has(key) ? file.own(key)->at : Position{};
    Value running;  // only for the default, where it was left out
    running.spec = file.spec;
    if (values[i]) running.items.push_back(*values[i]);
    const Value* stays = running.find(key);
    if (same(wanted, stays)) continue;
    report.warning(at, std::string(key),
                   "cannot change while weir runs: " + shown(stays) + " stays until a restart");
    std::erase_if(file.items, [&](const Value& item) { return item.name == key; });
    if (values[i]) file.items.push_back(*values[i]);
  }
}

}  // namespace weir
