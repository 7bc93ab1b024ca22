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

// A name with its root's dot is the same name (RFC 3986 §3.2.2).
bool host_matches(std::string_view pattern, std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (!pattern.starts_with("*.")) return equals_ignoring_case(pattern, host);
  const std::string_view domain = pattern.substr(1);  // with its dot
  return host.size() > domain.size() &&
         equals_ignoring_case(host.substr(host.size() - domain.size()), domain);
}

// More of them, in a path that is not normal, is no honest request.
constexpr std::size_t kMaxSegments = 1000;

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
  return match.headers.empty() || headers_match(match, head);
}

bool Router::headers_match(const RouteMatch& match, const Head& head) {
  return std::ranges::all_of(match.headers, [&](const auto& header) {
    const FieldLine* line = find_line(head, header.first, ambiguous_field_);
    return line != nullptr && head.text(line->value) == header.second;
  });
}

const Route* Router::find_route(const Head& head, const Target& target, std::string_view path) {
  for (const Route& route : snapshot_.routes) {
    if (matches(route.match, head, target, path)) return &route;
  }
  return nullptr;
}

// The path as routes are matched with it, of one that is not normal. Sets path_doubt_, and what is
// forwarded instead of it.
std::string_view Router::odd_path_to_match(std::string_view path) {
  if (path == "*") return path;
  const AmbiguousPaths mode = snapshot_.settings.ambiguous_paths;
  const PathTraits traits = path_traits(path);
  if (traits.segments > kMaxSegments) path_doubt_ = PathDoubt::refused;
  if (mode == AmbiguousPaths::by_raw) return path.empty() ? std::string_view("/") : path;
  const bool matters = snapshot_.decides_by_path || snapshot_.decides_by_segment;
  if (path_doubt_ == PathDoubt::none && matters) path_doubt_ = doubt_of(traits);
  const std::string_view normal = normalise_path(path, path_);
  if (mode == AmbiguousPaths::forward_normalised &&
      (traits.leads_anywhere() || traits.has_readings())) {
    encode_path(normal, encoded_);
    forwarded_ = encoded_;
  }
  return normal;
}

// Of a path that a route or a key reads. Normalised, only NUL and parameters can still be read in
// two ways.
Router::PathDoubt Router::doubt_of(const PathTraits& traits) const {
  const bool refuse = snapshot_.settings.ambiguous_paths == AmbiguousPaths::refuse;
  if (traits.nul || (refuse && traits.leads_anywhere())) return PathDoubt::refused;
  const bool readings = refuse ? traits.has_readings() : traits.parameters;
  if (!readings) return PathDoubt::none;
  return snapshot_.decides_by_segment ? PathDoubt::refused : PathDoubt::readings;
}

// Do all readings of the path take this route?
bool Router::all_readings_take(const Route* route, const Head& head, const Target& target) {
  const bool normalised = !forwarded_.empty();
  const std::string_view path = normalised ? forwarded_ : target.path;
  for (unsigned bits = 0; bits < 8; ++bits) {
    const PathReading as = {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0};
    read_path(path, as, reading_);
    if (find_route(head, target, reading_) != route) return false;
  }
  return true;
}

RequestParts Router::parts(const Head& head, const Target& target, const ClientAddress& peer,
                           const Route* route) {
  return {head,
          target,
          path_to_match(target),
          effective_client(peer, head, snapshot_.settings.trusted_proxies),
          {},
          route != nullptr ? std::string_view(route->name) : std::string_view{}};
}

std::string_view Router::tenant_name(const RequestParts& parts, bool& ambiguous) {
  const TenantSettings& settings = snapshot_.settings.tenant;
  const auto name = extract(settings.from, parts, scratch_, ambiguous);
  if (!name || name->empty()) return settings.default_name;
  return *name;
}

// A proxy on the way may join several lines to one (RFC 9110 §5.3): no name has a comma.
[[gnu::noinline]] static bool is_joined(std::string_view name) {
  return name.find(',') != std::string_view::npos;
}

inline Snapshot::Found Router::find_tenant(const RequestParts& parts, std::string_view name,
                                           bool& ambiguous) const {
  const Field::Kind from = snapshot_.settings.tenant.from.kind;
  if (from == Field::Kind::client_ip && parts.client.known) {
    return snapshot_.find_tenant_at(parts.client.bytes);
  }
  const Snapshot::Found found = snapshot_.find_tenant(name);
  if (!found.own_entry && from == Field::Kind::header) ambiguous |= is_joined(name);
  return found;
}

namespace {

inline Reason why_refused(const Router::Decision& decision, bool ambiguous) {
  if (ambiguous) return Reason::ambiguous_key;
  if (decision.tenant == nullptr) return Reason::tenant_unknown;
  if (decision.tenant->deny) return Reason::tenant_denied;
  return decision.route == nullptr ? Reason::no_route : Reason::none;
}

}  // namespace

Router::Decision Router::decide(const Head& head, const Target& target, const ClientAddress& peer,
                                Request& request) {
  Decision decision;
  ambiguous_field_ = false;
  const std::string_view path = path_to_match(target);
  decision.route = find_route(head, target, path);
  if (path_doubt_ == PathDoubt::readings && !all_readings_take(decision.route, head, target)) {
    path_doubt_ = PathDoubt::refused;
  }
  const std::string_view route_name = decision.route ? decision.route->name : std::string_view{};
  RequestParts parts{head, target,
                     path, effective_client(peer, head, snapshot_.settings.trusted_proxies),
                     {},   route_name};

  bool ambiguous = ambiguous_field_;
  std::string_view name;
  Snapshot::Found found;
  if (decision.route != nullptr && decision.route->tenantless) {
    name = snapshot_.no_tenant().name;
    found = {&snapshot_.no_tenant(), true};
  } else {
    name = tenant_name(parts, ambiguous);
    found = find_tenant(parts, name, ambiguous);
  }
  if (ambiguous) found.tenant = nullptr;  // it may be any of them
  decision.tenant = request.tenant = found.tenant;
  decision.tenant_label = found.tenant ? found.tenant->label : snapshot_.other_label();
  request.tenant_label = decision.tenant_label;
  request.method = head.method_text();
  decision.refusal =
      path_doubt_ == PathDoubt::refused ? Reason::ambiguous_path : why_refused(decision, ambiguous);
  if (decision.refusal != Reason::none) return decision;

  // Whether it goes by its tenant's name, which for those that share is "*", or by one of its own.
  const bool as_tenant =
      found.own_entry || snapshot_.settings.tenant.unknown == UnknownTenants::shared;
  parts.tenant = as_tenant ? std::string_view(decision.tenant->name) : name;
  // The name may stand in scratch_; the hasher has scratch memory of its own.
  std::uint64_t* hash = request.keys.data();  // the config allows kMaxKeys
  for (const Key& key : decision.route->keys) {
    *hash++ = as_tenant && is_tenant_alone(key) ? decision.tenant->key_hash
                                                : hasher_.hash(key, parts, ambiguous);
  }
  if (ambiguous) decision.refusal = Reason::ambiguous_key;
  return decision;
}

}  // namespace weir
