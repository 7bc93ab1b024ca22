// File descriptors: how many there may be, and what that leaves for connections.
#pragma once

#include <cstdint>

namespace weir {

// Raises the soft limit to the hard one. Returns the limit in force.
std::int64_t raise_descriptor_limit();

// How many client connections `limit` descriptors leave beside weir's own (listeners, loops, admin,
// logs) and `upstream` connections (tunnels' too), which get at most half of what is left:
// `wanted`, or fewer with a warning; at least 1.
std::int64_t clamp_connections(std::int64_t wanted, std::int64_t upstream, std::int64_t workers,
                               std::int64_t limit);

}  // namespace weir
