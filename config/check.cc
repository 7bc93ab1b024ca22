#include "config/check.h"

#include <algorithm>
#include <unordered_set>

#include "config/foreign_words.h"
#include "config/suggest.h"

namespace weir {
namespace {

std::string kind_of(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null: return "nothing";
    case YamlNode::Kind::list: return "a list";
    case YamlNode::Kind::map: return "a map";
    case YamlNode::Kind::scalar: break;
  }
  return quoted(node.text);
}

Value start(const YamlNode& node, const Spec& spec) {
  Value out;
  out.spec = &spec;
  out.variable = node.variable;
  out.at = node.at;
  out.name_at = node.name_at;
  out.name = node.name;
  return out;
}

class Checker {
 public:
  explicit Checker(Report& report) : report_(report) {}

  Value value(const YamlNode& node, const Spec& spec, const Path& path,
              std::string_view zero = {}) {
    Value out = start(node, spec);
    switch (spec.type) {
      case Type::map: map(node, spec, path, out); break;
      case Type::names: names(node, spec, path, out); break;
      case Type::list: list(node, spec, path, out, zero); break;
      case Type::filter: filter(node, spec, path, out); break;
      default: out.bad = !check_scalar(node, spec, path, report_, out, zero);
    }
    return out;
  }

 private:
  void wrong_kind(const YamlNode& node, const Spec& spec, const Path& path, Value& out) {
    out.bad = true;
    std::string message = "found " + kind_of(node) + ", expected " + expected(spec);
    if (node.kind == YamlNode::Kind::null) {
      message = "has no value: expected " + expected(spec);
      if (spec.type == Type::list) message += "; [] is an empty one";
      if (spec.type == Type::names || spec.type == Type::map) message += "; {} is an empty one";
    }
    report_.error(node.at, path, std::move(message));
  }

  void map(const YamlNode& node, const Spec& spec, const Path& path, Value& out) {
    if (node.kind == YamlNode::Kind::scalar && !spec.shorthand.empty()) {
      const KeySpec& key = *find_key(spec, spec.shorthand);
      out.items.push_back(value(node, key.spec, path, key.zero));
      out.items.back().name = key.name;
      return;
    }
    if (node.kind != YamlNode::Kind::map) return wrong_kind(node, spec, path, out);
    out.items.reserve(node.items.size());
    std::unordered_set<std::string_view> mistyped;  // what unknown keys were meant to be
    for (const YamlNode& item : node.items) {
      const Path inner(path, item.name);
      const KeySpec* key = find_key(spec, item.name);
      if (key == nullptr) {
        mistyped.insert(unknown_key(item, node, spec, path));
        continue;
      }
      if (key->no_effect) report_.warning(item.name_at, inner, "has no effect in this version");
      out.items.push_back(value(item, key->spec, inner, key->zero));
    }
    for (const KeySpec& key : spec.all_keys())
      if (key.required && node.find(key.name) == nullptr && mistyped.count(key.name) == 0)
        report_.error(node.at, Path(path, key.name), "is missing: expected " + expected(key.spec));
  }

  // What to do about a key that `spec` does not have: the row of another program's key, the nearest
  // of those that are not there yet, or where else it belongs.
  static std::string key_advice(const YamlNode& item, const Spec& spec, const Path& path,
                                std::string_view meant) {
    if (const ForeignWord* row = find_foreign_word(place_of(path.text()), item.name))
      return ": " + advice(*row);
    if (!meant.empty()) return "; did you mean " + quoted(meant) + "?";
    if (&spec == &file_spec()) {
      for (const KeySpec& section : spec.all_keys())
        if (section.spec.type == Type::map && find_key(section.spec, item.name) != nullptr)
          return ": it belongs under " + std::string(section.name) + ":";
    } else if (find_key(file_spec(), item.name) != nullptr) {
      return ": it belongs at the top level: look at its indentation";
    }
    return {};
  }

  // What it was meant to be; empty: no idea.
  std::string_view unknown_key(const YamlNode& item, const YamlNode& map, const Spec& spec,
                               const Path& path) {
    const Path inner(path, item.name);
    if (report_.crowded()) {
      report_.error(item.name_at, inner, "unknown key");
      return {};
    }
    std::vector<std::string_view> known, missing;
    for (const KeySpec& key : spec.all_keys()) {
      known.push_back(key.name);
      if (map.find(key.name) == nullptr) missing.push_back(key.name);
    }
    std::sort(known.begin(), known.end());
    std::sort(missing.begin(), missing.end());
    const std::string_view meant = nearest(item.name, missing);
    report_.error(item.name_at, inner,
                  "unknown key" + key_advice(item, spec, path, meant) +
                      " (known here: " + either(known) + ")");
    return meant;
  }

  void names(const YamlNode& node, const Spec& spec, const Path& path, Value& out) {
    if (node.kind != YamlNode::Kind::map) return wrong_kind(node, spec, path, out);
    if (!count_fits(node, spec, path, out)) return;
    out.items.reserve(node.items.size());
    for (const YamlNode& item : node.items) {
      const Path inner(path, item.name);
      if (!spec.rule->holds(item.name))
        report_.error(item.name_at, inner,
                      "found the name " + quoted(item.name) + ", expected " +
                          std::string(spec.rule->expected) + ", at most " +
                          std::to_string(spec.rule->longest) + " bytes");
      out.items.push_back(value(item, *spec.item, inner));
    }
  }

