#include "config/endpoint.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cctype>
#include <cstring>
#include <sys/un.h>

#include "config/report.h"
#include "config/units.h"

namespace weir {
namespace {

using R = Result<Endpoint>;

bool is_ipv4(const std::string& text) {
  in_addr out{};
  return inet_pton(AF_INET, text.c_str(), &out) == 1;
}

bool is_ipv6(const std::string& text) {
  in6_addr out{};
  return inet_pton(AF_INET6, text.c_str(), &out) == 1;
}

bool looks_like_ipv4(std::string_view host) {
  return std::all_of(host.begin(), host.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0 || c == '.'; });
}

// Letters, digits, hyphens and underscores in labels of at most 63 (RFC 1123, and what Docker
// does).
bool is_host_name(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.empty() || host.size() > 253) return false;
  std::size_t label = 0;
  for (const unsigned char c : host) {
    if (c == '.') {
      if (label == 0) return false;
      label = 0;
    } else if ((std::isalnum(c) == 0 && c != '-' && c != '_') || ++label > 63) {
      return false;
    }
  }
  return label > 0;
}

std::string_view examples(EndpointUse use) {
  switch (use) {
    case EndpointUse::listen:
      return "an address such as 0.0.0.0:8080, \"[::]:8080\", :8080 or unix:/run/weir.sock";
    case EndpointUse::admin: return "an address such as 127.0.0.1:9901 or \"[::1]:9901\"";
    case EndpointUse::connect: break;
  }
  return "an address such as 127.0.0.1:3000, \"[::1]:3000\", app.local:3000 or unix:/run/app.sock";
}

R refuse(std::string_view text, EndpointUse use, const std::string& why = {}) {
  return R::failed("found " + quoted(text) + (why.empty() ? "" : " (" + why + ")") + ", expected " +
                   std::string(examples(use)));
}

R refuse_scheme(std::string_view text, EndpointUse use) {
  const std::string_view scheme = text.substr(0, text.find("://") + 3);
  const bool tls = scheme == "https://" || scheme == "wss://";
  const char* const plain = use == EndpointUse::connect
                                ? "; weir speaks plain HTTP to the service, so name its HTTP port"
                                : "; weir speaks plain HTTP here, so put it behind what ends TLS";
  return R::failed("remove the scheme " + quoted(scheme) + (tls ? plain : ""));
}

R parse_unix(std::string_view text, EndpointUse use) {
  Endpoint out;
  out.kind = Endpoint::Kind::unix_socket;
  out.host = text.substr(5);
  out.text = text;
  if (use == EndpointUse::admin) return refuse(text, use, "no Unix socket here");
  if (!out.host.starts_with('/')) return refuse(text, use, "the path must begin with /");
  if (out.host.size() >= sizeof(sockaddr_un{}.sun_path))
    return refuse(text, use, "a socket's path has at most 107 bytes");
  return R::ok(std::move(out));
}

// Fills in kind, host and both_families; an error is a reason in brackets.
std::string set_host(Endpoint& out, std::string_view host, bool bracketed, EndpointUse use) {
  const bool listening = use != EndpointUse::connect;
  out.host = host;
  if (bracketed) return is_ipv6(out.host) ? "" : "not an IPv6 address";
  if (host.empty()) {
    if (!listening) return "no host before the colon";
    out.both_families = true;
    out.host = "::";
    return {};
  }
  if (host == "*" && listening) return "for all addresses leave the host out: \":8080\"";
  if (host.find(':') != std::string_view::npos) return "an IPv6 address needs brackets";
  if (is_ipv4(out.host)) return {};
  if (looks_like_ipv4(host)) return "not an IPv4 address";
  if (!is_host_name(host)) return "not a host name";
  if (listening) return "an address is needed here, not a name";
  out.kind = Endpoint::Kind::name;
  return {};
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text, EndpointUse use) {
  if (text.starts_with("unix:")) return parse_unix(text, use);
  if (text.find("://") != std::string_view::npos) return refuse_scheme(text, use);
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.ends_with(']')) return refuse(text, use, "no port");
  Endpoint out;
  out.text = text;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (std::string why = set_host(out, host, bracketed, use); !why.empty())
    return refuse(text, use, why);
  const Result<std::int64_t> port = parse_integer(text.substr(colon + 1));
  const std::int64_t least = use == EndpointUse::connect ? 1 : 0;
  if (!port || *port < least || *port > 65'535)
    return refuse(text, use, "the port must be " + std::to_string(least) + " to 65535");
  out.port = static_cast<std::uint16_t>(*port);
  return R::ok(std::move(out));
}

Result<Cidr> parse_cidr(std::string_view text) {
  using C = Result<Cidr>;
  const auto refuse_range = [&] {
    return C::failed("found " + quoted(text) +
                     ", expected an address range such as 10.0.0.0/8 or fd00::/8");
  };
  const std::size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  Cidr out;
  const bool v4 = is_ipv4(address);
  if (v4) {
    out.address[10] = out.address[11] = 0xff;
    inet_pton(AF_INET, address.c_str(), out.address.data() + 12);
  } else if (inet_pton(AF_INET6, address.c_str(), out.address.data()) != 1) {
    return refuse_range();
  }
  std::int64_t bits = v4 ? 32 : 128;
  if (slash != std::string_view::npos) {
    const Result<std::int64_t> given = parse_integer(text.substr(slash + 1));
    if (!given || *given < 0 || *given > bits) return refuse_range();
    bits = *given;
  }
  out.prefix = static_cast<std::uint8_t>(v4 ? bits + 96 : bits);
  for (std::size_t i = 0; i < 128; ++i)
    if (i >= out.prefix) out.address[i / 8] &= static_cast<std::uint8_t>(~(0x80U >> (i % 8)));
  return C::ok(out);
}

std::string to_string(const Cidr& cidr) {
  const std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const bool v4 =
      cidr.prefix >= 96 && std::equal(mapped.begin(), mapped.end(), cidr.address.begin());
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(v4 ? AF_INET : AF_INET6, cidr.address.data() + (v4 ? 12 : 0), text, sizeof text);
  return std::string(text) + "/" + std::to_string(v4 ? cidr.prefix - 96 : cidr.prefix);
}

bool same_place(const Endpoint& a, const Endpoint& b) {
  if (a.kind == Endpoint::Kind::unix_socket || b.kind == Endpoint::Kind::unix_socket)
    return a.kind == b.kind && a.host == b.host;
  if (a.port != b.port || a.port == 0) return false;
  const auto any = [](const Endpoint& e) { return e.host == "0.0.0.0" || e.host == "::"; };
  const auto local = [](const Endpoint& e) {
    return e.host == "localhost" || e.host == "::1" || e.host.starts_with("127.");
  };
  if (a.host == b.host) return true;
  return (any(a) && (any(b) || local(b))) || (any(b) && local(a)) ||
         (a.host == "localhost" && local(b)) || (b.host == "localhost" && local(a));
}

}  // namespace weir
