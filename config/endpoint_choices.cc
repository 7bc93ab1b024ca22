#include "config/endpoint_choices.h"

#include <algorithm>
#include <cctype>

namespace weir {
namespace {

// A URL without its scheme, its path and its user; with the scheme's own port if it names none.
std::string authority_of(std::string_view url) {
  const std::size_t colon = url.find("://");
  const std::string_view scheme = url.substr(0, colon);
  std::string_view rest = url.substr(colon + 3);
  if (scheme == "unix") return "unix:" + std::string(rest);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos)
    rest.remove_prefix(at + 1);
  const std::size_t port = rest.rfind(':');
  const bool has_port = port != std::string_view::npos && rest.find(']', port) == rest.npos;
  if (has_port) return std::string(rest);
  return std::string(rest) + (scheme == "https" || scheme == "wss" ? ":443" : ":80");
}

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

// The host that "localhost", "*" and nothing stand for.
std::string host_of(std::string_view host, EndpointUse use) {
  if (host == "*") return use == EndpointUse::listen ? "" : "0.0.0.0";
  if (host.empty() || host == "localhost") return "127.0.0.1";
  return "[" + std::string(host) + "]";
}

}  // namespace

std::vector<std::string> endpoint_choices(std::string_view text, EndpointUse use) {
  std::vector<std::string> meant;
  if (text.find("://") != std::string_view::npos) {
    meant.push_back(authority_of(text));
  } else if (text.starts_with('/')) {
    meant.push_back("unix:" + std::string(text));
  } else if (all_digits(text)) {
    meant.push_back((use == EndpointUse::listen ? ":" : "127.0.0.1:") + std::string(text));
  } else if (const std::size_t slash = text.find('/');
             slash != std::string_view::npos && !text.starts_with("unix:")) {
    meant.emplace_back(text.substr(0, slash));
  } else if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    const std::string port(text.substr(colon));
    meant.push_back(host_of(text.substr(0, colon), use) + port);
  }
  std::erase_if(meant, [use](const std::string& each) { return !parse_endpoint(each, use); });
  // What begins with a bracket is a list in YAML.
  for (std::string& each : meant)
    if (each.starts_with('[')) each = "\"" + each + "\"";
  return meant;
}

}  // namespace weir
