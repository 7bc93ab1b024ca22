// The one table that the configuration is read by: every key with its type, unit, bounds, default
// and one line of what it does; and every kind of filter with its keys and how it is made.
//
// The parser (check.h), the JSON Schema (schema.h), docs/config.md (docs.h) and the effective
// configuration (effective.h) all walk it, so that they cannot drift apart. To add a key, add a
// line here and the one that uses its value in build_settings.cc; to add a filter, see
// filter_kinds.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "config/endpoint.h"
#include "config/text_rule.h"

namespace weir {

class Filter;
class FilterBuild;
struct KeySpec;
struct Value;

enum class Type : std::uint8_t {
  boolean,  // true, false
  integer,
  bytes,      // 32KiB
  duration,   // 500ms
  rate,       // 100/s
  percent,    // 20%
  word,       // one of Spec::words
  text,       // by Spec::rule
  endpoint,   // by Spec::use
  field,      // header x-tenant, …: config/field.h
  condition,  // of a retry: connect_failure, reset, timeout or a status
  cidr,       // 10.0.0.0/8
  map,        // of Spec::keys
  names,      // a map from names by Spec::rule to Spec::item
  list,       // of Spec::item
  filter,     // of a chain: one of filter_kinds(), or `shared: NAME`
};

struct Spec {
  Type type = Type::text;
  std::int64_t min = 0;  // integer; nanoseconds, bytes, hundredths of a percent; length of a list
  std::int64_t max = 0;
  std::span<const std::string_view> words{};
  const TextRule* rule = nullptr;
  EndpointUse use = EndpointUse::connect;
  const KeySpec* keys = nullptr;  // of a map
  std::size_t key_count = 0;
  const Spec* item = nullptr;       // of a list or names
  bool single = false;              // list: one item may stand without the brackets
  const TextRule* named = nullptr;  // list: a name may stand instead of it
  bool shareable_only = false;      // filter: only kinds that can be shared
  std::string_view shorthand{};     // map: a scalar stands for this key
  std::string_view or_word{};       // integer: a word that may stand instead; its number is 0
  std::string_view schema{};  // more for the JSON Schema (draft 7), as JSON: what goes together

  std::span<const KeySpec> all_keys() const;
};

struct KeySpec {
  std::string_view name;
  Spec spec;
  std::string_view default_value{};  // the default, as it would stand in the file; empty: none
  bool required = false;
  bool secret = false;     // not shown in the effective configuration if it came out of a variable
  bool no_effect = false;  // accepted and checked, but does nothing in this version
  std::string_view doc{};
  std::string_view zero{};  // what to write instead of 0
};

inline std::span<const KeySpec> Spec::all_keys() const { return {keys, key_count}; }

// What a kind of filter is, besides its keys.
struct FilterKind {
  std::string_view name;
  Spec spec;  // a map of its keys
  std::string_view doc;
  bool (*has_state)(const Value& params);  // two of the kind in a chain need names
  bool limits;                             // it can say busy
  bool shareable;                          // it can stand under shared:
  bool bare;                               // it can stand without keys, as `- buffer`
  std::shared_ptr<Filter> (*make)(const Value& params, FilterBuild& build);
};

std::span<const FilterKind> filter_kinds();
const FilterKind* find_filter_kind(std::string_view name);
const FilterKind& filter_kind(std::string_view name);  // that there is

// The whole file.
const Spec& file_spec();
// `- shared: NAME`, `- token_bucket: {…}`
inline constexpr std::size_t kMostFilters = 16;  // of a chain, besides the upstream's pool
extern const Spec kFilterSpec;

// The key of that name in a map's spec; null: none.
const KeySpec* find_key(const Spec& map, std::string_view name);

// --- for writing tables down
constexpr Spec boolean() { return {.type = Type::boolean}; }
constexpr Spec integer(std::int64_t min, std::int64_t max) {
  return {.type = Type::integer, .min = min, .max = max};
}
// `word` as the value 0, which is not among the numbers.
constexpr Spec integer_or(std::string_view word, std::int64_t min, std::int64_t max) {
  return {.type = Type::integer, .min = min, .max = max, .or_word = word};
}
constexpr Spec bytes(std::int64_t min, std::int64_t max) {
  return {.type = Type::bytes, .min = min, .max = max};
}
constexpr Spec duration(std::int64_t min, std::int64_t max) {
  return {.type = Type::duration, .min = min, .max = max};
}
constexpr Spec rate() { return {.type = Type::rate}; }
constexpr Spec percent(std::int64_t min) {
  return {.type = Type::percent, .min = min, .max = 10'000};
}
constexpr Spec word(std::span<const std::string_view> words) {
  return {.type = Type::word, .words = words};
}
constexpr Spec text(const TextRule& rule) { return {.type = Type::text, .rule = &rule}; }
constexpr Spec endpoint(EndpointUse use) { return {.type = Type::endpoint, .use = use}; }
template <std::size_t n>
constexpr Spec map_of(const KeySpec (&keys)[n]) {
  return {.type = Type::map, .keys = keys, .key_count = n};
}
constexpr Spec list_of(const Spec& item, std::int64_t min, std::int64_t max) {
  return {.type = Type::list, .min = min, .max = max, .item = &item};
}
constexpr Spec one_or_more(const Spec& item, std::int64_t max) {
  return {.type = Type::list, .min = 1, .max = max, .item = &item, .single = true};
}
constexpr Spec names_to(const Spec& item, const TextRule& rule, std::int64_t max) {
  return {.type = Type::names, .max = max, .rule = &rule, .item = &item};
}

inline constexpr std::int64_t kMillisecond = 1'000'000;
inline constexpr std::int64_t kSecond = 1'000 * kMillisecond;
inline constexpr std::int64_t kHour = 3'600 * kSecond;
inline constexpr std::int64_t kDay = 24 * kHour;
inline constexpr std::int64_t kKiB = 1 << 10;
inline constexpr std::int64_t kMiB = 1 << 20;
inline constexpr std::int64_t kGiB = kMiB * kKiB;
inline constexpr std::int64_t kTiB = kMiB * kMiB;

}  // namespace weir
