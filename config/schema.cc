#include "config/schema.h"

#include <boost/json.hpp>

#include "config/check.h"
#include "config/enum_values.h"
#include "config/pattern.h"
#include "config/print_json.h"
#include "config/table.h"
#include "config/tree.h"

namespace weir {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

object ref(std::string_view name) { return {{"$ref", "#/definitions/" + std::string(name)}}; }

object either_of(array choices) { return {{"anyOf", std::move(choices)}}; }

object of(const Spec& spec);
object body(const Spec& spec);

// What else the table says of it, as JSON.
void add_extra(object& out, const Spec& spec) {
  if (spec.schema.empty()) return;
  const value extra = boost::json::parse(std::string(spec.schema));
  for (const auto& [key, part] : extra.get_object()) out[key] = part;
}

object map(const Spec& spec) {
  object properties;
  array required;
  for (const KeySpec& key : spec.all_keys()) {
    object property = of(key.spec);
    std::string doc(key.doc);
    if (key.no_effect) doc += " Has no effect in this version.";
    property["description"] = doc;
    if (!key.default_value.empty()) {
      Report report("<table>");
      property["default"] = to_json(*parse_yaml(key.default_value, report));
    }
    properties[key.name] = std::move(property);
    if (key.required) required.emplace_back(key.name);
  }
  object out{
      {"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) out["required"] = std::move(required);
  add_extra(out, spec);
  if (spec.shorthand.empty()) return out;
  return either_of({body(find_key(spec, spec.shorthand)->spec), std::move(out), ref("variable")});
}

object names(const Spec& spec) {
  return {{"type", "object"},
          {"propertyNames", {{"pattern", spec.rule->pattern}, {"maxLength", spec.rule->longest}}},
          {"maxProperties", spec.max},
          {"additionalProperties", of(*spec.item)}};
}

object list(const Spec& spec) {
  object out{{"type", "array"}, {"items", of(*spec.item)}};
  if (spec.min > 0) out["minItems"] = spec.min;
  out["maxItems"] = spec.max;
  if (spec.item->type != Type::filter && spec.item->type != Type::map) out["uniqueItems"] = true;
  if (spec.single) return either_of({of(*spec.item), std::move(out)});
  if (spec.named != nullptr)
    return either_of(
        {std::move(out),
         {{"type", "string"}, {"pattern", spec.named->pattern}, {"maxLength", spec.named->longest}},
         ref("variable")});
  return out;
}

object only_key(std::string_view name, object content) {
  return {{"type", "object"},
          {"properties", {{name, std::move(content)}}},
          {"required", array{name}},
          {"additionalProperties", false}};
}

object any_filter(bool shareable_only) {
  array bare, choices;
  for (const FilterKind& kind : filter_kinds()) {
    if (shareable_only && !kind.shareable) continue;
    if (kind.bare) bare.emplace_back(kind.name);
    object content = ref(kind.name);
    if (shareable_only)
      content = {{"allOf", array{content, {{"not", {{"required", array{"name"}}}}}}}};
    if (kind.bare) content = either_of({std::move(content), {{"type", "null"}}});
    content["description"] = kind.doc;
    choices.push_back(only_key(kind.name, std::move(content)));
  }
  if (!shareable_only) choices.push_back(only_key("shared", of(weir::text(kName))));
  choices.insert(choices.begin(), object{{"enum", std::move(bare)}});
  return either_of(std::move(choices));
}

// A scalar without variables.
object body(const Spec& spec) {
  if (spec.type == Type::boolean) return {{"type", "boolean"}};
  if (spec.type == Type::integer) {
    object number{{"type", "integer"}, {"minimum", spec.min}, {"maximum", spec.max}};
    if (spec.or_word.empty()) return number;
    return either_of({std::move(number), {{"const", spec.or_word}}});
  }
  if (spec.type == Type::condition)
    return either_of(
        {{{"enum", array(kConditionWords.begin(), kConditionWords.end())}},
         {{"type", "integer"}, {"minimum", kLeastStatus}, {"maximum", kGreatestStatus}}});
  if (spec.type == Type::word) return {{"enum", array(spec.words.begin(), spec.words.end())}};
  object out{{"type", "string"}, {"pattern", pattern_of(spec)}};
  if (spec.type == Type::text) out["maxLength"] = spec.rule->longest;
  out["patternErrorMessage"] = "expected " + expected(spec);
  add_extra(out, spec);
  return out;
}

object of(const Spec& spec) {
  switch (spec.type) {
    case Type::map: return map(spec);
    case Type::names: return names(spec);
    case Type::list: return list(spec);
    case Type::filter: return ref(spec.shareable_only ? "shared_filter" : "filter");
    default: return either_of({body(spec), ref("variable")});
  }
}

object definitions() {
  object out{{"variable",
              {{"type", "string"},
               {"pattern", "\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}"},
               {"description", "${NAME} or ${NAME:-default}, out of the environment"}}},
             {"filter", any_filter(false)},
             {"shared_filter", any_filter(true)}};
  for (const FilterKind& kind : filter_kinds()) out[kind.name] = map(kind.spec);
  return out;
}

}  // namespace

std::string config_schema() {
  object schema{{"$schema", "http://json-schema.org/draft-07/schema#"},
                {"$id", "weir.schema.json"},
                {"title", "weir's configuration"},
                {"$comment", "Made by config_docs out of config/table.cc; do not edit."}};
  for (auto& [key, part] : map(file_spec())) schema[key] = std::move(part);
  schema["definitions"] = definitions();
  return pretty_json(schema) + "\n";
}

}  // namespace weir
