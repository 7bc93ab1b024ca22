// Which idle connections give way when limits.max_connections are open.
//
// Those of the busiest address (of IPv6, the /64), the ones that have been idle for longest first;
// if none of it is idle, those that have sent only a part of a head. One look goes over all the
// worker's connections, so it closes a few at once: the next newcomers need none.
//
// Thread: the worker's.
#pragma once

#include <cstddef>

namespace weir {

class ClientConnection;

inline constexpr std::size_t kEvictAtOnce = 64;

// `first`: of the worker's list. Returns how many were closed.
std::size_t evict_idle(ClientConnection* first);

}  // namespace weir
