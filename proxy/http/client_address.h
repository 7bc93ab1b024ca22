// Who a request comes from: the socket's peer, or whom trusted proxies name in X-Forwarded-For.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <sys/socket.h>
#include <vector>

#include "config/snapshot.h"
#include "proxy/http/head.h"

namespace weir {

// An IP address; IPv4 as IPv4-mapped IPv6. A peer on a Unix socket has none.
struct ClientAddress {
  std::array<std::uint8_t, 16> bytes{};
  bool known = false;

  static ClientAddress of(const sockaddr_storage& peer);
  static std::optional<ClientAddress> parse(std::string_view text);

  bool is_v4() const;
  // As text, without brackets; `room` holds it.
  std::string_view text(std::array<char, 46>& room) const;
  // What stands for one client: the address, of IPv6 the /64.
  std::string_view identity() const {
    return {reinterpret_cast<const char*>(bytes.data()), is_v4() ? std::size_t{16} : 8};
  }
};

bool contains(const Cidr& range, const ClientAddress& address);
bool is_trusted(const std::vector<Cidr>& trusted, const ClientAddress& address);

// Elements of X-Forwarded-For that are looked at in one request, from the last one on.
inline constexpr std::size_t kMaxForwarded = 64;

// From the right: the first address that is no trusted proxy's.
ClientAddress named_client(const ClientAddress& peer, const Head& head,
                           const std::vector<Cidr>& trusted);
inline ClientAddress effective_client(const ClientAddress& peer, const Head& head,
                                      const std::vector<Cidr>& trusted) {
  return trusted.empty() ? peer : named_client(peer, head, trusted);
}

}  // namespace weir
