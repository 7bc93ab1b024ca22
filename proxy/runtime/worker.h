// A worker: one thread with one event loop, and everything that its connections and exchanges need.
//
// Owner: the server. Threads: start(), drain(), join() and what Mailbox says are for others; the
// rest is for the worker's own thread. Mail (grants made in some pass of the gate) is taken before
// the loop blocks; from other threads it comes with a wake-up.
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

#include "filters/gate.h"
#include "metrics/worker_metrics.h"
#include "proxy/context/shared_state.h"
#include "proxy/downstream/request_handler.h"
#include "proxy/exchange/exchange_pool.h"
#include "proxy/net/event_loop.h"
#include "proxy/net/listener.h"
#include "proxy/net/loop_lag.h"
#include "proxy/net/memory_return.h"
#include "proxy/net/timers.h"
#include "proxy/upstream/upstream.h"

namespace weir {

class Worker final : public DownstreamHost,
                     public WorkerPeer,
                     private Acceptor::Owner,
                     private EventLoop::Owner,
                     private Timer {
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
  // Stops accepting, closes what has been idle for drain.grace, and cuts what is left at
  // `deadline`.
  void drain(Time deadline);
  void join();
  bool had_to_cut() const { return had_to_cut_.load(std::memory_order_acquire); }
  // There is another snapshot in force: requests that come from now on are to begin with it.
  void take_snapshot() { loop_.wake_up(); }
  std::uint64_t generation() const override { return generation_.load(std::memory_order_acquire); }
  void close_an_idle_connection() override;
  void evict_idle_clients() override;

  // --- its own thread
  void ask_others_for_room() override;
  RequestHandler& take_handler() override;
  void add(DownstreamConnection& client) override;
  void remove(DownstreamConnection& client) override;

 private:
  void notify() override;
  void between_groups() override { exchanges_.recycle(); }
  void on_accepted(int fd, const sockaddr_storage& peer) override;
  void on_out_of_descriptors() override;
  void on_timer() override;  // the drain's deadline

  void run();
  void tidy_up();  // before it blocks
  void on_wake_up() override;
  void take_newest_snapshot();
  Upstream& upstream_of(const Snapshot& snapshot);
  void drop_unused();
  void deliver_mail();
  void begin_drain(Time deadline);
  void close_idle_clients();
  void cut();
  void close_if_finished();
  bool count_client(const ClientAddress& address, std::uint64_t& counted_as);
  bool evict_idle();
  void refuse_connection(int fd, ConnectionRefusal why);
  void let_go();

  EventLoop loop_{poller_};
  LoopLag loop_lag_;
  Acceptor acceptor_;
  MemoryReturn memory_return_{timers_, [this] { let_go(); }};

  std::vector<std::unique_ptr<Upstream>> upstreams_;
  bool superseded_ = false;  // there is something to drop once it is not used
  std::atomic<std::uint64_t> generation_{0};

  ExchangePool exchanges_{*this};
  DownstreamConnection* clients_ = nullptr;
  bool mail_came_ = false;
  bool closed_ = false;
  Time evicts_again_{};  // not before

  std::thread thread_;
  std::thread::id thread_id_;
  std::atomic<std::int64_t> drain_deadline_{INT64_MAX};  // as Time; INT64_MAX: not draining
  std::atomic<bool> shed_one_{false};
  std::atomic<bool> evict_{false};
  std::atomic<bool> had_to_cut_{false};
};

}  // namespace weir
