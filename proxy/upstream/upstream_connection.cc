#include "proxy/upstream/upstream_connection.h"

#include "proxy/clock/clock.h"
#include "proxy/context/worker_context.h"
#include "proxy/upstream/upstream_pool.h"

namespace weir {

UpstreamConnection::UpstreamConnection(WorkerContext& worker, UpstreamPool& pool)
    : Stream(worker.poller()), worker_(worker), pool_(pool) {
  pool_.count_opened();
}

UpstreamConnection* UpstreamConnection::connect(WorkerContext& worker, UpstreamPool& pool,
                                                const sockaddr* address, const char* path,
                                                Duration patience, UpstreamUser& user) {
  auto* connection = new UpstreamConnection(worker, pool);
  connection->user_ = &user;
  connection->error_ =
      path != nullptr ? connection->connect_pipe(path) : connection->connect_tcp(address);
  // An error that shows at once is told from the loop, like any other.
  if (connection->error_ != NetError::none) patience = Duration{0};
  const Time now = read_clock();
  connection->expires_ = pool.expiry(now);
  worker.timers().set(*connection, saturating_add(now, patience));
  return connection;
}

void UpstreamConnection::on_connected(NetError error) {
  if (error != NetError::none) return fail(error);
  worker_.timers().cancel(*this);
  connected_ = true;
  start_reading();
  if (user_ != nullptr) {
    user_->on_upstream_connected(NetError::none);
  } else {
    close_now();
  }
}

void UpstreamConnection::fail(NetError error) {
  UpstreamUser* user = user_;
  user_ = nullptr;
  close_now();
  if (user != nullptr) user->on_upstream_connected(error);
}

void UpstreamConnection::on_timer() {
  if (!connected_) {
    if (error_ == NetError::none && finish_connecting_now()) return;
    return fail(error_ != NetError::none ? error_ : NetError::timed_out);
  }
  if (tunnel_) return;
  const Time now = read_clock();
  const bool outdated = pool_.is_outdated(*this, now);
  if (idle_) {
    if (outdated || now >= idle_until_) return close_now();
    return pool_.set_alarm(*this, now);
  }
  if (!outdated) return;  // release() sets the alarm
  retired_ = true;
  keep_alive_ = Duration{0};
}

void UpstreamConnection::on_read(char* data, std::size_t size) {
  if (user_ == nullptr) return close_now();
  user_->on_upstream_bytes(data, size);
}

void UpstreamConnection::on_turn() {
  if (user_ != nullptr) user_->on_upstream_turn();
}

void UpstreamConnection::on_end(NetError error) {
  if (user_ == nullptr) return close_now();
  user_->on_upstream_end(error);
}

void UpstreamConnection::on_backlog() {
  if (user_ != nullptr) user_->on_upstream_backlog();
}

void UpstreamConnection::on_drained() {
  if (user_ != nullptr) user_->on_upstream_drained();
}

void UpstreamConnection::on_write_failed() {
  if (user_ != nullptr) user_->on_upstream_write_failed();
}

void UpstreamConnection::become_tunnel(UpstreamUser& tunnel) {
  attach(tunnel);
  tunnel_ = true;
  pool_.uncount();
}

void UpstreamConnection::release(bool reusable) {
  user_ = nullptr;
  if (reusable && connected_ && reading() && !closing() && !has_pending()) {
    served_before_ = true;
    pool_.put(*this);
  } else {
    if (has_pending()) close_reset();  // an upload that is cut, which the kernel need not keep
    close_now();
  }
}

void UpstreamConnection::close_now() {
  if (closed_) return;
  closed_ = true;
  worker_.timers().cancel(*this);
  pool_.count_closed(*this);
  close();
}

}  // namespace weir
