#include "config/route_match.h"

#include <algorithm>

namespace weir {
namespace {

// Whether `path` lies at or below `prefix`, at a segment boundary.
bool below(std::string_view prefix, std::string_view path) {
  if (prefix == "/") return true;
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

bool path_covers(const RouteMatch& wide, const RouteMatch& narrow) {
  if (wide.path) return narrow.path == wide.path;
  if (!wide.path_prefix || *wide.path_prefix == "/") return true;
  const std::optional<std::string>& inner = narrow.path ? narrow.path : narrow.path_prefix;
  return inner && below(*wide.path_prefix, *inner);
}

bool host_covers(const RouteMatch& wide, const RouteMatch& narrow) {
  if (!wide.host) return true;
  if (!narrow.host) return false;
  if (*wide.host == *narrow.host) return true;
  return wide.host->starts_with("*.") &&
         narrow.host->ends_with(std::string_view(*wide.host).substr(1));
}

bool methods_cover(const RouteMatch& wide, const RouteMatch& narrow) {
  if (wide.methods.empty()) return true;
  if (narrow.methods.empty()) return false;
  return std::all_of(narrow.methods.begin(), narrow.methods.end(), [&](const std::string& method) {
    return std::find(wide.methods.begin(), wide.methods.end(), method) != wide.methods.end();
  });
}

}  // namespace

RouteMatch match_of(const Value& match) {
  RouteMatch out;
  if (const Value* path = match.find("path")) out.path = path->text;
  if (const Value* prefix = match.find("path_prefix")) {
    out.path_prefix = prefix->text;
    if (out.path_prefix->size() > 1 && out.path_prefix->ends_with('/')) out.path_prefix->pop_back();
  }
  if (const Value* methods = match.find("method"))
    for (const Value& method : methods->items) out.methods.push_back(method.text);
  if (const Value* host = match.find("host")) {
    out.host = lower_case(host->text);
    if (out.host->ends_with('.')) out.host->pop_back();
  }
  if (const Value* header = match.find("header"))
    for (const Value& field : header->items) out.headers[lower_case(field.name)] = field.text;
  return out;
}

std::string match_in_short(const Value& value) {
  const RouteMatch match = match_of(value);
  std::string out;
  for (const std::string& method : match.methods) out += (out.empty() ? "" : ",") + method;
  if (!out.empty()) out += " ";
  if (match.host) out += *match.host;
  if (match.path) out += *match.path;
  if (match.path_prefix) out += *match.path_prefix + (*match.path_prefix == "/" ? "*" : "/*");
  for (const auto& [name, text] : match.headers) out += "[" + name + "]";
  return out.empty() ? "*" : out;
}

bool covers(const RouteMatch& wide, const RouteMatch& narrow) {
  const bool headers =
      std::all_of(wide.headers.begin(), wide.headers.end(), [&](const auto& field) {
        const auto found = narrow.headers.find(field.first);
        return found != narrow.headers.end() && found->second == field.second;
      });
  return headers && path_covers(wide, narrow) && host_covers(wide, narrow) &&
         methods_cover(wide, narrow);
}

}  // namespace weir
