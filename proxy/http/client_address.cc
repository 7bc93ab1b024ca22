#include "proxy/http/client_address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <netinet/in.h>

namespace weir {

namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

ClientAddress mapped(const void* v4) {
  ClientAddress address;
  std::copy(kMapped.begin(), kMapped.end(), address.bytes.begin());
  std::memcpy(address.bytes.data() + 12, v4, 4);
  address.known = true;
  return address;
}

// Without a port and brackets, as some proxies add them.
std::string_view strip_port(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    return close == std::string_view::npos ? std::string_view{} : text.substr(1, close - 1);
  }
  const std::size_t colon = text.find(':');
  const bool one_colon = colon != std::string_view::npos && text.find(':', colon + 1) == text.npos;
  return one_colon ? text.substr(0, colon) : text;
}

// The decimal digits of each byte, a dot behind them, and how many these are together.
struct Decimal {
  char digits[4];
  std::uint8_t size;
};
constexpr auto kDecimals = [] {
  std::array<Decimal, 256> decimals{};
  for (unsigned n = 0; n < decimals.size(); ++n) {
    Decimal& decimal = decimals[n];
    if (n >= 100) decimal.digits[decimal.size++] = static_cast<char>('0' + n / 100);
    if (n >= 10) decimal.digits[decimal.size++] = static_cast<char>('0' + n / 10 % 10);
    decimal.digits[decimal.size++] = static_cast<char>('0' + n % 10);
    decimal.digits[decimal.size++] = '.';
  }
  return decimals;
}();

}  // namespace

ClientAddress ClientAddress::of(const sockaddr_storage& peer) {
  if (peer.ss_family == AF_INET) {
    return mapped(&reinterpret_cast<const sockaddr_in&>(peer).sin_addr);
  }
  ClientAddress address;
  if (peer.ss_family == AF_INET6) {
    std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr, 16);
    address.known = true;
  }
  return address;
}

std::optional<ClientAddress> ClientAddress::parse(std::string_view text) {
  text = strip_port(text);
  char room[INET6_ADDRSTRLEN];
  if (text.empty() || text.size() >= sizeof room) return std::nullopt;
  std::memcpy(room, text.data(), text.size());
  room[text.size()] = '\0';
  in_addr v4{};
  if (inet_pton(AF_INET, room, &v4) == 1) return mapped(&v4);
  ClientAddress address;
  if (inet_pton(AF_INET6, room, address.bytes.data()) != 1) return std::nullopt;
  address.known = true;
  return address;
}

bool ClientAddress::is_v4() const {
  return std::equal(kMapped.begin(), kMapped.end(), bytes.begin());
}

std::string_view ClientAddress::text(std::array<char, 46>& room) const {
  if (!known) return {};
  if (!is_v4()) {
    inet_ntop(AF_INET6, bytes.data(), room.data(), static_cast<socklen_t>(room.size()));
    return room.data();
  }
  char* at = room.data();
  for (std::size_t i = 12; i < 16; ++i) {
    const Decimal& decimal = kDecimals[bytes[i]];
    std::memcpy(at, decimal.digits, sizeof decimal.digits);
    at += decimal.size;
  }
  return {room.data(), static_cast<std::size_t>(at - room.data()) - 1};
}

bool contains(const Cidr& range, const ClientAddress& address) {
  if (!address.known) return false;
  const std::size_t whole = range.prefix / 8;
  if (!std::equal(range.address.begin(), range.address.begin() + static_cast<std::ptrdiff_t>(whole),
                  address.bytes.begin())) {
    return false;
  }
  const unsigned rest = range.prefix % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff00U >> rest);
  return (range.address[whole] & mask) == (address.bytes[whole] & mask);
}

bool is_trusted(const std::vector<Cidr>& trusted, const ClientAddress& address) {
  return std::ranges::any_of(trusted, [&](const Cidr& range) { return contains(range, address); });
}

ClientAddress named_client(const ClientAddress& peer, const Head& head,
                           const std::vector<Cidr>& trusted) {
  ClientAddress client = peer;
  if (!is_trusted(trusted, peer)) return client;
  std::size_t elements = kMaxForwarded;
  for (auto line = head.fields.rbegin(); line != head.fields.rend(); ++line) {
    if (line->id != FieldId::x_forwarded_for) continue;
    std::string_view list = head.text(line->value);
    while (!list.empty() && elements != 0) {
      --elements;
      const std::size_t comma = list.rfind(',');
      const bool last = comma == std::string_view::npos;
      const std::string_view element = trim_blanks(last ? list : list.substr(comma + 1));
      list = last ? std::string_view{} : list.substr(0, comma);
      if (element.empty()) continue;  // RFC 9110 §5.6.1.2
      const auto hop = ClientAddress::parse(element);
      if (!hop) return client;
      client = *hop;
      if (!is_trusted(trusted, client)) return client;
    }
  }
  return client;
}

}  // namespace weir
