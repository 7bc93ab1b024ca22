// Makes a connection to the service for one exchange, all of it within upstream.connect_timeout:
// the wait for the resolver, and rounds over the addresses of its name, one after the other.
//
// An address that does not answer is given up for the next one after kFirstTry, or sooner where the
// time would not do for all; each further round gives each address twice as long, with jitter. So a
// SYN that a full accept queue dropped is not left to the kernel, which sends it again after 1, 3
// and 7 s, all clients at the same moment. A Unix socket whose queue is full says so at once: it is
// tried again after a pause, within the same time.
//
// The service may have moved: a name is asked for again while a round goes by without an answer,
// and new addresses are tried from then on. A round in which all addresses refused is the last one,
// but for one more with what the name stands for by then.
//
// Owner and thread: the exchange, on its worker. Tells its owner once, never from inside dial().
#pragma once

#include <cstddef>
#include <cstdint>

#include "proxy/context/snapshot_ref.h"
#include "proxy/net/resolver.h"
#include "proxy/net/timers.h"
#include "proxy/upstream/upstream_connection.h"

namespace weir {

class WorkerContext;

class Dialer final : private Timer, private Resolver::Waiter, private UpstreamUser {
 public:
  class Owner {
   public:
    virtual void on_dialed(UpstreamConnection& connection) = 0;  // attached to the dialer still
    virtual void on_dial_failed() = 0;

   protected:
    ~Owner() = default;
  };

  Dialer(WorkerContext& worker, Owner& owner) : worker_(worker), owner_(owner) {}
  ~Dialer() override { cancel(); }

  // To the service that the snapshot names.
  void dial(SnapshotRef& snapshot);
  void cancel();

 private:
  static constexpr Duration kFirstTry = std::chrono::milliseconds(300);
  // Between two tries of a Unix socket whose queue is full: doubled, up to the second.
  static constexpr Duration kFirstPause = std::chrono::milliseconds(5);
  static constexpr Duration kLongestPause = std::chrono::milliseconds(100);

  Resolver& resolver();
  void connect(const sockaddr* address, const char* path, Duration patience);
  void connect_unix(Time now);
  void try_next(Time now);
  void end_round(Time now);
  void await_resolver();
  Duration patience(Time now, std::size_t untried) const;
  void fail();
  void on_timer() override;
  void on_resolved() override;
  void on_upstream_connected(NetError error) override;
  void on_upstream_bytes(char* /*data*/, std::size_t /*size*/) override {}
  void on_upstream_end(NetError /*error*/) override {}
  void on_upstream_backlog() override {}
  void on_upstream_drained() override {}
  void on_upstream_write_failed() override {}

  WorkerContext& worker_;
  Owner& owner_;
  SnapshotRef* snapshot_ref_ = nullptr;
  UpstreamConnection* connecting_ = nullptr;
  Time until_{};
  Duration try_for_{0};    // an address of this round, or the next pause
  std::size_t tried_ = 0;  // in this round
  std::size_t current_ = 0;
  std::uint32_t generation_ = 0;  // of the resolver's answer that is being tried
  bool timed_out_ = false;        // an address of this round did not answer
  bool asked_again_ = false;      // for the name
};

}  // namespace weir
