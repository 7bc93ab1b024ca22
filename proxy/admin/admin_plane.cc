#include "proxy/admin/admin_plane.h"

#include <algorithm>
#include <utility>

#include "build_info.h"
#include "metrics/exposition.h"
#include "proxy/admin/admin_server.h"
#include "proxy/admin/pages.h"
#include "proxy/admin/tenants_page.h"

namespace weir {
namespace {

// What weir refuses besides its filters. A reason that the configuration rules out has no series.
std::vector<Reason> own_reasons(const Snapshot& snapshot) {
  const Settings& settings = snapshot.settings;
  std::vector<Reason> reasons = {Reason::draining};
  if (!settings.upgrades.protocols.empty()) reasons.push_back(Reason::upgrades);
  if (std::ranges::any_of(settings.tenants, &Tenant::deny)) {
    reasons.push_back(Reason::tenant_denied);
  }
  if (settings.tenant.unknown == UnknownTenants::refuse) reasons.push_back(Reason::tenant_unknown);
  reasons.push_back(Reason::no_route);
  if (settings.limits.max_connections_per_client != 0 && !settings.trusted_proxies.empty()) {
    reasons.push_back(Reason::client_connections);
  }
  return reasons;
}

std::uint64_t folded_tenants(const Snapshot& snapshot) {
  const auto folded = std::ranges::count_if(snapshot.settings.tenants, [&](const Tenant& tenant) {
    return !tenant.everyone_else && tenant.label == snapshot.other_label();
  });
  return static_cast<std::uint64_t>(folded);
}

// The quotas of the tenants that have a label of their own.
std::vector<TenantQuota> tenant_quotas(const Snapshot& snapshot, Gate& gate) {
  std::vector<TenantQuota> quotas;
  const Gate::Pass pass(gate);
  for (const auto& filter : snapshot.filters) {
    for (const Tenant& tenant : snapshot.settings.tenants) {
      if (tenant.everyone_else || tenant.label == snapshot.other_label()) continue;
      TenantNumbers numbers;
      filter->describe(tenant, pass.now(), numbers);
      if (numbers.quota == nullptr) continue;
      const double rate =
          static_cast<double>(numbers.quota->tokens) / to_seconds(numbers.quota->per);
      quotas.push_back({filter->name(), tenant.label, rate});
    }
  }
  return quotas;
}

ExpositionSources exposition_sources(const AdminPlaneOptions& options) {
  const Snapshot& snapshot = *options.snapshot;
  ExpositionSources sources;
  sources.tenants = snapshot.labels;
  for (const Route& route : snapshot.routes) sources.routes.push_back(route.name);
  sources.filters = snapshot.filters;
  sources.workers = options.workers;
  sources.quotas = tenant_quotas(snapshot, options.gate);
  sources.bad_requests = options.bad_requests;
  sources.own_reasons = own_reasons(snapshot);
  sources.own_codes = options.own_codes;
  sources.folded_tenants = folded_tenants(snapshot);
  sources.version = kVersion;
  sources.revision = kRevision;
  sources.started = options.started;
  sources.lost_log_lines = options.lost_log_lines;
  sources.access_lines_written = options.access_lines_written;
  sources.access_lines_lost = options.access_lines_lost;
  return sources;
}

PageSources page_sources(const AdminPlaneOptions& options, const Exposition& exposition,
                         const TenantsPage& tenants) {
  PageSources sources;
  sources.metrics = [&exposition] { return exposition.text(); };
  sources.metrics_type = Exposition::kContentType;
  sources.ready = options.ready;
  sources.config_yaml = [snapshot = options.snapshot] { return snapshot->effective_yaml; };
  sources.config_json = [snapshot = options.snapshot] { return snapshot->effective_json; };
  sources.tenants = [&tenants](const Query& query) { return tenants.answer(query); };
  sources.drain = options.drain;
  sources.version = kVersion;
  sources.revision = kRevision;
  return sources;
}

}  // namespace

AdminPlane::StartResult AdminPlane::start(AdminPlaneOptions options) {
  std::unique_ptr<AdminPlane> plane(new AdminPlane);
  plane->exposition_ = std::make_unique<Exposition>(options.gate, exposition_sources(options));
  plane->tenants_ = std::make_unique<TenantsPage>(options.gate, options.snapshot, options.workers);
  auto pages = make_pages(page_sources(options, *plane->exposition_, *plane->tenants_));
  const Settings& settings = options.snapshot->settings;
  if (settings.telemetry) {
    auto telemetry =
        AdminServer::start(*settings.telemetry, answer_only(pages, {"/metrics", "/live", "/ready"}),
                           "telemetry.listen");
    if (!telemetry.server) return {nullptr, std::move(telemetry.error)};
    plane->telemetry_ = std::move(telemetry.server);
  }
  auto started = AdminServer::start(settings.admin, std::move(pages));
  if (!started.server) return {nullptr, std::move(started.error)};
  plane->server_ = std::move(started.server);
  return {std::move(plane), {}};
}

AdminPlane::~AdminPlane() = default;

std::string AdminPlane::address() const { return server_->address(); }

std::string AdminPlane::telemetry_address() const {
  return telemetry_ != nullptr ? telemetry_->address() : std::string();
}

}  // namespace weir
