// What a configuration becomes.
#include "config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filters/buffer/buffer.h"
#include "tests/unit/config_load.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

std::vector<std::string> names(const std::vector<std::shared_ptr<Filter>>& filters) {
  std::vector<std::string> out;
  out.reserve(filters.size());
  for (const auto& filter : filters) out.push_back(filter->name());
  return out;
}

Loaded sound(const std::string& yaml) {
  Loaded loaded = load_config(yaml);
  EXPECT_THAT(loaded.errors, IsEmpty()) << yaml;
  EXPECT_NE(loaded.snapshot, nullptr);
  return loaded;
}

TEST(Load, TwoLinesAreEnough) {
  const Loaded loaded = sound(kBase);
  const Settings& settings = loaded.snapshot->settings;
  EXPECT_THAT(loaded.warnings, IsEmpty());
  EXPECT_EQ(settings.listen.port, 8080);
  EXPECT_EQ(settings.upstream.address.port, 3000);
  EXPECT_EQ(settings.upstream.host, "");
  EXPECT_EQ(settings.admin.text, "127.0.0.1:9901");
  EXPECT_FALSE(settings.telemetry);
  EXPECT_EQ(settings.name, "weir");
  EXPECT_THAT(names(loaded.snapshot->filters),
              ElementsAre("timeout", "buffer", "concurrency_limit", "retry", "upstream"));
  ASSERT_EQ(loaded.snapshot->routes.size(), 1U);
  EXPECT_EQ(loaded.snapshot->routes[0].name, "default");
  EXPECT_THAT(loaded.snapshot->labels, ElementsAre("other"));
}

// The table's defaults and those of the structs are the same.
TEST(Load, DefaultsAgreeWithTheCode) {
  const Settings loaded = std::move(sound(kBase).snapshot->settings);
  const UpstreamSettings upstream;
  const Limits limits;
  const TenantSettings tenant;
  EXPECT_EQ(loaded.upstream.max_connections, upstream.max_connections);
  EXPECT_EQ(loaded.upstream.connect_timeout, upstream.connect_timeout);
  EXPECT_EQ(loaded.upstream.idle_timeout, upstream.idle_timeout);
  EXPECT_EQ(loaded.limits.max_connections, limits.max_connections);
  EXPECT_EQ(loaded.limits.max_head, limits.max_head);
  EXPECT_EQ(loaded.limits.max_body, limits.max_body);
  EXPECT_EQ(loaded.limits.buffered_bytes, limits.buffered_bytes);
  EXPECT_EQ(loaded.limits.head_timeout, limits.head_timeout);
  EXPECT_EQ(loaded.limits.body_timeout, limits.body_timeout);
  EXPECT_EQ(loaded.limits.max_connections_per_client, limits.max_connections_per_client);
  EXPECT_EQ(loaded.limits.min_body_rate, limits.min_body_rate);
  EXPECT_EQ(loaded.limits.send_timeout, limits.send_timeout);
  EXPECT_EQ(loaded.limits.idle_timeout, limits.idle_timeout);
  EXPECT_EQ(loaded.tenant.from, tenant.from);
  EXPECT_EQ(loaded.tenant.default_name, tenant.default_name);
  EXPECT_EQ(loaded.tenant.unknown, tenant.unknown);
  EXPECT_EQ(loaded.tenant.secret, tenant.secret);
  const Settings settings;
  EXPECT_EQ(loaded.workers, settings.workers);
  EXPECT_EQ(loaded.name, settings.name);
  EXPECT_EQ(loaded.x_ratelimit, settings.x_ratelimit);
  EXPECT_EQ(loaded.allow_trace, settings.allow_trace);
  EXPECT_EQ(loaded.max_tenant_labels, settings.max_tenant_labels);
  EXPECT_EQ(loaded.drain_timeout, settings.drain_timeout);
  EXPECT_EQ(loaded.drain_delay, settings.drain_delay);
  EXPECT_EQ(loaded.access_log.to, settings.access_log.to);
  EXPECT_EQ(loaded.access_log.format, settings.access_log.format);
  EXPECT_EQ(loaded.access_log.sample, settings.access_log.sample);
  EXPECT_EQ(loaded.access_log.query, settings.access_log.query);
}

