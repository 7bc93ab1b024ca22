#include "proxy/context/holder_counts.h"

#include <sys/random.h>
#include <utility>

#include "filters/siphash.h"

namespace weir {

HolderCounts::HolderCounts() : places_(kFewest) {
  secret_ = {reinterpret_cast<std::uintptr_t>(this), 0};
  [[maybe_unused]] const ssize_t got = getrandom(secret_.data(), sizeof secret_, 0);
}

std::uint64_t HolderCounts::add(std::string_view holder, std::int64_t most) {
  const std::uint64_t hash = siphash(secret_, holder) | 1;
  const std::lock_guard lock(mutex_);
  std::size_t at = find(hash);
  if (places_[at].count >= most) return 0;
  if (places_[at].count == 0) {
    if (2 * (used_ + 1) > places_.size()) {
      rebuild(2 * places_.size());
      at = find(hash);
    }
    places_[at].holder = hash;
    ++used_;
  }
  ++places_[at].count;
  return hash;
}

void HolderCounts::remove(std::uint64_t counted) {
  const std::lock_guard lock(mutex_);
  const std::size_t at = find(counted);
  if (places_[at].count == 0 || --places_[at].count != 0) return;
  vacate(at);
  --used_;
  if (places_.size() > kFewest && 8 * used_ < places_.size()) rebuild(places_.size() / 2);
}

std::size_t HolderCounts::places() const {
  const std::lock_guard lock(mutex_);
  return places_.size();
}

// Its place, or the free one where it would stand.
std::size_t HolderCounts::find(std::uint64_t holder) const {
  const std::size_t mask = places_.size() - 1;
  std::size_t at = (holder >> 1) & mask;
  while (places_[at].holder != 0 && places_[at].holder != holder) at = (at + 1) & mask;
  return at;
}

// Whoever stands behind it in the row and could stand nearer to its own place moves up.
void HolderCounts::vacate(std::size_t at) {
  const std::size_t mask = places_.size() - 1;
  std::size_t hole = at;
  for (std::size_t next = (hole + 1) & mask; places_[next].holder != 0; next = (next + 1) & mask) {
    const std::size_t own = (places_[next].holder >> 1) & mask;
    if (((next - own) & mask) < ((next - hole) & mask)) continue;
    places_[hole] = places_[next];
    hole = next;
  }
  places_[hole] = {};
}

void HolderCounts::rebuild(std::size_t places) {
  const std::vector<Place> old = std::exchange(places_, std::vector<Place>(places));
  for (const Place& place : old) {
    if (place.holder != 0) places_[find(place.holder)] = place;
  }
}

}  // namespace weir
