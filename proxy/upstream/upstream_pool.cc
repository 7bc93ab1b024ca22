#include "proxy/upstream/upstream_pool.h"

#include <algorithm>
#include <sys/socket.h>

#include "proxy/context/worker_context.h"
#include "proxy/net/resolver.h"
#include "proxy/upstream/upstream_connection.h"

namespace weir {

UpstreamPool::UpstreamPool(WorkerContext& worker, Resolver& resolver)
    : worker_(worker), resolver_(resolver), random_(reinterpret_cast<std::uintptr_t>(this)) {}

UpstreamConnection* UpstreamPool::take_idle() {
  // Something came that nobody had asked for, and it was not told of that yet.
  while (newest_ != nullptr && newest_->has_unread_event()) newest_->close_now();
  UpstreamConnection* connection = newest_;
  if (connection != nullptr) unlink(*connection);
  return connection;
}

void UpstreamPool::put(UpstreamConnection& connection) {
  const Duration configured = worker_.snapshot().settings.upstream.idle_timeout;
  // Closed a second before the service would, which may take a request that is on its way.
  const Duration said = connection.keep_alive_ > std::chrono::seconds(2)
                            ? connection.keep_alive_ - std::chrono::seconds(1)
                            : connection.keep_alive_ / 2;
  if (worker_.draining() || superseded_ || said <= Duration{0}) return connection.close_now();
  connection.idle_ = true;
  connection.older_ = newest_;
  connection.newer_ = nullptr;
  (newest_ != nullptr ? newest_->newer_ : oldest_) = &connection;
  newest_ = &connection;
  connection.idle_until_ = saturating_add(worker_.turn_time(), std::min(configured, said));
  // An alarm that is set already rings sooner, and is then moved.
  if (!connection.armed() || connection.deadline() > connection.idle_until_) {
    set_alarm(connection, worker_.turn_time());
  }
}

void UpstreamPool::set_alarm(UpstreamConnection& connection, Time now) {
  const Time look = std::min(connection.expires_, saturating_add(now, kLookAgain));
  worker_.timers().set(connection, std::min(connection.idle_until_, look));
}

Time UpstreamPool::expiry(Time now) {
  const Duration most = worker_.snapshot().settings.upstream.max_age;
  return saturating_add(now, most - random_.up_to(most / 4));
}

bool UpstreamPool::is_outdated(UpstreamConnection& connection, Time now) {
  if (now >= connection.expires_) return true;
  const auto& addresses = resolver_.addresses(now);
  if (addresses.empty() || connection.generation_ == resolver_.generation()) return false;
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  if (getpeername(connection.descriptor(), reinterpret_cast<sockaddr*>(&peer), &size) != 0 ||
      !resolver_.names(peer)) {
    return true;
  }
  connection.generation_ = resolver_.generation();
  return false;
}

void UpstreamPool::unlink(UpstreamConnection& connection) {
  (connection.newer_ != nullptr ? connection.newer_->older_ : newest_) = connection.older_;
  (connection.older_ != nullptr ? connection.older_->newer_ : oldest_) = connection.newer_;
  connection.newer_ = connection.older_ = nullptr;
  connection.idle_ = false;
}

bool UpstreamPool::close_oldest() {
  if (oldest_ == nullptr) return false;
  oldest_->close_now();
  return true;
}

void UpstreamPool::close_all() {
  while (close_oldest()) {
  }
}

void UpstreamPool::supersede() {
  superseded_ = true;
  close_all();
}

void UpstreamPool::make_room() {
  const std::int64_t most = worker_.snapshot().settings.upstream.max_connections;
  if (worker_.shared().upstream_open.load(std::memory_order_relaxed) < most) return;
  if (!close_oldest()) worker_.ask_others_for_room();
}

void UpstreamPool::count_opened() {
  ++open_;
  worker_.shared().upstream_open.fetch_add(1, std::memory_order_relaxed);
  worker_.metrics().connections_active[static_cast<std::size_t>(Side::upstream)].add();
}

void UpstreamPool::uncount() {
  worker_.shared().upstream_open.fetch_sub(1, std::memory_order_relaxed);
}

void UpstreamPool::count_closed(UpstreamConnection& connection) {
  if (connection.idle_) unlink(connection);
  --open_;
  if (!connection.tunnel_) uncount();
  worker_.metrics().connections_active[static_cast<std::size_t>(Side::upstream)].subtract();
}

}  // namespace weir
