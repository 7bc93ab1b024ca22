#include "config/hide_tenants.h"

#include <string>
#include <string_view>
#include <unordered_map>

#include "config/secret.h"

namespace weir {
namespace {

constexpr std::string_view kBegin = "tenants.";

// Of `tenants.NAME.rate`, where a name that is not plain stands in quotes: up to the name's end.
std::string_view entry_of(std::string_view path) {
  if (!path.starts_with(kBegin)) return {};
  std::size_t at = kBegin.size();
  if (path.substr(at).starts_with('"')) {
    const std::size_t after = path.find_first_of(".[", path.rfind('"'));
    return path.substr(0, after);
  }
  return path.substr(0, path.find_first_of(".[", at));
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

// Names that stand twice are found before anything is known of paths: what the message quotes.
std::string quoted_in(const std::string& message) {
  const std::size_t begin = message.find('"');
  const std::size_t end = message.rfind('"');
  return begin < end && end != std::string::npos ? message.substr(begin, end + 1 - begin) : "";
}

}  // namespace

void hide_tenants(const Value& tenants, Report& report) {
  std::unordered_map<std::string, const std::string*> names;  // by what messages have of them
  const Path root;
  const Path all(root, "tenants");
  report.for_each([&](Diagnostic& each) {
    if (names.empty()) {
      for (const Value& tenant : tenants.items) {
        if (tenant.name == "*") continue;
        names.emplace(Path(all, tenant.name).text(), &tenant.name);
        names.emplace(quoted(tenant.name), &tenant.name);
      }
    }
    const std::string entry(entry_of(each.path));
    const auto found = names.find(each.path.empty() ? quoted_in(each.message) : entry);
    if (found == names.end()) return;
    const std::string hidden = hidden_name(*found->second);
    each.path.replace(0, entry.size(), entry.empty() ? "" : std::string(kBegin) + hidden);
    replace_all(each.message, quoted(*found->second), hidden);
  });
}

}  // namespace weir