TEST(Load, EverySettingArrives) {
  const Loaded loaded = sound(R"(
name: edge
listen: "[::1]:0"
upstream: {address: unix:/run/a.sock, max_connections: 7, connect_timeout: 2s, idle_timeout: 3s, host: a.b}
admin: {listen: :9000}
telemetry: {listen: :9001}
workers: 3
limits: {max_connections: 1, max_head: 2KiB, max_body: 3B, buffered_bytes: 4B, head_timeout: 5s,
         body_timeout: 6s, idle_timeout: 7s, max_connections_per_client: 8, min_body_rate: 9B,
         send_timeout: 10s}
x_ratelimit: true
allow_trace: true
trusted_proxies: [10.0.0.0/8]
tenant: {from: cookie sid, default: nobody, unknown: shared, secret: true}
metrics: {max_tenants: 5}
drain: {delay: 3s, timeout: 1m}
access_log: {to: /var/log/a.log, format: combined, sample: 0.5%, query: true}
)");
  const Settings& s = loaded.snapshot->settings;
  EXPECT_EQ(s.name, "edge");
  EXPECT_EQ(s.listen.host, "::1");
  EXPECT_EQ(s.upstream.address.host, "/run/a.sock");
  EXPECT_EQ(s.upstream.max_connections, 7);
  EXPECT_EQ(s.upstream.connect_timeout, 2s);
  EXPECT_EQ(s.upstream.idle_timeout, 3s);
  EXPECT_EQ(s.upstream.host, "a.b");
  EXPECT_EQ(s.admin.port, 9000);
  EXPECT_EQ(s.telemetry->port, 9001);
  EXPECT_EQ(s.workers, 3);
  EXPECT_EQ(s.limits.max_connections, 1);
  EXPECT_EQ(s.limits.max_head, 2048);
  EXPECT_EQ(s.limits.max_body, 3);
  EXPECT_EQ(s.limits.buffered_bytes, 4);
  EXPECT_EQ(s.limits.head_timeout, 5s);
  EXPECT_EQ(s.limits.body_timeout, 6s);
  EXPECT_EQ(s.limits.idle_timeout, 7s);
  EXPECT_EQ(s.limits.max_connections_per_client, 8);
  EXPECT_EQ(s.limits.min_body_rate, 9);
  EXPECT_EQ(s.limits.send_timeout, 10s);
  EXPECT_TRUE(s.x_ratelimit);
  EXPECT_TRUE(s.allow_trace);
  ASSERT_EQ(s.trusted_proxies.size(), 1U);
  EXPECT_EQ(to_string(s.trusted_proxies[0]), "10.0.0.0/8");
  EXPECT_EQ(s.tenant.from, (Field{Field::Kind::cookie, "sid", 0}));
  EXPECT_EQ(s.tenant.default_name, "nobody");
  EXPECT_EQ(s.tenant.unknown, UnknownTenants::shared);
  EXPECT_TRUE(s.tenant.secret);
  EXPECT_EQ(s.max_tenant_labels, 5);
  EXPECT_EQ(s.drain_timeout, 60s);
  EXPECT_EQ(s.drain_delay, Duration{3s});
  EXPECT_EQ(s.access_log.to, "/var/log/a.log");
  EXPECT_EQ(s.access_log.format, AccessLogSettings::Format::combined);
  EXPECT_EQ(s.access_log.sample, 50U);
  EXPECT_TRUE(s.access_log.query);
}

TEST(Load, WorkersCanBeAuto) {
  const Loaded loaded = sound(kBase + "workers: auto\n");
  EXPECT_EQ(loaded.snapshot->settings.workers, 0);
  EXPECT_NE(loaded.snapshot->effective_yaml.find("workers: auto\n"), std::string::npos);
}

