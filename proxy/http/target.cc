#include "proxy/http/target.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <netinet/in.h>

#include "proxy/http/characters.h"

namespace weir {

namespace {

// pct-encoded = "%" HEXDIG HEXDIG
bool is_escape(std::string_view text) {
  return text.size() >= 3 && text[0] == '%' && hex_value(text[1]) >= 0 && hex_value(text[2]) >= 0;
}

// How far a reg-name goes (RFC 3986 §3.2.2), from `size` on, where its first escape may be.
[[gnu::noinline]] std::size_t escaped_length(std::string_view text, std::size_t size) {
  while (size != text.size()) {
    if (is_in_class(text[size], character_class::kHost)) {
      ++size;
    } else if (is_escape(text.substr(size))) {
      size += 3;
    } else {
      break;
    }
  }
  return size;
}

// IPv6address / IPvFuture, without the brackets (RFC 3986 §3.2.2).
[[gnu::noinline]] bool is_ip_literal(std::string_view text) {
  if (text.starts_with('v') || text.starts_with('V')) {
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos || dot < 2 || dot + 1 == text.size()) return false;
    const std::string_view address = text.substr(dot + 1);
    return std::ranges::all_of(text.substr(1, dot - 1), [](char c) { return hex_value(c) >= 0; }) &&
           std::ranges::all_of(
               address, [](char c) { return c == ':' || is_in_class(c, character_class::kHost); });
  }
  std::array<char, INET6_ADDRSTRLEN> room;
  if (text.size() >= room.size()) return false;
  *std::ranges::copy(text, room.begin()).out = '\0';
  in6_addr address;
  return inet_pton(AF_INET6, room.data(), &address) == 1;
}

// The length of the host in front of ":port"; npos if it is none.
std::size_t host_length(std::string_view authority) {
  if (!authority.starts_with('[')) {
    const auto end = std::ranges::find_if_not(
        authority, [](char c) { return is_in_class(c, character_class::kHost); });
    const auto size = static_cast<std::size_t>(end - authority.begin());
    return end != authority.end() && *end == '%' ? escaped_length(authority, size) : size;
  }
  const std::size_t close = authority.find(']');
  if (close == std::string_view::npos) return std::string_view::npos;
  return is_ip_literal(authority.substr(1, close - 1)) ? close + 1 : std::string_view::npos;
}

// uri-host [ ":" port ], not empty.
bool split_authority(std::string_view authority, std::string_view& host) {
  const std::size_t length = host_length(authority);
  if (length == std::string_view::npos || length == 0) return false;
  host = authority.substr(0, length);
  const std::string_view port = authority.substr(length);
  if (port.empty()) return true;
  if (port[0] != ':' || port.size() > 6) return false;
  for (const char c : port.substr(1)) {
    if (!is_digit(c)) return false;
  }
  return port.size() < 6 || port <= ":65535";
}

bool same_authority(std::string_view a, std::string_view b, std::string_view default_port) {
  for (std::string_view* each : {&a, &b}) {
    // An empty port is the default one, too (RFC 3986 §3.2.3).
    if (each->ends_with(default_port)) each->remove_suffix(default_port.size());
    if (each->ends_with(':')) each->remove_suffix(1);
  }
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

MessageError read_host(const Head& head, Target& target) {
  if (head.has_several(FieldId::host)) return MessageError::duplicate_host;
  if (!head.has(FieldId::host)) {
    return head.minor == 0 ? MessageError::none : MessageError::missing_host;
  }
  target.authority = head.value(FieldId::host);
  return split_authority(target.authority, target.host) ? MessageError::none
                                                        : MessageError::bad_host;
}

MessageError read_absolute(const Head& head, std::string_view whole, Target& target) {
  std::string_view authority;
  std::string_view host;
  bool secure = false;
  if (!split_absolute(whole, authority, target.origin, secure)) return MessageError::bad_target;
  if (!split_authority(authority, host)) return MessageError::bad_target;
  const std::string_view port = secure ? ":443" : ":80";
  if (head.has(FieldId::host) && !same_authority(authority, target.authority, port)) {
    return MessageError::host_mismatch;
  }
  if (authority.ends_with(':')) authority.remove_suffix(1);
  target.authority = authority;
  target.host = host;
  return MessageError::none;
}

}  // namespace

MessageError read_target(const Head& head, Target& target, bool allow_trace) {
  target = {};
  if (head.method_text() == "CONNECT") return MessageError::connect_method;
  if (!allow_trace && head.method_text() == "TRACE") return MessageError::trace_method;
  if (const MessageError bad = read_host(head, target); bad != MessageError::none) return bad;
  const std::string_view whole = head.target_text();
  if (whole == "*") {
    if (head.method_text() != "OPTIONS") return MessageError::bad_target;
    target.path = target.origin = whole;
    return MessageError::none;
  }
  if (whole[0] == '/') {
    target.origin = whole;
  } else if (const MessageError bad = read_absolute(head, whole, target);
             bad != MessageError::none) {
    return bad;
  }
  const std::size_t question = target.origin.find('?');
  target.path = target.origin.substr(0, question);
  if (question != std::string_view::npos) target.query = target.origin.substr(question + 1);
  return MessageError::none;
}

}  // namespace weir
