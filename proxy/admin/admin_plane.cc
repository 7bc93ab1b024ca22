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
    return !tenant.is_wildcard && tenant.label == snapshot.other_label();
  });
  return static_cast<std::uint64_t>(folded);
}

// The quotas of the tenants that have a label of their own. A pass for every few, since weir may be
// at work.
std::vector<TenantQuota> tenant_quotas(const Snapshot& snapshot, Gate& gate) {
  constexpr std::size_t kBatch = 64;
  std::vector<const Tenant*> labelled;
  for (const Tenant& tenant : snapshot.settings.tenants) {
    const bool own = !tenant.is_wildcard && tenant.label != snapshot.other_label();
    if (own) labelled.push_back(&tenant);
  }
  std::vector<TenantQuota> quotas;
  for (const auto& filter : snapshot.filters) {
    for (std::size_t from = 0; from < labelled.size(); from += kBatch) {
      const Gate::Pass pass(gate);
      for (std::size_t i = from; i < std::min(from + kBatch, labelled.size()); ++i) {
        TenantStats numbers;
        filter->tenant_stats(*labelled[i], pass.now(), numbers);
        if (numbers.quota == nullptr) continue;
        const double rate =
            static_cast<double>(numbers.quota->tokens) / to_seconds(numbers.quota->per);
        quotas.push_back({filter->name(), labelled[i]->label, rate});
      }
    }
  }
  return quotas;
}

ExpositionSources exposition_sources(const AdminPlaneOptions& options, const Snapshot& snapshot) {
  ExpositionSources sources;
  sources.tenants = snapshot.labels;
  sources.routes = snapshot.route_labels;
  sources.filters = snapshot.filters;
  for (const auto& filter : snapshot.retired_filters) sources.filters.push_back(filter);
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
  if (options.reload_status) {
    sources.reloads = [status = options.reload_status] {
      const ReloadStatus now = status();
      return ReloadNumbers{now.successes, now.failures, now.last_successful, now.last_success};
    };
  }
  return sources;
}

}  // namespace

struct AdminPlane::View {
  View(const AdminPlaneOptions& options, std::shared_ptr<const Snapshot> s)
      : snapshot(std::move(s)),
        exposition(options.gate, exposition_sources(options, *snapshot)),
        tenants(options.gate, snapshot, options.workers) {}

  std::shared_ptr<const Snapshot> snapshot;
  Exposition exposition;
  TenantsPage tenants;
};

AdminPlane::AdminPlane(AdminPlaneOptions options) : options_(std::move(options)) {
  view_ = std::make_shared<const View>(options_, std::move(options_.snapshot));
}

std::shared_ptr<const AdminPlane::View> AdminPlane::view() const {
  const std::lock_guard lock(mutex_);
  return view_;
}

void AdminPlane::replace(std::shared_ptr<const Snapshot> snapshot) {
  auto next = std::make_shared<const View>(options_, std::move(snapshot));
  const std::lock_guard lock(mutex_);
  view_.swap(next);
}

PageSources AdminPlane::page_sources() const {
  PageSources sources;
  sources.metrics = [this] { return view()->exposition.text(); };
  sources.metrics_type = Exposition::kContentType;
  sources.ready = options_.ready;
  sources.config_yaml = [this] { return view()->snapshot->effective_yaml; };
  sources.config_json = [this] { return view()->snapshot->effective_json; };
  sources.tenants = [this](const Query& query) { return view()->tenants.answer(query); };
  sources.drain = options_.drain;
  sources.reload = options_.reload;
  sources.reload_status = options_.reload_status;
  sources.version = kVersion;
  sources.revision = kRevision;
  return sources;
}

AdminPlane::StartResult AdminPlane::start(AdminPlaneOptions options) {
  std::unique_ptr<AdminPlane> plane(new AdminPlane(std::move(options)));
  auto pages = make_pages(plane->page_sources());
  const std::shared_ptr<const Snapshot> snapshot = plane->view()->snapshot;
  const Settings& settings = snapshot->settings;
  if (settings.telemetry) {
    auto telemetry = AdminServer::start(
        *settings.telemetry, find_only(pages, {"/metrics", "/live", "/ready"}), "telemetry.listen");
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
