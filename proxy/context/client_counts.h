// How many connections (behind trusted proxies: requests) each client address has: the table behind
// limits.max_connections_per_client, exact for all workers together.
//
// Owner: SharedState. Threads: any; its own mutex is held for a probe, and for as long as a
// rebuilding takes when the clients have become twice as many, or an eighth. No allocation besides.
//
// Bound: 16 bytes a place, at most four places for each address that has something counted, and
// those are never more than there are connections and requests. An address is known by 63 bits of
// a keyed hash, so that nobody can aim at the table, and two share a count once in 2^63 pairs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "proxy/http/client_address.h"

namespace weir {

class ClientCounts {
 public:
  ClientCounts();  // with a secret of its own, out of the system's randomness

  // Counts one more of this client, unless it has `most` already: what to give back by, or 0.
  std::uint64_t add(const ClientAddress& client, std::int64_t most);
  void remove(std::uint64_t counted);

  std::size_t places() const;

 private:
  struct Place {
    std::uint64_t client = 0;  // 0: free
    std::int64_t count = 0;
  };
  static constexpr std::size_t kFewest = 64;

  std::size_t find(std::uint64_t client) const;
  void vacate(std::size_t at);
  void rebuild(std::size_t places);

  std::array<std::uint64_t, 2> secret_;
  mutable std::mutex mutex_;
  std::vector<Place> places_;  // a power of two of them, probed in a row
  std::size_t used_ = 0;
};

}  // namespace weir
