#include "proxy/downstream/tunnel.h"

#include <algorithm>
#include <array>
#include <utility>

#include "proxy/clock/clock.h"
#include "proxy/context/access_log.h"
#include "proxy/context/worker_context.h"
#include "proxy/downstream/downstream_connection.h"
#include "proxy/http/kept_record.h"

namespace weir {

namespace {

Counter& bytes_towards(WorkerContext& worker, Side side) {
  return worker.metrics().tunnel_bytes[static_cast<std::size_t>(side)];
}

}  // namespace

Tunnel::Tunnel(WorkerContext& worker, DownstreamConnection& client, UpstreamConnection& service,
               Opening&& opening)
    : worker_(worker),
      client_(client),
      service_(service),
      up_{client, service, bytes_towards(worker, Side::upstream), TunnelEnd::client_failed,
          TunnelEnd::service_failed},
      down_{service, client, bytes_towards(worker, Side::downstream), TunnelEnd::service_failed,
            TunnelEnd::client_failed},
      idle_timeout_(opening.idle_timeout),
      tenant_tunnel_(opening.tenant_tunnel),
      record_(std::move(opening.record)),
      opened_(read_clock()),
      moved_(opened_) {
  worker_.metrics().tunnels_active.add();
}

Tunnel::~Tunnel() {
  worker_.timers().cancel(*this);
  worker_.metrics().tunnels_active.subtract();
  give_back_place(worker_.shared(), tenant_tunnel_);
}

void Tunnel::give_back_place(SharedState& shared, std::uint64_t tenant_tunnel) {
  shared.tunnels.fetch_sub(1, std::memory_order_relaxed);
  if (tenant_tunnel != 0) shared.tenant_tunnels.remove(tenant_tunnel);
}

void Tunnel::open(WorkerContext& worker, DownstreamConnection& client, UpstreamConnection& service,
                  Opening opening) {
  const TunnelProtocol protocol = opening.protocol;
  const std::size_t sent = opening.sent;
  auto* tunnel = new Tunnel(worker, client, service, std::move(opening));
  worker.metrics().tunnels[static_cast<std::size_t>(protocol)].add();
  count(tunnel->down_, sent);
  service.become_tunnel(*tunnel);
  ByteQueue early = client.become_tunnel(*tunnel);
  tunnel->set_alarm(tunnel->moved_);
  if (client.has_pending()) service.stop_reading();
  client.start_reading();
  if (!early.empty()) tunnel->carry(tunnel->up_, early.data(), early.size());
}

// --- bytes

void Tunnel::count(Way& way, std::size_t size) {
  way.bytes.add(size);
  way.carried += size;
}

void Tunnel::carry(Way& way, char* data, std::size_t size) {
  moved_ = read_clock();
  std::array<iovec, 1> buffers = {iovec{data, size}};
  if (way.to.write(buffers) == Stream::Written::failed) return end(way.to_failed);
  count(way, size);
  if (way.to.has_pending()) hold(way);
}

void Tunnel::hold(Way& way) {
  way.from.stop_reading();
  way.acknowledged = way.to.acknowledged_bytes();
  set_alarm(moved_);
}

void Tunnel::resume(Way& way) {
  moved_ = read_clock();
  if (!way.ended) return way.from.start_reading();
  finish_if_done();
}

void Tunnel::on_client_bytes(char* data, std::size_t size) { carry(up_, data, size); }
void Tunnel::on_upstream_bytes(char* data, std::size_t size) { carry(down_, data, size); }
void Tunnel::on_client_backlog() { hold(down_); }
void Tunnel::on_upstream_backlog() { hold(up_); }
void Tunnel::on_client_drained() { resume(down_); }
void Tunnel::on_upstream_drained() { resume(up_); }

// --- ends

void Tunnel::close_way(Way& way, NetError error) {
  if (error != NetError::end_of_stream) return end(way.from_failed);
  moved_ = read_clock();
  way.ended = true;
  way.to.shut_down();
  finish_if_done();
}

void Tunnel::on_client_end(NetError error) { close_way(up_, error); }
void Tunnel::on_upstream_end(NetError error) { close_way(down_, error); }
void Tunnel::on_client_write_failed() { end(TunnelEnd::client_failed); }
void Tunnel::on_upstream_write_failed() { end(TunnelEnd::service_failed); }
void Tunnel::cut() { end(TunnelEnd::drain); }

void Tunnel::finish_if_done() {
  if (up_.ended && down_.ended && !stalled()) end(TunnelEnd::closed);
}

bool Tunnel::stalled() const { return up_.to.has_pending() || down_.to.has_pending(); }

void Tunnel::log_end(TunnelEnd how) {
  AccessLog* const log = worker_.access_log();
  if (record_ == nullptr || log == nullptr) return;
  AccessRecord& record = record_->record();
  record.cut = how != TunnelEnd::closed;
  if (!log->wants(record.status, record.cut)) return;
  record.tunnel = to_string(how);
  record.received = up_.carried;
  record.sent = down_.carried;
  record.total = read_clock() - opened_;
  log->write(record);
}

// What a side has not got yet is lost to it, and a reset tells it so.
void Tunnel::end(TunnelEnd how) {
  log_end(how);
  worker_.metrics().tunnels_ended[static_cast<std::size_t>(how)].add();
  const auto reset = [how](const Stream& side) {
    const bool failed = how == TunnelEnd::client_failed || how == TunnelEnd::service_failed;
    return failed || side.has_pending() || (how != TunnelEnd::closed && side.has_unacknowledged());
  };
  const bool reset_client = reset(client_);
  if (reset(service_)) service_.close_reset();
  service_.release(false);
  DownstreamConnection& client = client_;
  delete this;
  client.abort(reset_client);
}

// --- time

// A slow reader tells of itself by what its kernel acknowledges; the socket only once a third of
// its buffer is free.
bool Tunnel::moves(Way& way) {
  if (!way.to.has_pending()) return false;
  const std::uint32_t before = std::exchange(way.acknowledged, way.to.acknowledged_bytes());
  return way.acknowledged != before;
}

// While a side is not read, nothing tells of a reset: so it is asked.
void Tunnel::set_alarm(Time now) {
  Time at = saturating_add(moved_, idle_timeout_);
  if (stalled()) at = std::min(at, now + kAskSockets);
  if (!armed() || deadline() > at) worker_.timers().set(*this, at);
}

void Tunnel::on_timer() {
  const Time now = read_clock();
  if (stalled() && client_.peer_reset()) return end(TunnelEnd::client_failed);
  if (stalled() && service_.peer_reset()) return end(TunnelEnd::service_failed);
  const bool up = moves(up_), down = moves(down_);
  if (up || down) moved_ = now;
  if (now - moved_ >= idle_timeout_) return end(TunnelEnd::idle_timeout);
  set_alarm(now);
}

}  // namespace weir
