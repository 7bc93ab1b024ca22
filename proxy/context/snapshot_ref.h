// A worker's reference to one snapshot, for as long as exchanges that began with it last, and the
// service that the snapshot names.
//
// An exchange takes its worker's current one when a request's head is complete and gives it back
// at its end: a plain count, since both are the worker's own. When the last exchange of a
// superseded snapshot has ended, the worker drops its reference; the snapshot itself is destroyed
// by SharedState, never by a worker.
//
// Owner and thread: the worker.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "config/snapshot.h"
#include "proxy/http/router.h"

namespace weir {

struct Upstream;

struct SnapshotRef {
  SnapshotRef(std::shared_ptr<const Snapshot> s, Upstream& u)
      : snapshot(std::move(s)), router(*snapshot), upstream(u) {}
  SnapshotRef(const SnapshotRef&) = delete;
  SnapshotRef& operator=(const SnapshotRef&) = delete;

  const Settings& settings() const { return snapshot->settings; }

  const std::shared_ptr<const Snapshot> snapshot;
  Router router;
  Upstream& upstream;
  std::uint64_t exchanges = 0;  // that began with it and have not ended
};

}  // namespace weir
