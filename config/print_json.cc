#include "config/print_json.h"

#include <boost/json.hpp>

#include "config/check.h"
#include "config/units.h"

namespace weir {
namespace {

constexpr std::size_t kWidth = 100;

void print(const boost::json::value& value, std::size_t indent, std::string& out) {
  const std::string line = boost::json::serialize(value);
  const bool structured = value.is_object() || value.is_array();
  if (!structured || line.size() + indent <= kWidth) {
    out += line;
    return;
  }
  const std::string margin(indent + 2, ' ');
  bool first = true;
  out += value.is_object() ? "{" : "[";
  if (const auto* object = value.if_object()) {
    for (const auto& [key, item] : *object) {
      out += (first ? "\n" : ",\n") + margin + boost::json::serialize(key) + ": ";
      print(item, indent + 2, out);
      first = false;
    }
  } else {
    for (const auto& item : value.get_array()) {
      out += (first ? "\n" : ",\n") + margin;
      print(item, indent + 2, out);
      first = false;
    }
  }
  out += "\n" + std::string(indent, ' ') + (value.is_object() ? "}" : "]");
}

boost::json::value scalar(const YamlNode& node) {
  if (node.quoted) return boost::json::string(node.text);
  if (node.text == "true" || node.text == "false") return node.text == "true";
  if (reads_as_boolean(node.text)) return 0.5;
  if (!reads_as_number(node.text)) return boost::json::string(node.text);
  const Result<std::int64_t> number = parse_integer(node.text);
  return number ? boost::json::value(*number) : boost::json::value(0.5);
}

}  // namespace

std::string pretty_json(const boost::json::value& value) {
  std::string out;
  print(value, 0, out);
  return out;
}

boost::json::value to_json(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null: return nullptr;
    case YamlNode::Kind::scalar: return scalar(node);
    case YamlNode::Kind::list: {
      boost::json::array out;
      for (const YamlNode& item : node.items) out.push_back(to_json(item));
      return out;
    }
    case YamlNode::Kind::map: break;
  }
  boost::json::object out;
  for (const YamlNode& item : node.items) out[item.name] = to_json(item);
  return out;
}

}  // namespace weir
