#include "config/field_choices.h"

#include <algorithm>
#include <array>

#include "config/field.h"
#include "config/text_rule.h"

namespace weir {
namespace {

struct Elsewhere {
  std::string_view word;
  std::string_view here;
};
// Whole words, in lower case.
constexpr auto kWords = std::to_array<Elsewhere>({
    {"ip", "client_ip"},
    {"address", "client_ip"},
    {"client", "client_ip"},
    {"client.ip", "client_ip"},
    {"client_address", "client_ip"},
    {"remote_ip", "client_ip"},
    {"remote_addr", "client_ip"},
    {"remote_address", "client_ip"},
    {"$remote_addr", "client_ip"},
    {"$binary_remote_addr", "client_ip"},
    {"source_ip", "client_ip"},
    {"src", "client_ip"},
    {"x_forwarded_for", "client_ip"},
    {"x-forwarded-for", "client_ip"},
    {"authorization", "header authorization"},
    {"bearer", "header authorization"},
    {"token", "header authorization"},
    {"jwt", "header authorization"},
    {"api_key", "header x-api-key"},
    {"apikey", "header x-api-key"},
    {"tenant_id", "header x-tenant"},
    {"host", "header host"},
    {"$host", "header host"},
    {"hostname", "header host"},
    {"user_agent", "header user-agent"},
    {"path", "path_segment 1"},
    {"session", "cookie session"},
    {"verb", "method"},
    {"$request_method", "method"},
});
// Beginnings: what follows them is a name.
constexpr auto kBeginnings = std::to_array<Elsewhere>({
    {"$http_", "header "},
    {"$arg_", "query "},
    {"$cookie_", "cookie "},
    {"req.headers.", "header "},
    {"request.headers.", "header "},
    {"http.header.", "header "},
    {"headers", "header "},
    {"header", "header "},
    {"request_header", "header "},
    {"cookies", "cookie "},
    {"cookie", "cookie "},
    {"query_param", "query "},
    {"query", "query "},
    {"param", "query "},
    {"arg", "query "},
    {"path_segment", "path_segment "},
    {"segment", "path_segment "},
});

std::string name_of(std::string_view rest, bool nginx) {
  const std::size_t begin = rest.find_first_not_of(" :=.[\"'");
  if (begin == std::string_view::npos) return {};
  std::string name(rest.substr(begin));
  while (!name.empty() && std::string_view(" :]\"'").find(name.back()) != std::string_view::npos)
    name.pop_back();
  if (nginx) std::ranges::replace(name, '_', '-');
  return name;
}

std::string meant_by(std::string_view text) {
  const std::string lower = lower_case(text);
  for (const Elsewhere& each : kWords)
    if (lower == each.word) return std::string(each.here);
  for (const Elsewhere& each : kBeginnings) {
    if (!lower.starts_with(each.word)) continue;
    const std::string_view rest = text.substr(each.word.size());
    // "headers" is no "header" with the name "s"; "querystring" is nothing.
    const bool apart = !each.word.ends_with('_') && !each.word.ends_with('.');
    if (apart && (rest.empty() || std::string_view(" :=.[").find(rest[0]) == rest.npos)) continue;
    return std::string(each.here) + name_of(rest, each.word == "$http_");
  }
  // Only names of header fields have hyphens.
  if (lower.find('-') != std::string::npos) return "header " + name_of(text, false);
  return {};
}

}  // namespace

std::vector<std::string> field_choices(std::string_view text) {
  const std::string meant = meant_by(text);
  if (meant == text || !parse_field(meant)) return {};
  return {meant};
}

}  // namespace weir
