// How many of something each holder has, held to a bound: connections (behind trusted proxies:
// requests) of a client address for limits.max_connections_per_client, tunnels of a tenant for
// upgrades.max_per_tenant. Exact for all workers together.
//
// Owner: SharedState. Threads: any; its own mutex is held for a probe, and for as long as a
// rebuilding takes when the holders have become twice as many, or an eighth. No allocation besides.
//
// Bound: 16 bytes a place, at most four places for each holder that has something counted, and
// those are never more than there are connections and requests. A holder is known by 63 bits of
// a keyed hash, so that nobody can aim at the table, and two share a count once in 2^63 pairs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <vector>

namespace weir {

class HolderCounts {
 public:
  HolderCounts();  // with a secret of its own, out of the system's randomness

  // Counts one more of this holder, unless it has `most` already: what to give back by, or 0.
  std::uint64_t add(std::string_view holder, std::int64_t most);
  void remove(std::uint64_t counted);

  std::size_t places() const;

 private:
  struct Place {
    std::uint64_t holder = 0;  // 0: free
    std::int64_t count = 0;
  };
  static constexpr std::size_t kFewest = 64;

  std::size_t find(std::uint64_t holder) const;
  void vacate(std::size_t at);
  void rebuild(std::size_t places);

  std::array<std::uint64_t, 2> secret_;
  mutable std::mutex mutex_;
  std::vector<Place> places_;  // a power of two of them, probed in a row
  std::size_t used_ = 0;
};

}  // namespace weir
