#include "config/address_index.h"

#include <algorithm>
#include <functional>
#include <string_view>

namespace weir {

std::size_t AddressIndex::Hash::operator()(const Entry& entry) const {
  const std::string_view bytes(reinterpret_cast<const char*>(entry.address.data()),
                               entry.address.size());
  return std::hash<std::string_view>{}(bytes)*131 + entry.prefix;
}

std::array<std::uint8_t, 16> AddressIndex::masked(const std::array<std::uint8_t, 16>& address,
                                                  std::uint8_t prefix) {
  std::array<std::uint8_t, 16> out{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int bits = std::clamp(static_cast<int>(prefix) - static_cast<int>(i) * 8, 0, 8);
    out[i] = address[i] & static_cast<std::uint8_t>(0xff00U >> bits);
  }
  return out;
}

bool AddressIndex::add(const Cidr& range, const Tenant& tenant) {
  const auto prefix = static_cast<std::uint8_t>(range.prefix);
  const auto place = std::lower_bound(lengths_.begin(), lengths_.end(), prefix, std::greater<>());
  if (place == lengths_.end() || *place != prefix) lengths_.insert(place, prefix);
  return entries_.emplace(Entry{masked(range.address, prefix), prefix}, &tenant).second;
}

const Tenant* AddressIndex::find(const std::array<std::uint8_t, 16>& address) const {
  for (const std::uint8_t prefix : lengths_) {
    const auto found = entries_.find(Entry{masked(address, prefix), prefix});
    if (found != entries_.end()) return found->second;
  }
  return nullptr;
}

}  // namespace weir
