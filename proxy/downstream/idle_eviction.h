// Which idle connections give way when limits.max_connections are open.
//
// Those of the busiest address (of IPv6, the /64), the ones that have been idle for longest first;
// then those of it that have sent only a part of a head, or owe the rest of a request that was
// answered; then those of the next address. One look goes over all the worker's connections, so it
// closes an eighth of what could go, and kEvictAtOnce at most: the next newcomers need none.
//
// Thread: the worker's.
#pragma once

#include <cstddef>

namespace weir {

class DownstreamConnection;

inline constexpr std::size_t kEvictAtOnce = 64;

// `first`: of the worker's list. Returns how many were closed.
std::size_t evict_idle(DownstreamConnection* first);

}  // namespace weir
