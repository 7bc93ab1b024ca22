// Finds a tenant by a client's address: the entry with the longest range that has it.
//
// One hash table over (range, prefix length), and the lengths that there are, longest first: a
// look-up costs one probe a length, at most 129. Immutable once built.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "config/endpoint.h"

namespace weir {

struct Tenant;

class AddressIndex {
 public:
  // IPv4 as IPv4-mapped IPv6, as Cidr has it. False: this very range is there already.
  bool add(const Cidr& range, const Tenant& tenant);
  const Tenant* find(const std::array<std::uint8_t, 16>& address) const;

 private:
  struct Entry {
    std::array<std::uint8_t, 16> address;
    std::uint8_t prefix;
    bool operator==(const Entry&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Entry& entry) const;
  };
  static std::array<std::uint8_t, 16> masked(const std::array<std::uint8_t, 16>& address,
                                             std::uint8_t prefix);

  std::unordered_map<Entry, const Tenant*, Hash> entries_;
  std::vector<std::uint8_t> lengths_;  // longest first
};

}  // namespace weir
