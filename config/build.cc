#include "config/build.h"

#include <algorithm>
#include <set>
#include <unordered_set>

#include "config/route_match.h"
#include "config/secret.h"
#include "config/tenant_addresses.h"
#include "filters/concurrency_limit/concurrency_limit.h"
#include "filters/new_keys/new_keys.h"
#include "filters/random.h"
#include "filters/siphash.h"

namespace weir {

SnapshotBuilder::SnapshotBuilder(const Value& file, const Plan& plan, std::uint64_t seed,
                                 Gate& gate, const Snapshot* running)
    : file_(file),
      plan_(plan),
      seed_(running != nullptr ? running->seed_ : seed),
      gate_(gate),
      running_(running) {}

std::unique_ptr<Snapshot> SnapshotBuilder::build() {
  snapshot_ = std::make_unique<Snapshot>();
  snapshot_->settings = settings_of(file_);
  snapshot_->seed_ = seed_;
  Random random(seed_);
  snapshot_->hash_secret = {random.next(), random.next()};
  label_tenants();
  index_tenants();
  hash_tenants();
  build_pool();
  build_new_keys();
  for (const PlannedChain& chain : plan_.chains) build_chain(chain);
  snapshot_->filters.push_back(pool_);
  if (new_keys_ != nullptr) snapshot_->filters.push_back(new_keys_);
  keep_retired_filters();
  build_routes();
  collect_deciding_fields();
  return std::move(snapshot_);
}

// A label, once given, is its tenant's for good, so that no series ever goes backwards.
void SnapshotBuilder::label_tenants() {
  Settings& settings = snapshot_->settings;
  std::vector<std::string>& labels = snapshot_->labels;
  std::unordered_map<std::string, std::uint32_t> given;
  const std::string other = "other";
  const std::string none = "none";
  if (running_ != nullptr) labels = running_->labels;
  for (std::uint32_t i = 0; i < labels.size(); ++i) given.emplace(labels[i], i);
  std::int64_t left = settings.max_tenant_labels - std::ssize(labels) + (running_ != nullptr);
  for (Tenant& tenant : settings.tenants) {
    tenant.label = UINT32_MAX;
    if (tenant.is_wildcard) continue;
    std::string label = shown_tenant(tenant.name, settings.tenant.secret);
    if (is_label_of_weir(label)) label = "tenant " + label;
    if (const auto found = given.find(label); found != given.end()) {
      tenant.label = found->second;
    } else if (left > 0) {
      --left;
      tenant.label = static_cast<std::uint32_t>(labels.size());
      given.emplace(label, tenant.label);
      labels.push_back(std::move(label));
    }
  }
  const bool tenantless = std::ranges::any_of(plan_.routes, [](const PlannedRoute& r) {
    return r.value != nullptr && r.value->has("tenant");
  });
  if (const auto found = given.find(none); found != given.end()) {
    snapshot_->no_tenant_.label = found->second;
  } else if (tenantless) {
    snapshot_->no_tenant_.label = static_cast<std::uint32_t>(labels.size());
    labels.push_back(none);
  }
  if (running_ == nullptr) labels.push_back(other);
  snapshot_->other_label_ =
      running_ != nullptr ? running_->other_label_ : static_cast<std::uint32_t>(labels.size() - 1);
  for (Tenant& tenant : settings.tenants) {
    if (tenant.label == UINT32_MAX) tenant.label = snapshot_->other_label();
  }
}

// As KeyHasher (proxy/http) hashes a key of one field.
void SnapshotBuilder::hash_tenants() {
  const auto hash = [this](Tenant& tenant) {
    tenant.key_hash = siphash(snapshot_->hash_secret, tenant.name);
  };
  std::ranges::for_each(snapshot_->settings.tenants, hash);
  hash(snapshot_->unlimited_);
  hash(snapshot_->no_tenant_);
}

// The filter whose state the one with this identity goes on with, or null.
const Filter* SnapshotBuilder::before(const std::string& identity) {
  if (running_ == nullptr) return nullptr;
  for (const auto* list : {&running_->filters, &running_->retired_filters}) {
    for (const auto& filter : *list) {
      if (filter->identity() == identity) return filter.get();
    }
  }
  return nullptr;
}

void SnapshotBuilder::keep_retired_filters() {
  if (running_ == nullptr) return;
  std::unordered_set<std::string> names;
  for (const auto& filter : snapshot_->filters) names.insert(filter->name());
  auto& retired_filters = snapshot_->retired_filters;
  for (const auto* list : {&running_->filters, &running_->retired_filters}) {
    // The latest first, as far as there is room.
    std::for_each(list->rbegin(), list->rend(), [&](const auto& filter) {
      const bool room = retired_filters.size() < Snapshot::kMostRetiredFilters;
      if (room && names.insert(filter->name()).second) retired_filters.push_back(filter);
    });
  }
  std::reverse(retired_filters.begin(), retired_filters.end());
}

void SnapshotBuilder::index_tenants() {
  const std::vector<Tenant>& tenants = snapshot_->settings.tenants;
  snapshot_->by_name_.build(tenants, siphash(snapshot_->hash_secret, "tenants by name"));
  Tenant& unlimited = snapshot_->unlimited_;
  // A name that no client can send.
  const std::uint64_t secret = siphash(snapshot_->hash_secret, "tenant: none");
  snapshot_->no_tenant_.name.assign(reinterpret_cast<const char*>(&secret), sizeof secret);
  snapshot_->no_tenant_.index = static_cast<std::uint32_t>(tenants.size()) + 1;
  unlimited.name.assign(1, '*');
  unlimited.is_wildcard = true;
  unlimited.index = static_cast<std::uint32_t>(tenants.size());
  unlimited.label = snapshot_->other_label();
  snapshot_->all_others_ = &unlimited;
  for (const Tenant& tenant : tenants) {
    if (tenant.is_wildcard) snapshot_->all_others_ = &tenant;
    if (snapshot_->settings.tenant.from.kind != Field::Kind::client_ip) continue;
    for (const Cidr& range : ranges_of(file_.get("tenants").items[tenant.index])) {
      snapshot_->by_address_.add(range, tenant);
    }
  }
  if (snapshot_->settings.tenant.unknown == UnknownTenants::refuse)
    snapshot_->all_others_ = nullptr;
}

FilterContext SnapshotBuilder::context(std::string_view kind, const std::string& name,
                                       const Key& key, bool enforce) const {
  const std::uint64_t seed = siphash({seed_, 0}, name) | 1;
  std::string identity = std::string(kind) + " " + name;
  for (const Field& field : key) identity += " " + to_string(field);
  return {gate_, name,    static_cast<std::uint32_t>(snapshot_->labels.size()),
          seed,  enforce, std::move(identity)};
}

void SnapshotBuilder::build_pool() {
  ConcurrencyLimit::Params params;
  params.limit = snapshot_->settings.upstream.max_connections;
  params.reason = Reason::upstream_connections;
  FilterContext own = context(ConcurrencyLimit::kKind, std::string(kUpstreamName), {}, true);
  const auto* running = static_cast<const ConcurrencyLimit*>(before(own.identity));
  pool_ = std::make_shared<ConcurrencyLimit>(params, std::move(own), running);
}

void SnapshotBuilder::build_new_keys() {
  const TenantSettings& tenant = snapshot_->settings.tenant;
  const auto by_tenant = [](const PlannedChain& chain) { return chain.by_tenant; };
  if (!tenant.new_keys || plan_.new_keys.key.empty()) return;
  if (std::ranges::none_of(plan_.chains, by_tenant)) return;
  FilterContext own = context(NewKeys::kKind, std::string(kNewKeysName), plan_.new_keys.key, true);
  const auto* running = static_cast<const NewKeys*>(before(own.identity));
  const NewKeys::Params params{plan_.new_keys.tenant, plan_.new_keys.client, *tenant.new_keys};
  new_keys_ = std::make_shared<NewKeys>(params, std::move(own), running);
}

std::vector<Priority> SnapshotBuilder::classes() const {
  std::array<bool, 3> seen{};
  bool others = snapshot_->settings.tenant.unknown != UnknownTenants::refuse;
  for (const Tenant& tenant : snapshot_->settings.tenants) {
    if (tenant.is_wildcard) others = false;  // its own entry says which class they are
    seen[static_cast<std::size_t>(tenant.priority)] = true;
  }
  if (others || snapshot_->settings.tenants.empty())
    seen[static_cast<std::size_t>(Priority::normal)] = true;
  std::vector<Priority> out;
  for (const Priority each : {Priority::low, Priority::normal, Priority::high})
    if (seen[static_cast<std::size_t>(each)]) out.push_back(each);
  return out;
}

std::shared_ptr<Filter> SnapshotBuilder::build_filter(const PlannedFilter& planned,
                                                      std::shared_ptr<Buffer> line) {
  if (planned.shared)
    if (const auto found = shared_.find(planned.name); found != shared_.end()) return found->second;
  const Value* enforce = planned.params->find("enforce");
  FilterBuild build(context(planned.kind->name, planned.name, key_of(*planned.params),
                            enforce == nullptr || enforce->number != 0),
                    planned.key, snapshot_->settings.tenants, classes(), std::move(line));
  build.before = before(build.context.identity);
  std::shared_ptr<Filter> filter = planned.kind->make(*planned.params, build);
  snapshot_->filters.push_back(filter);
  if (planned.shared) shared_.emplace(planned.name, filter);
  return filter;
}

void SnapshotBuilder::build_chain(const PlannedChain& planned) {
  // From the inside out, since load_shed wants the buffer inside it.
  const std::size_t first = snapshot_->filters.size();
  std::vector<std::shared_ptr<Filter>> filters{pool_};
  std::shared_ptr<Buffer> line;
  for (std::size_t i = planned.filters.size(); i-- > 0;) {
    filters.push_back(build_filter(planned.filters[i], line));
    if (auto buffer = std::dynamic_pointer_cast<Buffer>(filters.back())) line = std::move(buffer);
  }
  if (new_keys_ != nullptr && planned.by_tenant) filters.push_back(new_keys_);
  std::reverse(filters.begin(), filters.end());
  std::reverse(snapshot_->filters.begin() + static_cast<std::ptrdiff_t>(first),
               snapshot_->filters.end());
  snapshot_->chains.push_back(std::make_unique<Chain>(planned.name, gate_, std::move(filters)));
}

void SnapshotBuilder::collect_deciding_fields() {
  std::set<std::string> names;
  const auto add = [&names](const Field& field) {
    if (field.kind == Field::Kind::header) names.insert(field.name);
  };
  add(snapshot_->settings.tenant.from);
  for (const Route& route : snapshot_->routes) {
    for (const auto& [name, value] : route.match.headers) names.insert(name);
    for (const Key& key : route.keys) std::ranges::for_each(key, add);
  }
  snapshot_->deciding_fields.assign(names.begin(), names.end());
}

// A label, once given, is its route's for good.
std::uint32_t SnapshotBuilder::route_label(const std::string& name) {
  std::vector<std::string>& labels = snapshot_->route_labels;
  const auto found = std::find(labels.begin(), labels.end(), name);
  const auto index = static_cast<std::uint32_t>(found - labels.begin());
  if (found != labels.end()) return index;
  if (labels.size() > Snapshot::kMostRouteLabels) return index - 1;
  labels.push_back(labels.size() < Snapshot::kMostRouteLabels ? name : "other");
  return index;
}

void SnapshotBuilder::build_routes() {
  if (running_ != nullptr) snapshot_->route_labels = running_->route_labels;
  const Field::Kind from = snapshot_->settings.tenant.from.kind;
  snapshot_->decides_by_segment = from == Field::Kind::path_segment;
  for (const PlannedRoute& planned : plan_.routes) {
    Route route;
    route.name = planned.name;
    route.index = route_label(route.name);
    if (planned.value != nullptr) route.match = match_of(planned.value->get("match"));
    route.chain = snapshot_->chains[planned.chain].get();
    route.keys = plan_.chains[planned.chain].keys;
    route.tenantless = planned.value != nullptr && planned.value->has("tenant");
    snapshot_->decides_by_path |= route.match.path || route.match.path_prefix;
    for (const Key& key : route.keys) {
      for (const Field& field : key) {
        snapshot_->decides_by_segment |= field.kind == Field::Kind::path_segment;
      }
    }
    snapshot_->routes.push_back(std::move(route));
  }
}

}  // namespace weir