TEST(Load, TenantsGetTheirQuotasAndPlaces) {
  const Loaded loaded = sound(kBase + R"(
tenants:
  acme: {rate: 1000/s, burst: 200, weight: 3, priority: high, concurrency: 64}
  slow: {rate: 30/m}
  fast: {rate: 100/s}
  evil: {deny: true}
  "*": {rate: 10/s, burst: 10, priority: low}
)");
  const Snapshot& snapshot = *loaded.snapshot;
  ASSERT_EQ(snapshot.settings.tenants.size(), 5U);
  const Tenant& acme = *snapshot.find_tenant("acme").tenant;
  EXPECT_TRUE(snapshot.find_tenant("acme").own_entry);
  EXPECT_EQ(acme.index, 0U);
  EXPECT_EQ(acme.quota->tokens, 1000);
  EXPECT_EQ(acme.quota->burst, 200);
  EXPECT_EQ(acme.quota->period, 1ms);
  EXPECT_EQ(acme.quota->policy, "acme");
  EXPECT_EQ(acme.weight, 3U);
  EXPECT_EQ(acme.priority, Priority::high);
  EXPECT_EQ(acme.concurrency, 64);
  EXPECT_EQ(snapshot.find_tenant("slow").tenant->quota->burst, 1);
  EXPECT_EQ(snapshot.find_tenant("slow").tenant->quota->period, 2s);
  EXPECT_EQ(snapshot.find_tenant("fast").tenant->quota->burst, 100);
  EXPECT_TRUE(snapshot.find_tenant("evil").tenant->deny);
  EXPECT_FALSE(snapshot.find_tenant("evil").tenant->quota);
  const Snapshot::Found other = snapshot.find_tenant("nobody");
  EXPECT_FALSE(other.own_entry);
  EXPECT_EQ(other.tenant->name, "*");
  EXPECT_TRUE(other.tenant->is_wildcard);
  EXPECT_EQ(other.tenant->quota->burst, 10);
  EXPECT_THAT(snapshot.labels, ElementsAre("acme", "slow", "fast", "evil", "other"));
  EXPECT_EQ(other.tenant->label, snapshot.other_label());
}

TEST(Load, TheStarIsNobodysName) {
  const Loaded loaded = sound(kBase + "tenants: {\"*\": {rate: 1/s}}\n");
  EXPECT_FALSE(loaded.snapshot->find_tenant("*").own_entry);
}

TEST(Load, UnknownTenantsAreUnlimitedOrRefused) {
  const Loaded open = sound(kBase);
  ASSERT_NE(open.snapshot->find_tenant("x").tenant, nullptr);
  EXPECT_FALSE(open.snapshot->find_tenant("x").tenant->quota);
  EXPECT_TRUE(open.snapshot->find_tenant("x").tenant->is_wildcard);
  const Loaded strict =
      sound(kBase + "tenant: {unknown: refuse}\ntenants: {a: {concurrency: 1}}\n");
  EXPECT_EQ(strict.snapshot->find_tenant("x").tenant, nullptr);
  EXPECT_NE(strict.snapshot->find_tenant("a").tenant, nullptr);
}

TEST(Load, LabelsAreBoundedAndSecretsHidden) {
  const Loaded loaded = sound(kBase +
                              "tenant: {secret: true}\nmetrics: {max_tenants: 1}\n"
                              "tenants: {abc: {concurrency: 1}, b: {concurrency: 2}}\n");
  EXPECT_THAT(loaded.snapshot->labels, ElementsAre("sha256:ba7816bf8f01", "other"));
  EXPECT_EQ(loaded.snapshot->find_tenant("abc").tenant->label, 0U);
  EXPECT_EQ(loaded.snapshot->find_tenant("b").tenant->label, 1U);
  EXPECT_THAT(
      sound(kBase + "metrics: {max_tenants: 0}\ntenants: {a: {concurrency: 1}}\n").snapshot->labels,
      ElementsAre("other"));
}

TEST(Load, NamesFiltersAfterTheirChains) {
  const Loaded loaded = sound(kBase + R"(
chain: [timeout: 5s, timeout: 4s, buffer: {name: line}]
routes:
  - {match: {path: /a}, chain: up}
  - {match: {path_prefix: /b, method: [PUT, POST]}, chain: [buffer]}
  - {name: c, match: {path: /c}, chain: [retry]}
chains: {up: [concurrency_limit: {limit: 2}]}
)");
  EXPECT_THAT(names(loaded.snapshot->filters),
              ElementsAre("timeout", "timeout-2", "line", "up/concurrency_limit",
                          "PUT,POST /b/*/buffer", "c/retry", "upstream"));
}

