// Which route a request takes, and whose it is.
//
// Owner and thread: a worker; the snapshot that it reads is immutable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config/snapshot.h"
#include "filters/request.h"
#include "proxy/http/client_address.h"
#include "proxy/http/head.h"
#include "proxy/http/keys.h"
#include "proxy/http/normalise.h"
#include "proxy/http/target.h"

namespace weir {

class Router {
 public:
  explicit Router(const Snapshot& snapshot) : snapshot_(snapshot), hasher_(snapshot.hash_secret) {}

  struct Decision {
    const Route* route = nullptr;    // null: no_route
    const Tenant* tenant = nullptr;  // null: tenant_unknown
    std::uint32_t tenant_label = 0;  // of the metrics
    Reason refusal = Reason::none;   // no_route, tenant_*, ambiguous_*
  };
  // For the log: what the tenant's name is taken from, as decide() has it, and that name. Both are
  // valid until the router is asked again.
  RequestParts parts(const Head& head, const Target& target, const ClientAddress& peer,
                     const Route* route);
  std::string_view tenant_name(const RequestParts& parts) {
    bool ignored = false;
    return tenant_name(parts, ignored);
  }

  // The path that the request is forwarded with, where that is not as it came (paths.ambiguous:
  // forward_normalised); else empty. Good until the router is asked again.
  std::string_view path_to_forward() const { return forwarded_; }

  // Sets the request's tenant, label and keys besides.
  Decision decide(const Head& head, const Target& target, const ClientAddress& peer,
                  Request& request);

 private:
  std::string_view tenant_name(const RequestParts& parts, bool& ambiguous);
  enum class PathDoubt : std::uint8_t {
    none,
    readings,  // its readings are to be compared
    refused,
  };
  // The path as routes are matched with it. Sets path_doubt_, and what is forwarded instead of it.
  std::string_view path_to_match(const Target& target) {
    forwarded_ = {};
    path_doubt_ = PathDoubt::none;
    return is_normal_path(target.path) ? target.path : odd_path_to_match(target.path);
  }
  [[gnu::noinline]] std::string_view odd_path_to_match(std::string_view path);
  PathDoubt doubt_of(const PathTraits& traits) const;
  [[gnu::noinline]] bool all_readings_take(const Route* route, const Head& head,
                                           const Target& target);
  Snapshot::Found find_tenant(const RequestParts& parts, std::string_view name,
                              bool& ambiguous) const;
  const Route* find_route(const Head& head, const Target& target, std::string_view path);
  [[gnu::noinline]] bool headers_match(const RouteMatch& match, const Head& head);
  bool matches(const RouteMatch& match, const Head& head, const Target& target,
               std::string_view path);

  const Snapshot& snapshot_;
  KeyHasher hasher_;
  std::string path_, scratch_, encoded_, reading_;
  // Of the request that was asked about last.
  std::string_view forwarded_;
  PathDoubt path_doubt_ = PathDoubt::none;
  bool ambiguous_field_ = false;  // that a route is matched with
};

}  // namespace weir
