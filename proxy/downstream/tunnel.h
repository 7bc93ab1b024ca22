// An upgraded connection: bytes both ways between a client and the service, until both sides have
// closed, one of them fails, or nothing has moved for upgrades.idle_timeout.
//
// It holds no exchange, request or permit, only its place among upgrades.max. Backpressure: what is
// read from one side is written to the other at once; while that has bytes pending, the first is
// not read. So at most one read's remainder waits in each direction (Poller::kLargeBuffer, and in
// the client's at the start limits.max_head more), in a block lent by the worker; in the common
// case nothing is copied, and nothing is ever allocated for a read. A side that closes is passed on
// as a FIN behind its last byte, and the other direction goes on; a reset, or an end that loses
// bytes, is passed on as a reset.
//
// With its end it writes its line in the access log, if there is one: what it carried, for how
// long, and how it ended.
//
// Owner: itself; it is made with new and deletes itself with its end, which closes both
// connections. Thread: the worker's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "filters/time.h"
#include "metrics/worker_metrics.h"
#include "proxy/net/timers.h"
#include "proxy/upstream/upstream_connection.h"

namespace weir {

class DownstreamConnection;
class KeptRecord;
class SharedState;
class Stream;
class WorkerContext;

class Tunnel final : private UpstreamUser, private Timer {
 public:
  struct Opening {
    TunnelProtocol protocol;
    Duration idle_timeout;
    std::size_t sent = 0;                // bytes of the service's that are with the client already
    std::uint64_t tenant_tunnel = 0;     // in SharedState::tenant_tunnels; 0: not counted there
    std::unique_ptr<KeptRecord> record;  // of the request; null: there is no access log
  };
  // Both connections are the tunnel's from now on; what has come from the client by now goes first.
  // The places among upgrades.max and the tenant's have been reserved.
  static void open(WorkerContext& worker, DownstreamConnection& client, UpstreamConnection& service,
                   Opening opening);
  // These places are free again.
  static void give_back_place(SharedState& shared, std::uint64_t tenant_tunnel);

  // --- for the client's connection; each may end the tunnel
  void on_client_bytes(char* data, std::size_t size);
  void on_client_end(NetError error);
  void on_client_backlog();
  void on_client_drained();
  void on_client_write_failed();
  void cut();  // the drain's time is up

 private:
  static constexpr Duration kAskSockets = std::chrono::seconds(1);

  // One direction.
  struct Way {
    Stream& from;
    Stream& to;
    Counter& bytes;  // of all tunnels
    TunnelEnd from_failed, to_failed;
    std::uint64_t carried = 0;       // of this one
    bool ended = false;              // `from` has closed its side
    std::uint32_t acknowledged = 0;  // by `to`, when it was asked last
  };

  Tunnel(WorkerContext& worker, DownstreamConnection& client, UpstreamConnection& service,
         Opening&& opening);
  ~Tunnel() override;

  void on_upstream_connected(NetError /*error*/) override {}
  void on_upstream_bytes(char* data, std::size_t size) override;
  void on_upstream_end(NetError error) override;
  void on_upstream_backlog() override;
  void on_upstream_drained() override;
  void on_upstream_write_failed() override;
  void on_timer() override;

  static void count(Way& way, std::size_t size);
  void carry(Way& way, char* data, std::size_t size);
  void close_way(Way& way, NetError error);
  void hold(Way& way);
  void resume(Way& way);
  void finish_if_done();
  void log_end(TunnelEnd how);
  void end(TunnelEnd how);
  bool stalled() const;
  static bool moves(Way& way);
  void set_alarm(Time now);

  WorkerContext& worker_;
  DownstreamConnection& client_;
  UpstreamConnection& service_;
  Way up_, down_;
  const Duration idle_timeout_;
  const std::uint64_t tenant_tunnel_;
  std::unique_ptr<KeptRecord> record_;
  const Time opened_;
  Time moved_;  // when a byte last did
};

}  // namespace weir
