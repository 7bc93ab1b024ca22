// A worker's hold on one snapshot, for as long as exchanges of its have begun with it, and the
// service that the snapshot names.
//
// An exchange takes its worker's current lease when a request's head is complete and gives it back
// at its end: a plain count, since both are the worker's own. The last one that goes out of a
// superseded lease has the worker drop it; the snapshot itself is destroyed by whoever keeps
// retired snapshots (SharedState), never by a worker.
//
// Owner and thread: the worker.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "config/snapshot.h"
#include "proxy/http/router.h"
#include "proxy/resolver.h"
#include "proxy/upstream_pool.h"

namespace weir {

// A service's addresses and the idle connections to it. Snapshots that name the same address share
// it, so that a reload closes no connection that is still good.
struct Upstream {
  explicit Upstream(Worker& worker) : pool(worker) {}

  Resolver resolver;
  UpstreamPool pool;
  std::uint32_t leases = 0;
};

struct Lease {
  Lease(std::shared_ptr<const Snapshot> s, Upstream& u)
      : snapshot(std::move(s)), router(*snapshot), upstream(u) {
    ++upstream.leases;
  }
  ~Lease() { --upstream.leases; }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  const Settings& settings() const { return snapshot->settings; }

  const std::shared_ptr<const Snapshot> snapshot;
  Router router;
  Upstream& upstream;
  std::uint64_t exchanges = 0;  // that began with it and have not ended
};

}  // namespace weir
