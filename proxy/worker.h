// A worker: one thread with one event loop, and everything that its connections and exchanges need.
//
// Owner: the server. Threads: start(), drain(), join() and what Mailbox says are for others; the
// rest is for the worker's own thread. Mail (grants made in some pass of the gate) is taken before
// the loop blocks; from other threads it comes through uv_async.
//
// It ends when it has been told to drain, and its last connection and exchange have gone.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <uv.h>

#include "filters/gate.h"
#include "metrics/worker_metrics.h"
#include "proxy/http/date.h"
#include "proxy/http/head.h"
#include "proxy/http/head_writer.h"
#include "proxy/http/request_id.h"
#include "proxy/lease.h"
#include "proxy/loop/alarms.h"
#include "proxy/loop/buffer_pool.h"
#include "proxy/loop/listener.h"
#include "proxy/loop/loop_lag.h"
#include "proxy/loop/memory_return.h"
#include "proxy/loop/poller.h"
#include "proxy/shared_state.h"

namespace weir {

class AccessLog;
class ClientConnection;
class Exchange;

// Those that are not in use, the last one first.
struct ExchangeList {
  Exchange* first = nullptr;
  std::size_t size = 0;

  void push(Exchange& exchange);
  Exchange& pop();  // there is one
};

class Worker final : public Mailbox, private Acceptor::Owner, private AlarmEntry {
 public:
  Worker(SharedState& shared, WorkerMetrics& metrics);
  ~Worker() override;

  // --- any thread
  // Empty, or why it could not be started.
  std::string start(const ListeningSocket& socket);
  // The same without a thread: the caller turns it himself, on one thread, until that says no.
  std::string open(const ListeningSocket& socket);
  // Does what is to be done, waiting for it or not. False: it has ended.
  bool turn(bool wait);
  void set_access_log(std::unique_ptr<AccessLog> log);  // before either
  // Stops accepting, closes what is idle, and cuts what is left at `deadline`.
  void drain(Time deadline);
  void join();
  bool had_to_cut() const { return had_to_cut_.load(std::memory_order_acquire); }
  // There is another snapshot in force: requests that come from now on are to begin with it.
  void take_snapshot() { wake_up(); }
  // Of the snapshot that it has taken; UINT64_MAX once it takes none any more.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  void close_an_idle_connection();

  // --- its own thread
  Alarms& alarms() { return alarms_; }
  BufferPool& buffers() { return buffers_; }
  Poller& poller() { return poller_; }
  WriteScratch& write_scratch() { return write_scratch_; }
  WriteScratch& body_scratch() { return body_scratch_; }
  Head& response_head() { return response_head_; }  // scratch, too
  WorkerMetrics& metrics() { return metrics_; }
  SharedState& shared() { return shared_; }
  // What new requests begin with; an exchange has its own (Exchange::settings).
  const Snapshot& snapshot() const { return *leases_.back()->snapshot; }
  Lease& begin_lease();
  void end_lease(Lease& lease);
  Gate& gate() { return shared_.gate; }
  RequestIds& request_ids() { return request_ids_; }
  AccessLog* access_log() { return access_log_.get(); }  // null: off
  std::string_view date();
  // When this turn of the loop began: for deadlines.
  Time turn_time() const { return poller_.now(); }
  bool draining() const { return draining_; }
  void ask_others_for_room();

  Exchange& take_exchange();
  void put_back(Exchange& exchange);  // it has not begun, and is not on the stack
  void retire(Exchange& exchange);    // it has ended; used again once the stack is unwound
  void add(ClientConnection& client);
  void remove(ClientConnection& client);

 private:
  void notify() override;
  void on_accepted(int fd, const sockaddr_storage& peer) override;
  void on_out_of_descriptors() override;
  void ring() override;  // the drain's deadline

  void run();
  void open_handles();
  void tidy_up();  // before it blocks
  void on_async();
  void wake_up();
  void renew_lease();
  Upstream& upstream_of(const Snapshot& snapshot);
  void drop_unused();
  void deliver_mail();
  void begin_drain();
  void cut();
  void close_if_finished();
  bool count_client(const ClientAddress& address, std::uint64_t& counted_as);
  void refuse_connection(int fd, ConnectionRefusal why);
  void destroy(Exchange& exchange);
  void let_go();

  SharedState& shared_;
  WorkerMetrics& metrics_;
  uv_loop_t loop_{};
  uv_async_t async_{};
  Alarms alarms_;
  LoopLag loop_lag_;
  Acceptor acceptor_;
  BufferPool buffers_;
  Poller poller_{buffers_};
  MemoryReturn memory_return_{alarms_, [this] { let_go(); }};
  WriteScratch write_scratch_{16 << 10};
  WriteScratch body_scratch_{2 << 10};
  Head response_head_;
  CachedDate date_;
  RequestIds request_ids_;
  std::unique_ptr<AccessLog> access_log_;

  std::vector<std::unique_ptr<Upstream>> upstreams_;
  std::vector<std::unique_ptr<Lease>> leases_;  // the last one is that of the snapshot in force
  bool superseded_ = false;                     // there is something to drop once it is not used
  std::atomic<std::uint64_t> generation_{0};

  std::vector<std::unique_ptr<Exchange>> exchanges_;  // all there are
  ExchangeList free_exchanges_, retired_;
  std::size_t active_exchanges_ = 0;
  ClientConnection* clients_ = nullptr;
  bool mail_came_ = false;
  bool draining_ = false;
  bool closed_ = false;

  std::mutex async_mutex_;
  bool async_open_ = false;
  std::thread thread_;
  std::thread::id thread_id_;
  std::atomic<std::int64_t> drain_deadline_{INT64_MAX};  // as Time; INT64_MAX: not draining
  std::atomic<bool> shed_one_{false};
  std::atomic<bool> had_to_cut_{false};
};

}  // namespace weir
