#include "config/text_rule.h"

#include <algorithm>

#include "config/utf8.h"

namespace weir {
namespace {

bool alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool all(std::string_view text, bool (*good)(char)) {
  return std::all_of(text.begin(), text.end(), good);
}

bool visible_or_high(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; }

bool name(std::string_view text) {
  const char first = text[0];
  return (alnum(first) || first == '_') && !(first >= '0' && first <= '9') &&
         all(text, [](char c) { return alnum(c) || c == '_' || c == '-' || c == '.'; });
}

bool tenant_name(std::string_view text) {
  return first_not_utf8(text) == text.npos && text.front() != ' ' && text.back() != ' ' &&
         all(text, visible_or_high);
}

bool token(std::string_view text) {
  return all(text, [](char c) {
    return alnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool method(std::string_view text) {
  return token(text) && all(text, [](char c) { return c < 'a' || c > 'z'; });
}

bool query_name(std::string_view text) {
  return all(text, [](char c) { return c > 0x20 && c < 0x7f && c != '&' && c != '=' && c != '#'; });
}

bool header_value(std::string_view text) {
  return text.front() != ' ' && text.back() != ' ' &&
         all(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool url_path(std::string_view text) {
  if (text.front() != '/' || first_not_utf8(text) != text.npos) return false;
  if (!all(text, [](char c) { return visible_or_high(c) && c != ' ' && c != '?' && c != '#'; }))
    return false;
  for (const std::string_view step : {"//", "/./", "/../"})
    if (text.find(step) != std::string_view::npos) return false;
  return !text.ends_with("/.") && !text.ends_with("/..");
}

bool labels(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  return !text.empty() && text.front() != '.' && text.find("..") == std::string_view::npos &&
         text.back() != '.' &&
         all(text, [](char c) { return alnum(c) || c == '-' || c == '_' || c == '.'; });
}

bool bracketed(std::string_view text) {
  return text.size() >= 4 && text.front() == '[' && text.back() == ']' &&
         all(text.substr(1, text.size() - 2), [](char c) {
           return c == ':' || c == '.' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
                  (c >= 'A' && c <= 'F');
         });
}

bool host_pattern(std::string_view text) {
  if (text.starts_with("*.")) return labels(text.substr(2));
  return labels(text) || bracketed(text);
}

bool host_header(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && !text.ends_with(']')) {
    const std::string_view port = text.substr(colon + 1);
    if (port.empty() || port.size() > 5 || !all(port, [](char c) { return c >= '0' && c <= '9'; }))
      return false;
    text = text.substr(0, colon);
  }
  return labels(text) || bracketed(text);
}

bool log_target(std::string_view text) {
  return text == "none" || text == "stdout" ||
         (text.starts_with('/') && !text.ends_with('/') &&
          all(text, [](char c) { return c > 0x20 && c < 0x7f; }));
}

}  // namespace

const TextRule kName = {name, "^[A-Za-z_][A-Za-z0-9_.-]*$",
                        "a name of letters, digits, _, - and ., not beginning with a digit", 64};
const TextRule kTenantName = {
    tenant_name,
    "^[^\\u0000-\\u0020\\u007f]([^\\u0000-\\u001f\\u007f]*"
    "[^\\u0000-\\u0020\\u007f])?$",
    "a name without control characters, not beginning or ending with a space", 256};
const TextRule kToken = {token, "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", "a field name such as x-tenant",
                         128};
const TextRule kMethod = {method, "^[A-Z0-9!#$%&'*+.^_`|~-]+$",
                          "a method in upper case, such as GET", 32};
const TextRule kQueryName = {query_name, "^[!\"$%'-<>-~]+$", "a parameter's name", 128};
const TextRule kHeaderValue = {header_value, "^[!-~]([ -~]*[!-~])?$",
                               "a field value in visible ASCII", 1024};
const TextRule kUrlPath = {
    url_path, "^(?!.*(//|/\\./|/\\.\\./))(?!.*/\\.\\.?$)/[^\\u0000-\\u0020?#\\u007f]*$",
    "a path that begins with /, without ?, # and spaces, and without empty, . or .. segments",
    1024};
const TextRule kHostPattern = {
    host_pattern, "^((\\*\\.)?[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*\\.?|\\[[0-9A-Fa-f:.]{2,}\\])$",
    "a host such as example.com or \"*.example.com\", without a port", 253};
const TextRule kHostHeader = {
    host_header, "^([A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*\\.?|\\[[0-9A-Fa-f:.]{2,}\\])(:[0-9]{1,5})?$",
    "preserve, or a host such as app.local or app.local:3000", 253};

const TextRule kLogTarget = {log_target, "^(none|stdout|/[!-~]*[!-.0-~])$",
                             "none, stdout, or a file's whole path such as /var/log/weir.json",
                             1024};

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

}  // namespace weir
