#include "config/tenant_index.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace weir {

void TenantIndex::build(const std::vector<Tenant>& tenants, std::uint64_t secret) {
  secret_ = secret;
  places_.assign(std::bit_ceil(2 * tenants.size() + 2), {});
  shift_ = 64 - static_cast<unsigned>(std::countr_zero(places_.size()));
  for (const Tenant& tenant : tenants) {
    if (tenant.is_wildcard) continue;
    const std::uint64_t hash = this->hash(tenant.name);
    std::size_t at = first(hash);
    while (places_[at].tenant != nullptr) at = next(at);
    places_[at] = {&tenant, hash};
  }
}

const Tenant* TenantIndex::find(std::string_view name) const {
  const std::uint64_t hash = this->hash(name);
  for (std::size_t at = first(hash);; at = next(at)) {
    const Place& place = places_[at];
    if (place.tenant == nullptr) return nullptr;
    if (place.hash == hash && place.tenant->name == name) return place.tenant;
  }
}

std::size_t TenantIndex::longest_run() const {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (std::size_t i = 0; i < 2 * places_.size(); ++i) {  // a run may go round
    run = places_[i % places_.size()].tenant != nullptr ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

// A word at a time, the last one from the end on, and the size. Of a product only the upper bits
// depend on all of the word, so they are folded down each time, and are what says the place.
std::uint64_t TenantIndex::hash(std::string_view name) const {
  std::uint64_t hash = secret_;
  const auto mix = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 32;
  };
  const auto mix_word = [&mix](const char* at) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    mix(word);
  };
  if (name.size() < 8) {
    for (const char c : name) mix(static_cast<std::uint8_t>(c));
  } else {
    const char* const last = name.data() + name.size() - 8;
    for (const char* at = name.data(); at < last; at += 8) mix_word(at);
    mix_word(last);
  }
  mix(name.size());
  return hash;
}

}  // namespace weir
