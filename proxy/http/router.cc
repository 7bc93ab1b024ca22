#include "proxy/http/router.h"

#include <algorithm>

#include "proxy/http/characters.h"
#include "proxy/http/normalise.h"

namespace weir {

namespace {

// At a segment boundary: "/a" is a prefix of "/a" and "/a/b", not of "/ab".
bool has_prefix(std::string_view path, std::string_view prefix) {
  if (!path.starts_with(prefix)) return false;
  return path.size() == prefix.size() || prefix.ends_with('/') || path[prefix.size()] == '/';
}

bool host_matches(std::string_view pattern, std::string_view host) {
  if (!pattern.starts_with("*.")) return equals_ignoring_case(pattern, host);
  const std::string_view domain = pattern.substr(1);  // with its dot
  return host.size() > domain.size() &&
         equals_ignoring_case(host.substr(host.size() - domain.size()), domain);
}

bool has_header(const Head& head, std::string_view name, std::string_view value) {
  return std::ranges::any_of(head.fields, [&](const FieldLine& line) {
    return head.text(line.value) == value && equals_ignoring_case(head.text(line.name), name);
  });
}

}  // namespace

bool Router::matches(const RouteMatch& match, const Head& head, const Target& target,
                     std::string_view path) {
  if (match.path && *match.path != path) return false;
  if (match.path_prefix && !has_prefix(path, *match.path_prefix)) return false;
  if (!match.methods.empty() &&
      std::ranges::find(match.methods, head.method_text()) == match.methods.end()) {
    return false;
  }
  if (match.host && !host_matches(*match.host, target.host)) return false;
  return std::ranges::all_of(match.headers, [&](const auto& header) {
    return has_header(head, header.first, header.second);
  });
}

const Route* Router::find_route(const Head& head, const Target& target, std::string_view path) {
  for (const Route& route : snapshot_.routes) {
    if (matches(route.match, head, target, path)) return &route;
  }
  return nullptr;
}

RequestParts Router::parts(const Head& head, const Target& target, const ClientAddress& peer,
                           const Route* route) {
  return {head,
          target,
          normalise_path(target.path, path_),
          effective_client(peer, head, snapshot_.settings.trusted_proxies),
          {},
          route != nullptr ? std::string_view(route->name) : std::string_view{}};
}

std::string_view Router::tenant_name(const RequestParts& parts) {
  const TenantSettings& settings = snapshot_.settings.tenant;
  const auto name = extract(settings.from, parts, scratch_);
  return name && !name->empty() ? *name : std::string_view(settings.default_name);
}

Router::Decision Router::decide(const Head& head, const Target& target, const ClientAddress& peer,
                                Request& request) {
  Decision decision;
  const std::string_view path = normalise_path(target.path, path_);
  decision.route = find_route(head, target, path);
  const std::string_view route_name = decision.route ? decision.route->name : std::string_view{};
  RequestParts parts{head, target,
                     path, effective_client(peer, head, snapshot_.settings.trusted_proxies),
                     {},   route_name};

  const std::string_view name = tenant_name(parts);
  const Snapshot::Found found = snapshot_.find_tenant(name);
  decision.tenant = found.tenant;
  decision.tenant_label = found.tenant ? found.tenant->label : snapshot_.other_label();
  if (found.tenant == nullptr) {
    decision.refusal = Reason::tenant_unknown;
  } else if (found.tenant->deny) {
    decision.refusal = Reason::tenant_denied;
  } else if (decision.route == nullptr) {
    decision.refusal = Reason::no_route;
  }
  request.tenant = found.tenant;
  request.tenant_label = decision.tenant_label;
  request.method = head.method_text();
  if (decision.refusal != Reason::none) return decision;

  // Whether it goes by its tenant's name, which for those that share is "*", or by one of its own.
  const bool as_tenant =
      found.own_entry || snapshot_.settings.tenant.unknown == UnknownTenants::shared;
  parts.tenant = as_tenant ? std::string_view(found.tenant->name) : name;
  // The name may stand in scratch_; the hasher has scratch memory of its own.
  const std::size_t keys = std::min(decision.route->keys.size(), kMaxKeys);
  for (std::size_t i = 0; i < keys; ++i) {
    const Key& key = decision.route->keys[i];
    request.keys[i] =
        as_tenant && is_tenant_alone(key) ? found.tenant->key_hash : hasher_.hash(key, parts);
  }
  return decision;
}

}  // namespace weir
