// A service's addresses and the idle connections to it. Snapshots that name the same address share
// one, so that a reload closes no connection that is still good.
//
// Owner and thread: the worker.
#pragma once

#include <cstdint>

#include "proxy/net/resolver.h"
#include "proxy/upstream/upstream_pool.h"

namespace weir {

struct Upstream {
  explicit Upstream(WorkerContext& worker) : pool(worker, resolver) {}

  Resolver resolver;
  UpstreamPool pool;
  std::uint32_t snapshots = 0;  // that name it, and are still in use on this worker
};

}  // namespace weir
