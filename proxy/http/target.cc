#include "proxy/http/target.h"

#include <algorithm>

#include "proxy/http/characters.h"

namespace weir {

namespace {

// The length of the host in front of ":port"; npos if it is none.
std::size_t host_length(std::string_view authority) {
  if (!authority.starts_with('[')) {
    const auto end = std::ranges::find_if_not(
        authority, [](char c) { return is_in_class(c, character_class::kHost); });
    return static_cast<std::size_t>(end - authority.begin());
  }
  const std::size_t close = authority.find(']');
  if (close == std::string_view::npos || close == 1) return std::string_view::npos;
  for (const char c : authority.substr(1, close - 1)) {
    if (hex_value(c) < 0 && c != ':' && c != '.' && c != 'v') return std::string_view::npos;
  }
  return close + 1;
}

// uri-host [ ":" port ], not empty. Underscores and percent signs are seen in the wild.
bool split_authority(std::string_view authority, std::string_view& host) {
  const std::size_t length = host_length(authority);
  if (length == std::string_view::npos || length == 0) return false;
  host = authority.substr(0, length);
  const std::string_view port = authority.substr(length);
  if (port.empty()) return true;
  if (port[0] != ':' || port.size() > 6) return false;
  unsigned number = 0;
  for (const char c : port.substr(1)) {
    if (!is_digit(c)) return false;
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  return number <= 65'535;
}

bool same_authority(std::string_view a, std::string_view b, std::string_view default_port) {
  if (a.ends_with(default_port)) a.remove_suffix(default_port.size());
  if (b.ends_with(default_port)) b.remove_suffix(default_port.size());
  return equals_ignoring_case(a, b);
}

// The authority of an absolute-form target, and its path as `rest`; false for other forms.
bool split_absolute(std::string_view target, std::string_view& authority, std::string_view& rest,
                    bool& secure) {
  const std::size_t scheme = target.find("://");
  if (scheme == std::string_view::npos) return false;
  secure = equals_ignoring_case(target.substr(0, scheme), "https");
  if (!secure && !equals_ignoring_case(target.substr(0, scheme), "http")) return false;
  target.remove_prefix(scheme + 3);
  const std::size_t end = std::min(target.find_first_of("/?"), target.size());
  authority = target.substr(0, end);
  rest = target.substr(end);
  return true;
}

BadRequest read_host(const Head& head, Target& target) {
  if (head.has_several(FieldId::host)) return BadRequest::duplicate_host;
  if (!head.has(FieldId::host)) {
    return head.minor == 0 ? BadRequest::none : BadRequest::missing_host;
  }
  target.authority = head.value(FieldId::host);
  return split_authority(target.authority, target.host) ? BadRequest::none : BadRequest::bad_host;
}

BadRequest read_absolute(const Head& head, std::string_view whole, Target& target) {
  std::string_view authority;
  std::string_view host;
  bool secure = false;
  if (!split_absolute(whole, authority, target.origin, secure)) return BadRequest::bad_target;
  if (!split_authority(authority, host)) return BadRequest::bad_target;
  const std::string_view port = secure ? ":443" : ":80";
  if (head.has(FieldId::host) && !same_authority(authority, target.authority, port)) {
    return BadRequest::host_mismatch;
  }
  target.authority = authority;
  target.host = host;
  return BadRequest::none;
}

}  // namespace

BadRequest read_target(const Head& head, Target& target, bool allow_trace) {
  target = {};
  if (head.method_text() == "CONNECT") return BadRequest::connect_method;
  if (!allow_trace && head.method_text() == "TRACE") return BadRequest::trace_method;
  if (const BadRequest bad = read_host(head, target); bad != BadRequest::none) return bad;
  const std::string_view whole = head.target_text();
  if (whole == "*") {
    if (head.method_text() != "OPTIONS") return BadRequest::bad_target;
    target.path = target.origin = whole;
    return BadRequest::none;
  }
  if (whole[0] == '/') {
    target.origin = whole;
  } else if (const BadRequest bad = read_absolute(head, whole, target); bad != BadRequest::none) {
    return bad;
  }
  const std::size_t question = target.origin.find('?');
  target.path = target.origin.substr(0, question);
  if (question != std::string_view::npos) target.query = target.origin.substr(question + 1);
  return BadRequest::none;
}

}  // namespace weir