TEST(Load, RoutesKeepTheirOrderAndEndWithTheDefault) {
  const Loaded loaded = sound(kBase + R"(
routes:
  - {match: {path: /a}, chain: []}
  - {match: {path: /b}}
  - match: {path_prefix: /c/, host: "*.Example.com", method: [GET, HEAD], header: {X-Kind: big}}
    chain: default
)");
  const auto& routes = loaded.snapshot->routes;
  ASSERT_EQ(routes.size(), 4U);
  EXPECT_EQ(routes[0].name, "/a");
  EXPECT_EQ(routes[0].match.path, "/a");
  EXPECT_EQ(routes[0].chain->filters().size(), 1U);  // the pool alone
  EXPECT_EQ(routes[1].chain, routes[3].chain);
  EXPECT_EQ(routes[2].chain, routes[3].chain);
  EXPECT_EQ(routes[2].name, "GET,HEAD *.example.com/c/*[x-kind]");
  EXPECT_EQ(routes[2].match.path_prefix, "/c");
  EXPECT_EQ(routes[2].match.host, "*.example.com");
  EXPECT_THAT(routes[2].match.methods, ElementsAre("GET", "HEAD"));
  EXPECT_THAT(routes[2].match.headers, ElementsAre(testing::Pair("x-kind", "big")));
  EXPECT_EQ(routes[3].name, "default");
  EXPECT_EQ(routes[3].index, 3U);
}

TEST(Load, OnePoolStandsInnermostEverywhere) {
  const Loaded loaded =
      sound(kBase + "chain: []\nroutes: [{match: {path: /a}, chain: [buffer]}]\n");
  const auto& chains = loaded.snapshot->chains;
  ASSERT_EQ(chains.size(), 2U);
  EXPECT_EQ(chains[0]->filters().back(), chains[1]->filters().back());
  EXPECT_EQ(chains[0]->filters().back()->name(), "upstream");
}

TEST(Load, SharedFiltersAreOneState) {
  const Loaded loaded = sound(kBase + R"(
shared: {slots: {concurrency_limit: {limit: 5}}}
chain: [shared: slots]
routes: [{match: {path: /a}, chain: [buffer, shared: slots]}]
)");
  const auto& chains = loaded.snapshot->chains;
  EXPECT_EQ(chains[0]->filters()[0], chains[1]->filters()[1]);
  EXPECT_THAT(names(loaded.snapshot->filters), ElementsAre("slots", "/a/buffer", "upstream"));
}

TEST(Load, KeysHaveOnePlaceInAChainAndSharedOnesEverywhere) {
  const Loaded loaded = sound(kBase + R"(
shared:
  first: {token_bucket: {key: client_ip, rate: 5/s}}
  second: {token_bucket: {key: method, rate: 5/s}}
chain:
  - token_bucket: {key: route, rate: 5/s}
  - shared: second
  - concurrency_limit: {key: route, limit: 3}
routes:
  - {match: {path: /a}, chain: [shared: first, token_bucket: {key: [route, method], rate: 1/s}]}
  - {match: {path: /b}, chain: [token_bucket: {rate: 1/s}]}
)");
  const Key ip{{Field::Kind::client_ip, "", 0}}, method{{Field::Kind::method, "", 0}};
  const Key route{{Field::Kind::route, "", 0}}, tenant{{Field::Kind::tenant, "", 0}};
  const Key both{route[0], method[0]};
  const auto& routes = loaded.snapshot->routes;
  EXPECT_THAT(routes[2].keys, ElementsAre(ip, method, route));
  EXPECT_THAT(routes[0].keys, ElementsAre(ip, both));
  EXPECT_THAT(routes[1].keys, ElementsAre(tenant));
}

