#include "config/build.h"

#include <algorithm>
#include <set>

#include "config/route_match.h"
#include "config/secret.h"
#include "filters/concurrency_limit.h"
#include "filters/random.h"
#include "filters/siphash.h"

namespace weir {

SnapshotBuilder::SnapshotBuilder(const Value& file, const Plan& plan, std::uint64_t seed,
                                 Gate& gate)
    : file_(file), plan_(plan), seed_(seed), gate_(gate) {}

std::unique_ptr<Snapshot> SnapshotBuilder::build() {
  snapshot_ = std::make_unique<Snapshot>();
  snapshot_->settings = settings_of(file_);
  Random random(seed_);
  snapshot_->hash_secret = {random.next(), random.next()};
  label_tenants();
  index_tenants();
  build_pool();
  for (const PlannedChain& chain : plan_.chains) build_chain(chain);
  snapshot_->filters.push_back(pool_);
  build_routes();
  collect_deciding_fields();
  return std::move(snapshot_);
}

void SnapshotBuilder::label_tenants() {
  Settings& settings = snapshot_->settings;
  const std::string other = "other";
  for (Tenant& tenant : settings.tenants) {
    const bool own =
        !tenant.everyone_else && std::ssize(snapshot_->labels) < settings.max_tenant_labels;
    tenant.label = static_cast<std::uint32_t>(snapshot_->labels.size());
    if (own)
      snapshot_->labels.push_back(shown_tenant(tenant.name, settings.tenant.secret));
    else
      tenant.label = UINT32_MAX;
  }
  snapshot_->labels.push_back(other);
  for (Tenant& tenant : settings.tenants)
    tenant.label = std::min(tenant.label, snapshot_->other_label());
}

void SnapshotBuilder::index_tenants() {
  const std::vector<Tenant>& tenants = snapshot_->settings.tenants;
  snapshot_->by_name_.reserve(tenants.size());
  Tenant& unlimited = snapshot_->unlimited_;
  unlimited.name.assign(1, '*');
  unlimited.everyone_else = true;
  unlimited.index = static_cast<std::uint32_t>(tenants.size());
  unlimited.label = snapshot_->other_label();
  snapshot_->all_others_ = &unlimited;
  for (const Tenant& tenant : tenants) {
    if (tenant.everyone_else)
      snapshot_->all_others_ = &tenant;
    else
      snapshot_->by_name_.emplace(tenant.name, tenant.index);
  }
  if (snapshot_->settings.tenant.unknown == UnknownTenants::refuse)
    snapshot_->all_others_ = nullptr;
}

FilterContext SnapshotBuilder::context(const std::string& name, bool enforce) const {
  const std::uint64_t seed = siphash({seed_, 0}, name) | 1;
  return {gate_, name, static_cast<std::uint32_t>(snapshot_->labels.size()), seed, enforce};
}

void SnapshotBuilder::build_pool() {
  ConcurrencyLimit::Params params;
  params.limit = snapshot_->settings.upstream.max_connections;
  params.reason = Reason::upstream_connections;
  pool_ = std::make_shared<ConcurrencyLimit>(params, context(std::string(kUpstreamName), true));
}

std::vector<Priority> SnapshotBuilder::classes() const {
  std::array<bool, 3> seen{};
  bool others = snapshot_->settings.tenant.unknown != UnknownTenants::refuse;
  for (const Tenant& tenant : snapshot_->settings.tenants) {
    if (tenant.everyone_else) others = false;  // its own entry says which class they are
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
  FilterBuild build(context(planned.name, enforce == nullptr || enforce->number != 0), planned.key,
                    static_cast<std::uint32_t>(snapshot_->settings.tenants.size()), classes(),
                    std::move(line));
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

void SnapshotBuilder::build_routes() {
  for (const PlannedRoute& planned : plan_.routes) {
    Route route;
    route.name = planned.name;
    route.index = static_cast<std::uint32_t>(snapshot_->routes.size());
    if (planned.value != nullptr) route.match = match_of(planned.value->get("match"));
    route.chain = snapshot_->chains[planned.chain].get();
    route.keys = plan_.chains[planned.chain].keys;
    snapshot_->routes.push_back(std::move(route));
  }
}

}  // namespace weir
