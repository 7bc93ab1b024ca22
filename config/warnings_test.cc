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
           {"tenant: {from: client_ip}\ntenants: {1.2.3.4: {rate: 1/s, weight: 2}, \"*\": {rate: "
            "1/s}}\nchain: [token_bucket]\n",
            "4:32: tenants.\"1.2.3.4\".weight: has no effect in this version"},
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
           {"tenant: {from: method}\ntenants: {a: {deny: true, rate: 1/s}, \"*\": {rate: "
            "1/s}}\nchain: "
            "[token_bucket]\n",
            "4:11: tenants.a: denied: its other keys have no effect"},
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
           {"tenants: {a: {rate: 1000/h}, \"*\": {rate: 1/s}}\n"
            "chain: [token_bucket, token_bucket: {name: b, key: client_ip, rate: 9/s}]\n",
            "3:21: tenants.a.rate: \"1000/h\" without a burst lets 1 request through at once, one "
            "second's worth, and one more every 3600ms: write burst: N for how many may come at "
            "once"},
           {"tenants: {a: {queue: 2}}\n",
            "3:15: tenants.a.queue: has no effect: no chain has a buffer outside a filter with "
            "key: "
            "tenant"},
           {"tenant: {unknown: shared, new_keys: {rate: 1/s}}\n"
            "chain: [token_bucket: {rate: 1/s}]\n",
            "3:27: tenant.new_keys: has no effect: unknown tenants have no state of their own "
            "(tenant.unknown)"},
           {"tenant: {new_keys: {rate: 1/s}}\nchain: [token_bucket: {key: client_ip, rate: 1/s}]\n",
            "3:10: tenant.new_keys: has no effect: no chain has a filter with key: tenant"},
           {"tenants: {\"*\": {rate: 1/s}}\nchain: [token_bucket]\n",
            "4:9: chain[0].token_bucket: a client that makes up names gets a quota for each of "
            "them: bound the new ones, as tenant: {new_keys: {rate: 10/s}}, or write tenant: "
            "{unknown: shared}"},
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
            "4:27: tenants.a.addresses[0]: \"2001:DB8::1\" is read as 2001:db8::1/128"},
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
           {"chain: [token_bucket: {key: client_ip, rate: 600/m}]\n",
            "3:46: chain[0].token_bucket.rate: \"600/m\" without a burst lets 10 requests through "
            "at "
            "once, one second's worth, and one more every 100ms: write burst: N for how many may "
            "come at once"},
           {"chain: [buffer: {capacity: 10, capacity_per_key: 11}]\n",
            "3:50: chain[0].buffer.capacity_per_key: 11 is never reached: capacity is 10"},
           {"chain: [concurrency_limit: {limit: 5}, buffer]\n",
            "3:40: chain[1].buffer: only waits for upstream.max_connections: the concurrency_limit "
            "outside it (line 3) refuses before a request comes here; put the buffer outside it"},
           {"tenant: {from: client_ip}\nchain: [concurrency_limit: {limit: 5}]\n",
            "4:9: chain[0].concurrency_limit: one tenant can take all 5 permits: add a limit for "
            "each, as concurrency_limit: {name: per_tenant, key: tenant, limit: 3}"},
           {"tenant: {from: client_ip}\n"
            "chain: [concurrency_limit: {name: a, key: tenant, limit: 5}, concurrency_limit: "
            "{limit: "
            "5}]\n",
            "4:62: chain[1].concurrency_limit: one tenant can take all 5 permits: add a limit for "
            "each, as concurrency_limit: {name: per_tenant, key: tenant, limit: 3}"},
           {"chain: [token_bucket: {key: client_ip, rate: 5/s}]\n"
            "routes: [{match: {path: /a}, chain: [token_bucket: {key: client_ip, rate: 5/s}]}]\n",
            "4:38: routes[0].chain[0].token_bucket: the quota of chain[0].token_bucket (line 3) "
            "once "
            "more, in buckets of its own: together they let twice as much through; put one "
            "token_bucket under shared: for both chains"},
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

TEST(ConfigWarnings, SayWhatIsTakenLiterally) {
  for (const Case& each : std::initializer_list<Case>{
           {"routes: [{match: {path: /users/:id}}]\n",
            "3:25: routes[0].match.path: \"/users/:id\" is taken literally, paths have no "
            "patterns: write path_prefix: /users for all below it"},
           {"routes: [{match: {path_prefix: /api/*}}]\n",
            "3:32: routes[0].match.path_prefix: \"/api/*\" is taken literally, paths have no "
            "patterns: write path_prefix: /api for all below it"},
           {"routes: [{match: {path: \"/a/{id}/b\"}}]\n",
            "3:25: routes[0].match.path: \"/a/{id}/b\" is taken literally, paths have no patterns: "
            "write path_prefix: /a for all below it"},
           {"routes: [{match: {path: /*}}]\n",
            "3:25: routes[0].match.path: \"/*\" is taken literally, paths have no patterns: write "
            "match: {} for every path"},
           {"routes: [{match: {method: [GET, \"*\"]}}]\n",
            "3:33: routes[0].match.method: \"*\" is taken literally: leave method out for every "
            "method"},
           {"routes: [{match: {header: {x-kind: ^b.*}}}]\n",
            "3:36: routes[0].match.header.x-kind: \"^b.*\" is taken literally: values have no "
            "patterns"},
           {"tenants: {acme-*: {deny: true}}\n",
            "3:11: tenants.\"acme-*\": the star is taken literally: only \"*\" alone stands for "
            "all "
            "other tenants"},
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
           "tenant: {new_keys: {rate: 1/s}}\nchain: [token_bucket: {rate: 1/s}]\n",
           "tenant: {unknown: shared}\nchain: [token_bucket: {rate: 1/s}]\n",
           "chain: [token_bucket: {rate: 1/s}, token_bucket: {name: b, key: client_ip, rate: "
           "9/s}]\n",
           "chain: [token_bucket: {key: client_ip, rate: 1/m}]\n",
           "chain: [token_bucket: {key: client_ip, rate: 90/m, burst: 5}]\n",
           "chain: [token_bucket: {key: client_ip, rate: 1/s}, buffer, concurrency_limit: {limit: "
           "2}]\n",
           "chain: [buffer, token_bucket: {key: client_ip, rate: 1/s}]\n",
           "tenant: {from: client_ip}\n"
           "chain: [concurrency_limit: {name: a, key: tenant, limit: 4}, concurrency_limit: "
           "{limit: "
           "5}]\n",
           "chain: [token_bucket: {key: client_ip, rate: 5/s}]\n"
           "routes: [{match: {path: /a}, chain: [token_bucket: {key: client_ip, rate: 6/s}]}]\n",
           "chain: [shared: q]\nroutes: [{match: {path: /a}, chain: [buffer, shared: q]}]\n"
           "shared: {q: {token_bucket: {key: client_ip, rate: 5/s}}}\n",
           "routes: [{match: {path: /a:b/v1.2/~c/@d/(e)}}]\n",
       }) {
    const Loaded loaded = load_config(kBase + yaml);
    EXPECT_THAT(loaded.errors, IsEmpty()) << yaml;
    EXPECT_THAT(loaded.warnings, IsEmpty()) << yaml;
  }
}

}  // namespace
}  // namespace weir
