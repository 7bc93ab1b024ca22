// What works but is probably not what was meant.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/config_load.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Case {
  const char* yaml;     // from line 3 on, after kBase
  const char* warning;  // the only one
};

TEST(ConfigWarnings, SayWhatHasNoEffectAndWhy) {
  for (const Case& each : std::initializer_list<Case>{
           {"tenants: {a: {rate: 1/s, weight: 2}, \"*\": {rate: 1/s}}\nchain: [token_bucket]\n",
            "3:26: tenants.a.weight: has no effect in this version"},
           {"tenants: {a: {rate: 1/s}}\n",
            "3:15: tenants.a.rate: has no effect: no chain has a token_bucket with key: tenant and "
            "no "
            "rate of its own"},
           {"tenants: {a: {concurrency: 1}, b: {concurrency: 2}}\n",
            "3:15: tenants.a.concurrency: has no effect: no chain has a concurrency_limit with "
            "key: "
            "tenant"},
           {"tenants: {a: {priority: low}}\n",
            "3:15: tenants.a.priority: has no effect: no chain has a load_shed with target_wait"},
           {"tenants: {a: {}}\n", "3:11: tenants.a: says nothing: the tenant is unlimited"},
           {"tenants: {a: {deny: true, rate: 1/s}, \"*\": {rate: 1/s}}\nchain: [token_bucket]\n",
            "3:11: tenants.a: denied: its other keys have no effect"},
           {"tenant: {unknown: refuse}\ntenants: {\"*\": {deny: true}}\n",
            "4:11: tenants.\"*\": has no effect: unknown tenants are refused (tenant.unknown)"},
           {"tenants: {a: {rate: 1/s}}\nchain: [token_bucket]\n",
            "3:1: tenants: all tenants without an entry are unlimited: add \"*\": {rate: 10/s}, "
            "say, or "
            "tenant: {unknown: refuse}"},
           {"chain: [token_bucket]\n",
            "3:9: chain[0].token_bucket: limits nobody: no tenant has a rate under tenants:, and "
            "the "
            "filter none of its own"},
           {"chain: [concurrency_limit: {key: tenant}]\n",
            "3:9: chain[0].concurrency_limit: limits nobody: no tenant has a concurrency under "
            "tenants:, "
            "and the filter no limit of its own"},
           {"tenant: {from: header x-api-key}\n",
            "3:16: tenant.from: \"header x-api-key\" looks like a credential, and the names of "
            "tenants "
            "are shown in metrics and logs: write secret: true to show a hash, or secret: false if "
            "they "
            "may be seen"},
           {"tenants: {other: {deny: true}}\n",
            "3:11: tenants.other: weir itself uses the label \"other\" in the metrics: this "
            "tenant's "
            "is \"tenant other\""},
           {"tenant: {from: client_ip}\ntenants: {acme: {deny: true}}\n",
            "4:11: tenants.acme: no request has this tenant: tenant.from is client_ip, and its "
            "name "
            "is no address; add addresses: [10.0.0.0/8], say"},
           {"tenant: {from: client_ip}\ntenants: {10.1.2.3/8: {deny: true}}\n",
            "4:11: tenants.\"10.1.2.3/8\": \"10.1.2.3/8\" is read as 10.0.0.0/8"},
           {"tenant: {from: client_ip}\ntenants: {a: {addresses: [\"2001:DB8::1\"], deny: true}}\n",
            "4:26: tenants.a.addresses[0]: \"2001:DB8::1\" is read as 2001:db8::1/128"},
           {"tenants: {a: {addresses: 10.0.0.0/8, deny: true}}\n",
            "3:15: tenants.a.addresses: has no effect: tenant.from is not client_ip"},
           {"trusted_proxies: [0.0.0.0/0]\n",
            "3:19: trusted_proxies[0]: \"0.0.0.0/0\" believes everybody: any client can choose the "
            "address that it seems to come from"},
           {"trusted_proxies: [10.1.2.3/8]\n",
            "3:19: trusted_proxies[0]: \"10.1.2.3/8\" means the whole range 10.0.0.0/8"},
       })
    EXPECT_THAT(load_config(kBase + each.yaml).warnings, ElementsAre(each.warning)) << each.yaml;
}