TEST(Load, NewKeysStandsInFrontOfTheChainsByTenant) {
  const Loaded loaded = sound(kBase +
                              "tenant: {new_keys: {rate: 20/s, key: [client_ip, method]}}\n"
                              "chain: [token_bucket: {key: [method, tenant], rate: 1/s}]\n"
                              "routes: [{match: {path: /a}, chain: [token_bucket: {key: method, "
                              "rate: 1/s}]}, {match: {path: /b}, chain: [shared: each]}]\n"
                              "shared: {each: {concurrency_limit: {key: tenant, limit: 1}}}\n");
  const Snapshot& snapshot = *loaded.snapshot;
  EXPECT_EQ(snapshot.settings.tenant.new_keys->burst, 20);
  EXPECT_THAT(names(snapshot.chains[0]->filters()),
              ElementsAre("new_keys", "token_bucket", "upstream"));
  EXPECT_THAT(names(snapshot.chains[1]->filters()), ElementsAre("/a/token_bucket", "upstream"));
  EXPECT_THAT(names(snapshot.chains[2]->filters()), ElementsAre("new_keys", "each", "upstream"));
  EXPECT_EQ(snapshot.chains[0]->filters()[0], snapshot.chains[2]->filters()[0]);
  for (const std::size_t i : {1U, 2U}) {  // of the route to /b and the default
    const Route& route = snapshot.routes[i];
    ASSERT_GE(route.keys.size(), 2U);
    EXPECT_TRUE(is_tenant_alone(route.keys[0]));
    EXPECT_EQ(route.keys[1],
              (Key{Field{Field::Kind::client_ip, "", 0}, Field{Field::Kind::method, "", 0}}));
  }
  const Loaded shared = sound(kBase +
                              "tenant: {unknown: shared, new_keys: {rate: 20/s}}\n"
                              "chain: [token_bucket: {rate: 1/s}]\n");
  EXPECT_THAT(names(shared.snapshot->chains[0]->filters()),
              ElementsAre("token_bucket", "upstream"));
}

TEST(Load, OneTenantGetsAQuarterOfTheTunnelsWhereTenantsAreToldApart) {
  const auto most = [](const std::string& yaml) {
    return sound(kBase + yaml).snapshot->settings.upgrades.max_per_tenant;
  };
  EXPECT_EQ(most(""), 1000);
  EXPECT_EQ(most("upgrades: {max: 10}\n"), 10);
  EXPECT_EQ(most("upgrades: {max: 10}\ntenants: {a: {}}\n"), 3);
  EXPECT_EQ(most("upgrades: {max: 10}\ntenant: {from: client_ip}\n"), 3);
  EXPECT_EQ(most("upgrades: {max: 10, max_per_tenant: 7}\ntenants: {a: {}}\n"), 7);
}

TEST(Load, ShadowModeReachesTheFilters) {
  const Loaded loaded =
      sound(kBase + "chain: [concurrency_limit: {limit: 5, enforce: false}, buffer]\n");
  EXPECT_FALSE(loaded.snapshot->filters[0]->enforces());
  EXPECT_TRUE(loaded.snapshot->filters[1]->enforces());
}

TEST(Load, SecretsDifferUnlessTheSeedIsGiven) {
  Gate gate([](void*) { return Time{}; });
  LoadOptions options;
  const auto secret = [&] { return load_text(kBase, options, gate).snapshot->hash_secret; };
  EXPECT_NE(secret(), secret());
  options.seed = 7;
  EXPECT_EQ(secret(), secret());
}

TEST(Load, ABurstIsOneSecondsWorthAndAPeriodAtLeastANanosecond) {
  const Loaded loaded =
      sound(kBase + "tenants: {a: {rate: 1000000000/s}, b: {rate: 1/d}, c: {rate: 90/m}}\n");
  const auto quota = [&](const char* name) {
    return *loaded.snapshot->find_tenant(name).tenant->quota;
  };
  EXPECT_EQ(quota("a").period, 1ns);
  EXPECT_EQ(quota("a").burst, 1'000'000'000);
  EXPECT_EQ(quota("b").burst, 1);
  EXPECT_EQ(quota("b").period, 24h);
  EXPECT_EQ(quota("c").burst, 1);
}

TEST(Load, AHundredThousandTenantsTakeNoTimeToSpeakOf) {
  std::string yaml = kBase + "chain: [token_bucket]\ntenants:\n  \"*\": {rate: 1/s}\n";
  for (int i = 0; i < 100'000; ++i)
    yaml += "  tenant-" + std::to_string(i) + ": {rate: 10/s, burst: 20}\n";
  const Loaded loaded = sound(yaml);
  EXPECT_EQ(loaded.snapshot->find_tenant("tenant-99999").tenant->index, 100'000U);
  EXPECT_EQ(loaded.snapshot->labels.size(), 1001U);
}

}  // namespace
}  // namespace weir
