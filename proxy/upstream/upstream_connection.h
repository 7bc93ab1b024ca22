// One connection to the service: being made, in use by an exchange, or idle in the pool.
//
// Owner: itself (see Stream). Its user is told of what happens as long as it is attached; the
// pointer between the two is cut by whoever goes first. An idle connection on which anything comes,
// a byte or an end, is closed: nobody asked for it.
#pragma once

#include <cstdint>

#include "filters/time.h"
#include "proxy/net/stream.h"
#include "proxy/net/timers.h"

namespace weir {

class UpstreamConnection;
class UpstreamPool;
class WorkerContext;

// Who uses a connection to the service.
class UpstreamUser {
 public:
  // none, or it could not be made and is gone.
  virtual void on_upstream_connected(NetError error) = 0;
  virtual void on_upstream_bytes(char* data, std::size_t size) = 0;
  virtual void on_upstream_end(NetError error) = 0;  // no more bytes
  virtual void on_upstream_turn() {}                 // that was asked for
  virtual void on_upstream_backlog() = 0;
  virtual void on_upstream_drained() = 0;
  virtual void on_upstream_write_failed() = 0;

 protected:
  ~UpstreamUser() = default;
};

class UpstreamConnection final : public Stream, private Timer {
 public:
  // Begins to connect; `user` hears of it later, even of an error that shows at once. `patience`:
  // for how long. It belongs to `pool` from now on.
  static UpstreamConnection* connect(WorkerContext& worker, UpstreamPool& pool,
                                     const sockaddr* address, const char* path, Duration patience,
                                     UpstreamUser& user);

  bool connected() const { return connected_; }
  void attach(UpstreamUser& user) { user_ = &user; }
  // It carries a tunnel, and upstream.max_connections does not count it any more.
  void become_tunnel(UpstreamUser& tunnel);
  // The user goes: back to the pool, or closed.
  void release(bool reusable);
  // What the service said of how long it keeps idle connections; kNever-like if it did not.
  void note_keep_alive(Duration timeout) { keep_alive_ = retired_ ? Duration{0} : timeout; }
  bool served_before() const { return served_before_; }

 private:
  friend class UpstreamPool;
  UpstreamConnection(WorkerContext& worker, UpstreamPool& pool);
  ~UpstreamConnection() override = default;

  void on_connected(NetError error) override;
  void on_read(char* data, std::size_t size) override;
  void on_turn() override;
  void on_end(NetError error) override;
  void on_backlog() override;
  void on_drained() override;
  void on_write_failed() override;
  void on_timer() override;  // connecting takes too long, or it is time to look after it

  void fail(NetError error);
  void close_now();

  WorkerContext& worker_;
  UpstreamPool& pool_;
  UpstreamUser* user_ = nullptr;
  UpstreamConnection* older_ = nullptr;  // in the pool's list of idle ones
  UpstreamConnection* newer_ = nullptr;
  Time idle_until_ = kNever;
  Time expires_ = kNever;
  Duration keep_alive_ = Duration::max();  // 0: it does not go back to the pool
  std::uint32_t generation_ = 0;           // of the resolver's answer that named its address last
  bool retired_ = false;                   // outdated while in use
  bool connected_ = false;
  bool idle_ = false;
  bool served_before_ = false;
  bool tunnel_ = false;
  bool closed_ = false;
  NetError error_ = NetError::none;  // of a connect that failed at once
};

}  // namespace weir
