#include "config/build.h"
#include "config/enum_values.h"
#include "config/secret.h"

namespace weir {
namespace {

Duration duration_of(const Value& map, std::string_view key) {
  return Duration{map.get(key).number};
}

Endpoint endpoint_of(const Value& map, std::string_view key) {
  const Value& value = map.get(key);
  return *parse_endpoint(value.text, value.spec->use);
}

UpstreamSettings upstream_of(const Value& map) {
  UpstreamSettings out;
  out.address = endpoint_of(map, "address");
  out.max_connections = map.get("max_connections").number;
  out.connect_timeout = duration_of(map, "connect_timeout");
  out.idle_timeout = duration_of(map, "idle_timeout");
  out.max_age = duration_of(map, "max_age");
  if (const std::string& host = map.get("host").text; host != "preserve") out.host = host;
  return out;
}

Limits limits_of(const Value& map) {
  Limits out;
  out.max_connections = map.get("max_connections").number;
  if (const Value* most = map.find("max_connections_per_client"))
    out.max_connections_per_client = most->number;
  out.max_head = map.get("max_head").number;
  out.max_body = map.get("max_body").number;
  out.buffered_bytes = map.get("buffered_bytes").number;
  out.head_timeout = duration_of(map, "head_timeout");
  out.body_timeout = duration_of(map, "body_timeout");
  out.min_body_rate = map.get("min_body_rate").number;
  out.send_timeout = duration_of(map, "send_timeout");
  out.idle_timeout = duration_of(map, "idle_timeout");
  out.abandoned_timeout = duration_of(map, "abandoned_timeout");
  return out;
}

// Where tenants are told apart, none of them gets more than a quarter of the tunnels.
UpgradeSettings upgrades_of(const Value& map, bool with_tenants) {
  UpgradeSettings out;
  out.protocols.clear();
  for (const Value& protocol : map.get("protocols").items) out.protocols.push_back(protocol.text);
  out.max = map.get("max").number;
  const Value* per_tenant = map.find("max_per_tenant");
  out.max_per_tenant = per_tenant != nullptr ? per_tenant->number
                       : with_tenants        ? (out.max + 3) / 4
                                             : out.max;
  out.idle_timeout = duration_of(map, "idle_timeout");
  return out;
}

TenantSettings tenant_settings_of(const Value& map) {
  TenantSettings out;
  out.from = *parse_field(map.get("from").text);
  out.default_name = map.get("default").text;
  const std::string& unknown = map.get("unknown").text;
  out.unknown = unknown == "own"      ? UnknownTenants::own
                : unknown == "shared" ? UnknownTenants::shared
                                      : UnknownTenants::refuse;
  out.secret = map.get("secret").number != 0;
  if (const Value* new_keys = map.find("new_keys")) out.new_keys = quota_of(*new_keys, "new_keys");
  return out;
}

// The policy of a quota goes to clients: a name that is a credential only as its hash.
Tenant tenant_of(const Value& entry, std::size_t index, bool secret) {
  Tenant out;
  out.name = entry.name;
  out.index = static_cast<std::uint32_t>(index);
  out.quota = quota_of(entry, shown_tenant(out.name, secret));
  if (const Value* limit = entry.find("concurrency")) out.concurrency = limit->number;
  if (const Value* queue = entry.find("queue")) out.queue = queue->number;
  out.weight = static_cast<std::uint32_t>(entry.get("weight").number);
  out.priority = priority_of(entry);
  out.deny = entry.get("deny").number != 0;
  out.is_wildcard = out.name == "*";
  return out;
}

AccessLogSettings access_log_of(const Value& map) {
  AccessLogSettings out;
  out.to = map.get("to").text;
  out.format = map.get("format").text == "json" ? AccessLogSettings::Format::json
                                                : AccessLogSettings::Format::combined;
  out.sample = static_cast<std::uint32_t>(map.get("sample").number);
  out.query = map.get("query").number != 0;
  return out;
}

}  // namespace

Priority priority_of(const Value& tenant) {
  const std::string& word = tenant.get("priority").text;
  return word == "low" ? Priority::low : word == "high" ? Priority::high : Priority::normal;
}

Settings settings_of(const Value& file) {
  Settings out;
  out.name = file.get("name").text;
  out.own_name = file.has("name");
  out.x_ratelimit = file.get("x_ratelimit").number != 0;
  out.allow_trace = file.get("allow_trace").number != 0;
  out.listen = endpoint_of(file, "listen");
  out.upstream = upstream_of(file.get("upstream"));
  out.admin = endpoint_of(file.get("admin"), "listen");
  if (const Value* telemetry = file.find("telemetry"))
    out.telemetry = endpoint_of(*telemetry, "listen");
  out.workers = file.get("workers").number;
  out.limits = limits_of(file.get("limits"));
  for (const Value& range : file.get("trusted_proxies").items)
    out.trusted_proxies.push_back(*parse_cidr(range.text));
  out.upgrades = upgrades_of(file.get("upgrades"), file.has("tenant") || file.has("tenants"));
  const std::string& ambiguous = file.get("paths").get("ambiguous").text;
  out.ambiguous_paths = ambiguous == "refuse"   ? AmbiguousPaths::refuse
                        : ambiguous == "by_raw" ? AmbiguousPaths::by_raw
                                                : AmbiguousPaths::forward_normalised;
  out.tenant = tenant_settings_of(file.get("tenant"));
  const Value& tenants = file.get("tenants");
  out.tenants.reserve(tenants.items.size());
  for (const Value& entry : tenants.items)
    out.tenants.push_back(tenant_of(entry, out.tenants.size(), out.tenant.secret));
  out.max_tenant_labels = file.get("metrics").get("max_tenants").number;
  out.access_log = access_log_of(file.get("access_log"));
  if (const Value* delay = file.get("drain").find("delay")) {
    out.drain_delay = Duration{delay->number};
  }
  out.drain_timeout = duration_of(file.get("drain"), "timeout");
  out.drain_grace = duration_of(file.get("drain"), "grace");
  return out;
}

}  // namespace weir