  void list(const YamlNode& node, const Spec& spec, const Path& path, Value& out,
            std::string_view zero) {
    if (node.kind == YamlNode::Kind::scalar && spec.named != nullptr) {
      out.text = node.text;
      if (spec.named->holds(node.text)) return;
      out.bad = true;
      report_.error(node.at, path,
                    "found " + quoted(node.text) +
                        ", expected the name of a chain, or "
                        "a list of filters");
      return;
    }
    if (node.kind == YamlNode::Kind::scalar && spec.single) {
      out.items.push_back(value(node, *spec.item, path, zero));
      return;
    }
    if (node.kind != YamlNode::Kind::list) return wrong_kind(node, spec, path, out);
    if (!count_fits(node, spec, path, out)) return;
    out.items.reserve(node.items.size());
    for (std::size_t i = 0; i < node.items.size(); ++i)
      out.items.push_back(value(node.items[i], *spec.item, Path(path, i), zero));
    if (spec.item->type != Type::filter && spec.item->type != Type::map) refuse_twice(path, out);
  }

  bool count_fits(const YamlNode& node, const Spec& spec, const Path& path, Value& out) {
    const auto count = static_cast<std::int64_t>(node.items.size());
    if (count >= spec.min && count <= spec.max) return true;
    out.bad = true;
    if (count < spec.min)
      report_.error(node.at, path, "is empty: expected at least " + std::to_string(spec.min));
    else if (spec.item->type == Type::filter && spec.type == Type::list)
      report_.error(node.items[static_cast<std::size_t>(spec.max)].at, path,
                    "has " + std::to_string(count) + " filters: a chain takes at most " +
                        std::to_string(spec.max));
    else
      report_.error(
          node.at, path,
          "has " + std::to_string(count) + " entries: at most " + std::to_string(spec.max));
    return false;
  }

  void refuse_twice(const Path& path, Value& out) {
    std::unordered_set<std::string_view> seen;
    for (std::size_t i = 0; i < out.items.size(); ++i) {
      const Value& item = out.items[i];
      if (item.bad || seen.insert(item.text).second) continue;
      out.bad = true;
      report_.error(item.at, Path(path, i), quoted(item.text) + " stands twice in the list");
    }
  }

  // `- load_shed`, `- load_shed: {}`, `- shared: NAME`
  void filter(const YamlNode& node, const Spec& spec, const Path& path, Value& out) {
    static const YamlNode kNothing = [] {
      YamlNode n;
      n.kind = YamlNode::Kind::map;
      return n;
    }();
    if (node.kind == YamlNode::Kind::scalar) {
      YamlNode params = kNothing;
      params.at = params.name_at = node.at;
      params.name = node.text;
      return filter_of_kind(params, spec, path, out);
    }
    if (node.kind != YamlNode::Kind::map || node.items.size() != 1) {
      out.bad = true;
      std::string what = "found " + kind_of(node);
      if (node.kind == YamlNode::Kind::map)
        what += " of " + std::to_string(node.items.size()) + " keys";
      report_.error(node.at, path,
                    what + ", expected one filter, such as {buffer: {capacity: 256}}" +
                        (node.items.size() > 1 ? "; each begins with its own \"-\" and "
                                                 "its keys are indented below it"
                                               : ""));
      return;
    }
    const YamlNode& only = node.items.front();
    if (only.kind == YamlNode::Kind::null) {
      YamlNode params = kNothing;
      params.at = params.name_at = only.name_at;
      params.name = only.name;
      return filter_of_kind(params, spec, path, out);
    }
    filter_of_kind(only, spec, path, out);
  }

  void filter_of_kind(const YamlNode& params, const Spec& spec, const Path& path, Value& out) {
    const Path inner(path, params.name);
    if (!spec.shareable_only) out.name_at = params.name_at;
    if (params.name == "shared" && !spec.shareable_only) return shared(params, inner, out);
    const FilterKind* kind = find_filter_kind(params.name);
    if (kind == nullptr || (spec.shareable_only && !kind->shareable)) {
      out.bad = true;
      return unknown_filter(params, spec, kind, inner);
    }
    Value before = std::move(out);
    out = value(params, kind->spec, inner);
    out.kind = kind;
    if (!spec.shareable_only) return;
    out.name = std::move(before.name);  // under shared: the key is its name
    out.name_at = before.name_at;
  }

  void shared(const YamlNode& params, const Path& path, Value& out) {
    static const Spec kReference = weir::text(kName);
    Value reference = value(params, kReference, path);
    out.bad = reference.bad;
    out.at = reference.at;
    out.text = std::move(reference.text);
  }

  void unknown_filter(const YamlNode& params, const Spec& spec, const FilterKind* kind,
                      const Path& path) {
    std::vector<std::string_view> known;
    for (const FilterKind& each : filter_kinds())
      if (!spec.shareable_only || each.shareable) known.push_back(each.name);
    if (!spec.shareable_only) known.push_back("shared");
    const ForeignWord* row = find_foreign_word("filter", params.name);
    std::string message = kind != nullptr  ? "this filter cannot be shared: put it into each chain"
                          : row != nullptr ? "unknown filter: " + advice(*row)
                                           : "unknown filter" + did_you_mean(params.name, known);
    report_.error(params.name_at, path, message + " (known here: " + either(known) + ")");
  }

  Report& report_;
};

}  // namespace

Value check(const YamlNode& node, const Spec& spec, const Path& path, Report& report) {
  return Checker(report).value(node, spec, path);
}

}  // namespace weir
