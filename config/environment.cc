#include "config/environment.h"

#include <cctype>
#include <cstdlib>

namespace weir {
namespace {

bool is_name(std::string_view name) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0) return false;
  for (const unsigned char c : name)
    if (std::isalnum(c) == 0 && c != '_') return false;
  return true;
}

std::optional<std::string> from_process(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

class Expander {
 public:
  Expander(const Environment& environment, Report& report)
      : environment_(environment), report_(report) {}

  void visit(YamlNode& node, const Path& path) {
    if (node.kind == YamlNode::Kind::scalar) return expand(node, path);
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      YamlNode& item = node.items[i];
      const Path inner = node.kind == YamlNode::Kind::map ? Path(path, item.name) : Path(path, i);
      if (item.name.find("${") != std::string::npos)
        report_.error(item.name_at, inner, "variables stand in values only, not in keys");
      visit(item, inner);
    }
  }

 private:
  void expand(YamlNode& node, const Path& path) {
    if (node.text.find("${") == std::string::npos) return;
    std::string out;
    std::string_view rest = node.text;
    while (!rest.empty()) {
      const std::size_t dollar = rest.find('$');
      out += rest.substr(0, dollar);
      if (dollar == std::string_view::npos) break;
      rest.remove_prefix(dollar);
      if (rest.starts_with("$${")) {
        out += "${";
        rest.remove_prefix(3);
      } else if (rest.starts_with("${")) {
        const std::size_t end = rest.find('}');
        if (end == std::string_view::npos) {
          report_.error(node.at, path, "found " + quoted(rest) + " without its }");
          break;
        }
        const std::string value = value_of(rest.substr(2, end - 2), node, path);
        if (!count(value.size(), node, path)) break;
        out += value;
        node.variable = true;
        rest.remove_prefix(end + 1);
      } else {
        out += '$';
        rest.remove_prefix(1);
      }
    }
    node.text = std::move(out);
  }

  // False: it is too much, and told once.
  bool count(std::size_t size, const YamlNode& node, const Path& path) {
    if (expanded_ <= kMaxVariableText && size > kMaxVariableText - expanded_) {
      report_.error(node.at, path,
                    "the variables of this file stand for more than " +
                        std::to_string(kMaxVariableText >> 20) + " MiB together");
      expanded_ = kMaxVariableText + 1;
    }
    if (expanded_ > kMaxVariableText) return false;
    expanded_ += size;
    return true;
  }

  std::string value_of(std::string_view inside, const YamlNode& node, const Path& path) {
    const std::size_t colon = inside.find(":-");
    const std::string name(inside.substr(0, colon));
    if (!is_name(name) || inside.find("${") != std::string_view::npos) {
      report_.error(node.at, path,
                    "found " + quoted("${" + std::string(inside) + "}") +
                        ", expected ${NAME} or ${NAME:-default}; $${ stands for ${");
      return {};
    }
    const std::optional<std::string> value = environment_ ? environment_(name) : from_process(name);
    if (colon != std::string_view::npos) {
      const bool use_default = !value || value->empty();
      return use_default ? std::string(inside.substr(colon + 2)) : *value;
    }
    if (!value)
      report_.error(node.at, path,
                    "the environment variable " + name +
                        " is not set: set it, or "
                        "write ${" +
                        name + ":-default}");
    return value.value_or("");
  }

  const Environment& environment_;
  Report& report_;
  std::size_t expanded_ = 0;  // bytes so far; more than may be: it has been told
};

}  // namespace

void expand_variables(YamlNode& root, const Environment& environment, Report& report) {
  Expander(environment, report).visit(root, Path());
}

}  // namespace weir
