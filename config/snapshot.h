// The configuration in force: immutable once built, shared by all workers and the admin plane.
//
// Settings are what stands in the file, checked and in the units of the code. A Snapshot is that
// plus what is built from it: the chains with their filters, and the tables for look-up.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/address_index.h"
#include "config/endpoint.h"
#include "config/field.h"
#include "config/tenant_index.h"
#include "filters/chain.h"
#include "filters/tenant.h"
#include "filters/time.h"

namespace weir {

struct UpstreamSettings {
  Endpoint address;
  std::int64_t max_connections = 512;
  Duration connect_timeout = std::chrono::seconds(5);
  Duration idle_timeout = std::chrono::seconds(4);
  Duration max_age = std::chrono::minutes(1);
  std::string host;  // empty: preserve
};

struct Limits {
  std::int64_t max_connections = 10'000;
  std::int64_t max_connections_per_client = 0;  // 0: no such limit
  std::int64_t max_head = 32 << 10;
  std::int64_t max_body = 1 << 30;
  std::int64_t buffered_bytes = 32 << 20;
  Duration head_timeout = std::chrono::seconds(10);
  Duration body_timeout = std::chrono::seconds(30);  // without a byte of the body
  std::int64_t min_body_rate = 500;                  // bytes a second
  Duration send_timeout = std::chrono::seconds(30);  // without a byte of the answer being taken
  Duration idle_timeout = std::chrono::seconds(75);
  Duration abandoned_timeout = std::chrono::seconds(30);  // from when the client left
};

// Connections that become a tunnel.
struct UpgradeSettings {
  std::vector<std::string> protocols = {"websocket"};  // empty: none
  std::int64_t max = 1000;
  std::int64_t max_per_tenant = 1000;
  Duration idle_timeout = std::chrono::minutes(10);  // without a byte either way
};

// What becomes of a path that services can read in more than one way.
enum class AmbiguousPaths : std::uint8_t { refuse, forward_normalised, by_raw };

enum class UnknownTenants : std::uint8_t { own, shared, refuse };

struct TenantSettings {
  Field from{Field::Kind::header, "x-tenant", 0};
  std::string default_name = "anonymous";
  UnknownTenants unknown = UnknownTenants::own;
  bool secret = false;            // its name is a credential (an API key): show a hash
  std::optional<Quota> new_keys;  // names without an entry that one client may bring up
};

struct AccessLogSettings {
  enum class Format : std::uint8_t { json, combined };
  std::string to = "none";  // none, stdout, or a file's whole path
  Format format = Format::json;
  std::uint32_t sample = 10'000;  // of what went well, in hundredths of a percent
  bool query = false;
  bool on() const { return to != "none"; }
};

struct RouteMatch {
  std::optional<std::string> path;             // the whole path, normalised
  std::optional<std::string> path_prefix;      // at a segment boundary
  std::vector<std::string> methods;            // any of them; empty: all
  std::optional<std::string> host;             // "example.com" or "*.example.com", lower case
  std::map<std::string, std::string> headers;  // all must be equal
};

struct Route {
  std::string name;         // its `name:`, or the match in short; the `route` label
  std::uint32_t index = 0;  // of Snapshot::route_labels
  RouteMatch match;
  Chain* chain = nullptr;
  std::vector<Key> keys;    // what Request::keys must hold for this chain
  bool tenantless = false;  // tenant: none
};

struct Settings {
  Endpoint listen;
  UpstreamSettings upstream;
  Endpoint admin;  // 127.0.0.1:9901 by default
  std::optional<Endpoint> telemetry;
  std::int64_t workers = 1;  // 0: auto
  Limits limits;
  std::vector<Cidr> trusted_proxies;
  std::string name = "weir";  // of the deployment: Via, Proxy-Status
  bool own_name = false;      // given, so that a Via with it means a loop
  UpgradeSettings upgrades;
  bool x_ratelimit = false;  // X-RateLimit-* besides RateLimit
  bool allow_trace = false;  // the method
  AmbiguousPaths ambiguous_paths = AmbiguousPaths::refuse;
  TenantSettings tenant;
  std::vector<Tenant> tenants;            // by Tenant::index
  std::int64_t max_tenant_labels = 1000;  // metrics.max_tenants
  AccessLogSettings access_log;
  std::optional<Duration> drain_delay;  // none: by where weir runs
  Duration drain_timeout = std::chrono::seconds(30);
  Duration drain_grace = std::chrono::seconds(2);
};

struct FixedValues;

class Snapshot {
 public:
  // The most values that the `route` label has over all reloads; what comes after is `other`.
  static constexpr std::size_t kMostRouteLabels = 4096;
  // The most filters that are remembered after a reload took them out.
  static constexpr std::size_t kMostRetiredFilters = 32;

  Settings settings;

  // Routes in order of match; the last one has no conditions if a top-level chain stands.
  std::vector<Route> routes;
  std::vector<std::unique_ptr<Chain>> chains;
  // All filters, each once, outermost first within each chain, the upstream's pool last; no two
  // have the same name.
  std::vector<std::shared_ptr<Filter>> filters;
  // Those that reloads took out, the last one at the end: their counts are still shown, and one
  // that comes back goes on with its state.
  std::vector<std::shared_ptr<Filter>> retired_filters;

  // Has the filters' parameters hold from now on, for requests of the snapshots before too. Inside
  // a pass; once, when it comes into force after another one.
  void activate() const;

  // The tenant of that name: its own entry, or what stands for all that have none ("*", or an
  // unlimited one). Null: refused (tenant.unknown: refuse). `own_entry` says which.
  struct Found {
    const Tenant* tenant = nullptr;
    bool own_entry = false;
  };
  Found find_tenant(std::string_view name) const {
    const Tenant* own = by_name_.find(name);
    return own != nullptr ? Found{own, true} : Found{all_others_, false};
  }

  // The same by address, where tenant.from is client_ip: the longest range that has it.
  Found find_tenant_at(const std::array<std::uint8_t, 16>& address) const {
    const Tenant* own = by_address_.find(address);
    return own != nullptr ? Found{own, true} : Found{all_others_, false};
  }
  // Of routes with tenant: none. Its name is one that no request can make up.
  const Tenant& no_tenant() const { return no_tenant_; }
  // A route is matched with the path; the tenant or a key is one of its segments.
  bool decides_by_path = false;
  bool decides_by_segment = false;

  // Values of the `tenant` label, by Tenant::label. A reload only appends: those of tenants that it
  // removed stay.
  std::vector<std::string> labels;
  std::uint32_t other_label() const { return other_label_; }
  // Values of the `route` label, by Route::index; of removed routes too.
  std::vector<std::string> route_labels;

  // The header fields that decide about a request: the tenant's, routes', keys'. Lower case, each
  // once. They must stand in its head.
  std::vector<std::string> deciding_fields;

  // The key of the hash that makes Request::keys out of fields; random for each process.
  std::array<std::uint64_t, 2> hash_secret{};

  // The effective configuration, every default filled in, with secrets redacted: as YAML and JSON.
  std::string effective_yaml;
  std::string effective_json;

  // What a reload cannot change.
  std::shared_ptr<const FixedValues> fixed;

 private:
  friend class SnapshotBuilder;
  TenantIndex by_name_;
  AddressIndex by_address_;
  const Tenant* all_others_ = nullptr;
  Tenant unlimited_;
  Tenant no_tenant_;
  std::uint32_t other_label_ = 0;
  std::uint64_t seed_ = 0;
};

}  // namespace weir
