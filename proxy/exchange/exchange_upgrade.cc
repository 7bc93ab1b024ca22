// Of Exchange: from a request that asks for a tunnel to the 101 that opens it.
#include <array>
#include <utility>

#include "proxy/clock/clock.h"
#include "proxy/context/worker_context.h"
#include "proxy/downstream/downstream_connection.h"
#include "proxy/downstream/tunnel.h"
#include "proxy/exchange/exchange.h"
#include "proxy/http/kept_record.h"
#include "proxy/http1/rewrite.h"

namespace weir {

Protocols Exchange::upgrades() const {
  if (!asks_upgrade_) return {};
  return settings().upgrades.protocols;
}

// Whose tunnel it would be.
std::string_view Exchange::tunnel_holder() const {
  if (route_->tenantless) return {};
  if (!request_->tenant->is_wildcard || settings().tenant.unknown == UnknownTenants::shared) {
    return request_->tenant->name;
  }
  Router& router = snapshot_ref_->router;
  return router.tenant_name(router.parts(head_, target_, peer_, route_));
}

// A place among upgrades.max, and among the tenant's, is reserved before the service is asked, so
// that no 101 comes too many.
Reason Exchange::admit_upgrade() {
  if (worker_.draining()) return Reason::draining;
  const UpgradeSettings& bounds = settings().upgrades;
  auto& tunnels = worker_.shared().tunnels;
  if (tunnels.fetch_add(1, std::memory_order_relaxed) >= bounds.max) {
    tunnels.fetch_sub(1, std::memory_order_relaxed);
    return Reason::upgrades;
  }
  holds_tunnel_ = true;
  if (bounds.max_per_tenant >= bounds.max) return Reason::none;
  tenant_tunnel_ = worker_.shared().tenant_tunnels.add(tunnel_holder(), bounds.max_per_tenant);
  if (tenant_tunnel_ != 0) return Reason::none;
  give_back_tunnel();
  return Reason::upgrades;
}

void Exchange::give_back_tunnel() {
  if (!std::exchange(holds_tunnel_, false)) return;
  Tunnel::give_back_place(worker_.shared(), std::exchange(tenant_tunnel_, 0));
}

// What the client sends up to its request's end is body, in its framing, and what it sends behind
// is the tunnel's (RFC 9110 §7.8): so a 101 that comes before that end waits for it, and the
// service is not read meanwhile.
void Exchange::hold_switch() {
  download_.switch_waits = true;
  attempt_.service->stop_reading();
}

void Exchange::resume_switch() {
  if (done_ || !download_.switch_waits || attempt_.service == nullptr) return;
  if (!upload_.sent_all && !upload_.broken) return;
  download_.switch_waits = false;
  if (upload_.broken) return fail_attempt(Reason::upstream_reset);
  attempt_.service->start_reading();
  on_upstream_bytes(nullptr, 0);
}

// The service has switched, as it was asked to. The request ends here: its visits are destroyed and
// its permits go back. `rest`: what came behind the head is the tunnel's.
void Exchange::open_tunnel(const Head& head, std::span<char> rest) {
  download_.status = head.status;
  count_attempt(AttemptResult::response);
  const Step step = on_outcome(Outcome::response(head.status));
  worker_.metrics().upstream_duration[route_->index].observe(request_->now - attempt_.began);
  if (client_ == nullptr) return end_abandoned(EndReason::client_gone);
  if (step != Step::commit) return apply(step);
  committing_since_ = request_->now;
  HeadWriter out(worker_.write_scratch());
  write_switching_head(out, head, settings().name);
  const std::string_view text = out.text();
  std::array<iovec, 2> buffers = {buffer_of(text), iovec{rest.data(), rest.size()}};
  if (client_->write({buffers.data(), rest.empty() ? 1U : 2U}) == Stream::Written::failed) {
    return on_client_write_failed();
  }
  std::unique_ptr<KeptRecord> record = keep_record();
  UpstreamConnection& service = *std::exchange(attempt_.service, nullptr);
  stop_attempt(AttemptResult::response);
  end_request(EndReason::complete, head.status, Source::service);
  DownstreamConnection& client = *std::exchange(client_, nullptr);
  holds_tunnel_ = false;  // it is the tunnel's now
  const std::uint64_t tenant_tunnel = std::exchange(tenant_tunnel_, 0);
  const Duration idle_timeout = settings().upgrades.idle_timeout;
  const auto protocol =
      switches_to_websocket(head) ? TunnelProtocol::websocket : TunnelProtocol::other;
  finish();
  Tunnel::open(worker_, client, service,
               {protocol, idle_timeout, rest.size(), tenant_tunnel, std::move(record)});
}

}  // namespace weir
