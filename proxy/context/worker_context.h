// What a worker lends to the parts that run on it: timers, buffers, the poller, memory to write
// heads into, the metrics, the access log, and the snapshot that new requests begin with.
//
// Connections, exchanges and pools know this class, not the worker that owns them: so each of them
// can be built and tested without a server.
//
// Owner and thread: the worker, which derives from it.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "filters/gate.h"
#include "metrics/worker_metrics.h"
#include "proxy/context/shared_state.h"
#include "proxy/context/snapshot_ref.h"
#include "proxy/http/date.h"
#include "proxy/http/head.h"
#include "proxy/http/head_writer.h"
#include "proxy/http/request_id.h"
#include "proxy/net/buffer_pool.h"
#include "proxy/net/poller.h"
#include "proxy/net/timers.h"

namespace weir {

class AccessLog;

// It is also the mailbox of the requests that run on it.
class WorkerContext : public Mailbox {
 public:
  WorkerContext(SharedState& shared, WorkerMetrics& metrics);

  Timers& timers() { return timers_; }
  BufferPool& buffers() { return buffers_; }
  Poller& poller() { return poller_; }
  WriteScratch& write_scratch() { return write_scratch_; }
  WriteScratch& body_scratch() { return body_scratch_; }
  Head& response_head() { return response_head_; }  // scratch, too
  WorkerMetrics& metrics() { return metrics_; }
  SharedState& shared() { return shared_; }
  Gate& gate() { return shared_.gate; }
  RequestIds& request_ids() { return request_ids_; }
  AccessLog* access_log() { return access_log_.get(); }  // null: off
  std::string_view date();
  // When this turn of the loop began: for deadlines.
  Time turn_time() const { return poller_.now(); }
  bool draining() const { return draining_; }
  // Answers say that their connection closes: a drain has begun, or has been announced.
  bool leaving() const { return shared_.leaving.load(std::memory_order_relaxed); }

  // What new requests begin with; an exchange has its own (Exchange::settings).
  const Snapshot& snapshot() const { return *snapshot_refs_.back()->snapshot; }
  SnapshotRef& acquire_snapshot();
  void release_snapshot(SnapshotRef& snapshot) { --snapshot.exchanges; }

  // Asks the other workers to close an idle connection to the service each.
  virtual void ask_others_for_room() = 0;

 protected:
  ~WorkerContext() override;

  SharedState& shared_;
  WorkerMetrics& metrics_;
  Timers timers_;
  BufferPool buffers_;
  Poller poller_{buffers_};
  WriteScratch write_scratch_{16 << 10};
  WriteScratch body_scratch_{2 << 10};
  Head response_head_;
  CachedDate date_;
  RequestIds request_ids_;
  std::unique_ptr<AccessLog> access_log_;
  std::vector<std::unique_ptr<SnapshotRef>> snapshot_refs_;  // the last one is the newest
  bool draining_ = false;
};

}  // namespace weir
