// Finds a tenant by its name, which any client may send.
//
// Open addressing over the configured names alone, less than half full: a name that is none of them
// costs its hash and a few places at most, whatever clients make up. Immutable once built.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "filters/tenant.h"

namespace weir {

class TenantIndex {
 public:
  // Of all `tenants` but "*". They must stay where they are; no two have the same name.
  void build(const std::vector<Tenant>& tenants, std::uint64_t secret);
  // Null: there is none of that name.
  const Tenant* find(std::string_view name) const;
  // The most places in a row that are taken: what a look-up looks at, at worst.
  std::size_t longest_run() const;

 private:
  struct Place {
    const Tenant* tenant = nullptr;  // null: free
    std::uint64_t hash = 0;
  };
  std::uint64_t hash(std::string_view name) const;
  // Where a name of this hash stands, or the first of the places behind that are taken.
  std::size_t first(std::uint64_t hash) const { return hash >> shift_; }
  std::size_t next(std::size_t at) const { return (at + 1) & (places_.size() - 1); }

  std::uint64_t secret_ = 0;
  std::vector<Place> places_ = std::vector<Place>(2);  // a power of two
  unsigned shift_ = 63;                                // a hash without its bits for the place
};

}  // namespace weir
