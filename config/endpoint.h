// Addresses as the configuration writes them: endpoints to listen on and to connect to, and ranges.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/result.h"

namespace weir {

// An address to listen on or to connect to.
struct Endpoint {
  enum class Kind : std::uint8_t { ip, name, unix_socket };
  Kind kind = Kind::ip;
  std::string host;            // an IP literal without brackets, a name, or a path
  std::uint16_t port = 0;      // listening: 0 = any free one
  bool both_families = false;  // ":8080": IPv6 and IPv4
  std::string text;            // as it stood in the config
};

// An address range, for trusted_proxies. IPv4 as IPv4-mapped IPv6.
struct Cidr {
  std::array<std::uint8_t, 16> address{};
  std::uint8_t prefix = 128;
};

// What an endpoint is for, which decides what it may look like.
enum class EndpointUse : std::uint8_t {
  listen,   // 127.0.0.1:8080  [::1]:8080  :8080  unix:/path; port 0 is any free one; no names
  admin,    // the same without unix:
  connect,  // 127.0.0.1:3000  [::1]:3000  app.local:3000  unix:/path
};

Result<Endpoint> parse_endpoint(std::string_view text, EndpointUse use);

// 10.0.0.0/8, fd00::/8; a lone address is a range of one. Bits beyond the prefix are cleared.
Result<Cidr> parse_cidr(std::string_view text);
std::string to_string(const Cidr& cidr);

// Whether two of them would meet: a listener and a listener, or a listener and what weir calls.
bool same_place(const Endpoint& a, const Endpoint& b);

}  // namespace weir
