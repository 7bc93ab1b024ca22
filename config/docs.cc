#include "config/docs.h"

#include <algorithm>

#include "config/doc_texts.h"
#include "config/table.h"
#include "config/units.h"

namespace weir {
namespace {

std::string code(std::string_view text) { return "`" + std::string(text) + "`"; }

std::string grouped(std::int64_t number) {
  std::string out = std::to_string(number);
  for (std::size_t i = out.size(); i > 3;) out.insert(i -= 3, ",");
  return out;
}

std::string words_of(const Spec& spec) {
  std::string out;
  for (const std::string_view word : spec.words) out += (out.empty() ? "" : " · ") + code(word);
  return out;
}

std::string type_of(const Spec& spec) {
  switch (spec.type) {
    case Type::boolean: return "boolean";
    case Type::integer:
      return "number, " + grouped(spec.min) + " … " + grouped(spec.max) +
             (spec.or_word.empty() ? "" : ", or " + code(spec.or_word));
    case Type::bytes: return "size, " + print_bytes(spec.min) + " … " + print_bytes(spec.max);
    case Type::duration:
      return "duration, " + print_duration(spec.min) + " … " + print_duration(spec.max);
    case Type::rate: return "rate";
    case Type::percent:
      return "share, " + print_percent(spec.min) + " … " + print_percent(spec.max);
    case Type::word: return words_of(spec);
    case Type::text: return "text";
    case Type::endpoint: return "address";
    case Type::field: return "part of a request";
    case Type::condition: return "condition";
    case Type::cidr: return "address range";
    case Type::map:
      return spec.shorthand.empty() ? "map"
                                    : type_of(find_key(spec, spec.shorthand)->spec) + ", or map";
    case Type::names:
      return "map from names to " +
             (spec.item->type == Type::list ? "lists of filters" : type_of(*spec.item) + "s");
    case Type::list: {
      const std::string item = type_of(*spec.item);
      if (spec.named != nullptr) return "list of filters, or a chain's name";
      return spec.single ? item + ", or list" : "list of " + item + "s";
    }
    case Type::filter: return "filter";
  }
  return {};
}

std::string default_of(const KeySpec& key) {
  if (key.required) return "**required**";
  if (key.default_value.empty()) return "";
  return code(key.default_value);
}

std::string escaped(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
    text.insert(at, "\\");
  return text;
}

void rows(const Spec& spec, const std::string& prefix, std::string& out) {
  for (const KeySpec& key : spec.all_keys()) {
    const std::string name = prefix + std::string(key.name);
    const bool map = key.spec.type == Type::map;
    std::string doc(key.doc);
    if (key.no_effect) doc += " **Has no effect in this version.**";
    out += "| " + escaped(code(name)) + " | ";
    out += escaped(type_of(key.spec)) + " | ";
    out += (map && !key.required ? "" : escaped(default_of(key))) + " | " + escaped(doc) + " |\n";
    if (map) rows(key.spec, name + ".", out);
  }
}

std::string table(const Spec& spec, const std::string& prefix = {}) {
  std::string out = "| key | type | default | |\n|---|---|---|---|\n";
  rows(spec, prefix, out);
  return out + "\n";
}

// Paragraphs in lines of at most 100 bytes.
std::string wrapped(std::string_view text) {
  constexpr std::size_t kWidth = 100;
  std::string out;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
    const bool fits = column == 0 || column + 1 + end <= kWidth;
    if (column > 0) out += fits ? ' ' : '\n';
    column = fits && column > 0 ? column + 1 + end : end;
    out += text.substr(0, end);
    const bool paragraph = text.substr(end).starts_with("\n\n");
    text.remove_prefix(std::min(end + (paragraph ? 2 : 1), text.size()));
    if (!paragraph) continue;
    out += "\n\n";
    column = 0;
  }
  return out + "\n\n";
}

std::string fence(std::string_view example) {
  if (example.empty()) return {};
  example.remove_prefix(1);  // the newline that raw strings begin with
  const bool whole = example.starts_with("listen:") && example.find("upstream:") != example.npos;
  return "```yaml\n" + std::string(whole ? "" : "# part of a config\n") + std::string(example) +
         "```\n\n";
}

void filters(std::string& out) {
  for (const FilterKind& kind : filter_kinds()) {
    const std::string name(kind.name);
    out += "### " + name + "\n\n" +
           wrapped(std::string(kind.doc) + " [More](filters.md#" + name + ").");
    out += table(kind.spec);
  }
}

std::string indented(std::string_view lines) {
  std::string out;
  for (std::size_t end; (end = lines.find('\n')) != lines.npos; lines.remove_prefix(end + 1))
    out += "  " + std::string(lines.substr(0, end + 1));
  return out;
}

// The map whose keys deserve a table: a section's, or that of its entries.
const Spec* inner_map(const Spec& spec) {
  if (spec.type == Type::map) return &spec;
  const bool nested = spec.type == Type::names || spec.type == Type::list;
  return nested && spec.item->type == Type::map ? spec.item : nullptr;
}

void section(const KeySpec& key, std::string& out) {
  std::string doc(key.doc);
  if (key.no_effect)
    doc += " **Has no effect in this version:** it is checked, and `weir check` warns.";
  out += "## " + std::string(key.name) + "\n\n" + wrapped(doc);
  const Spec* map = inner_map(key.spec);
  if (map == nullptr) {
    out += "Type: " + type_of(key.spec) + ". ";
    if (key.default_value.find('\n') != key.default_value.npos)
      out += "Default:\n\n```yaml\n# part of a config\n" + std::string(key.name) + ":\n" +
             indented(key.default_value) + "```\n\n";
    else
      out += (key.required ? "**Required.**" : "Default: " + default_of(key) + ".") + "\n\n";
  }
  if (const Prose* prose = find_prose(key.name); prose != nullptr) {
    if (!prose->text.empty()) out += wrapped(prose->text);
    if (map != nullptr) out += table(*map);
    out += fence(prose->example);
  } else if (map != nullptr) {
    out += table(*map);
  }
  if (key.name == "chain") filters(out);
}

std::string contents() {
  std::string out;
  for (const KeySpec& key : file_spec().all_keys()) {
    out += (out.empty() ? "" : " · ") +
           ("[" + std::string(key.name) + "](#" + std::string(key.name) + ")");
  }
  std::string kinds;
  for (const FilterKind& kind : filter_kinds())
    kinds += (kinds.empty() ? "" : " · ") +
             ("[" + std::string(kind.name) + "](#" + std::string(kind.name) + ")");
  return "## The keys\n\n" + out + "\n\nThe filters of a chain: " + kinds + "\n\n";
}

}  // namespace

std::string config_page() {
  std::string out = std::string(kIntroduction) + "\n" + contents();
  for (const KeySpec& key : file_spec().all_keys()) section(key, out);
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

}  // namespace weir