TEST(ConfigWarnings, SayWhatAChainNeverDoes) {
  for (const Case& each : std::initializer_list<Case>{
           {"chain: [timeout: {head: 30s, total: 5s}]\n",
            "3:25: chain[0].timeout.head: 30s has no effect: total is over before it"},
           {"chain: [timeout: {total: 5s, idle: 10s}]\n",
            "3:36: chain[0].timeout.idle: 10s has no effect: total is over before it"},
           {"chain: [timeout: 5s, timeout: {name: try, head: 5s}]\n",
            "3:49: chain[1].timeout.head: 5s is never waited for: the timeout around it (line 3) "
            "is over "
            "after 5s"},
           {"chain: [timeout: 5s, buffer: {max_wait: 10s}]\n",
            "3:41: chain[1].buffer.max_wait: 10s is never waited for: the timeout around it (line "
            "3) is "
            "over after 5s"},
           {"chain: [retry: {retry_on: [timeout]}]\n",
            "3:27: chain[0].retry.retry_on: timeout has no effect: no timeout stands inside this "
            "retry, "
            "as - timeout: {name: try, head: 5s}"},
           {"chain: [retry: {max_body: 64MiB}]\n",
            "3:27: chain[0].retry.max_body: 64MiB is more than limits.buffered_bytes, 32MiB, which "
            "holds "
            "all bodies together"},
           {"chain: [buffer: {name: a}, buffer]\n",
            "3:9: chain[0].buffer: nothing ever waits here: between it and the buffer inside (line "
            "3) "
            "stands nothing that runs out"},
           {"chain: [buffer, load_shed, concurrency_limit: {limit: 5}]\n",
            "3:9: chain[0].buffer: nothing ever waits here: the load_shed inside (line 3) refuses "
            "it "
            "first; put load_shed outside the buffer"},
           {"chain: [buffer: {capacity: 10000}]\n",
            "3:28: chain[0].buffer.capacity: 10000 is never reached: every waiting request has a "
            "connection, and limits.max_connections is 10000"},
           {"chain: [concurrency_limit: {limit: 600}]\n",
            "3:36: chain[0].concurrency_limit.limit: 600 is never reached: "
            "upstream.max_connections is "
            "512"},
           {"routes: [{match: {path_prefix: /a}}, {match: {path: /a/b}}]\n",
            "3:38: routes[1]: is never reached: routes[0] (line 3) matches all that it does"},
           {"chain: []\nroutes: [{match: {}, chain: [buffer]}]\n",
            "3:1: chain: is never reached: routes[0] (line 4) matches every request"},
           {"routes: [{match: {path: /a%20b}}]\n",
            "3:25: routes[0].match.path: \"/a%20b\" is matched against decoded paths: write the "
            "characters themselves, not their %XX"},
       })
    EXPECT_THAT(load_config(kBase + each.yaml).warnings, ElementsAre(each.warning)) << each.yaml;
}

TEST(ConfigWarnings, LeaveSoundChainsAlone) {
  for (const char* yaml : {
           "",
           "chain: []\n",
           "tenant: {from: cookie sid, secret: true}\n",
           "tenant: {from: header x-api-key, secret: false}\n",
           "tenant: {from: client_ip}\n"
           "tenants: {10.0.0.0/8: {deny: true}, \"::1\": {deny: true}, a: {addresses: 11.1.1.1, "
           "deny: true}}\n",
           "routes: [{match: {path: /healthz}, tenant: none, chain: []}]\n",
           "trusted_proxies: [10.0.0.0/8, 192.168.1.1, \"::1\"]\n",
           "chain: [buffer, load_shed, token_bucket: {key: client_ip, rate: 5/s}]\n",
           "chain: [timeout: 10s, retry: {retry_on: [timeout]}, timeout: {name: try, head: 2s}]\n",
           "chain: [load_shed: {target_wait: 5ms}, buffer, concurrency_limit: {limit: 5}]\n",
           "tenants: {a: {priority: low}}\nchain: [load_shed: {target_wait: 5ms}, buffer]\n",
           "routes: [{match: {path: /a, method: GET}}, {match: {path: /a}}]\n",
       }) {
    const Loaded loaded = load_config(kBase + yaml);
    EXPECT_THAT(loaded.errors, IsEmpty()) << yaml;
    EXPECT_THAT(loaded.warnings, IsEmpty()) << yaml;
  }
}

}  // namespace
}  // namespace weir
