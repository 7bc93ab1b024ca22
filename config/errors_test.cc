// What users get to read for what they got wrong: place, path, what was found, what to do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/config_load.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

struct Case {
  const char* yaml;   // from line 3 on, after kBase
  const char* error;  // the only one
};

void expect_only(const Case& each) {
  EXPECT_THAT(load_config(kBase + each.yaml).errors, ElementsAre(each.error)) << each.yaml;
}

TEST(ConfigErrors, Values) {
  for (const Case& each : std::initializer_list<Case>{
           {"workers: yes\n", "3:10: workers: found \"yes\", expected a whole number"},
           {"workers: \"2\"\n",
            "3:10: workers: found \"2\" in quotes, expected a number: write it without them"},
           {"workers: 0\n", "3:10: workers: 0 is not allowed here: it takes 1 to 256, or auto"},
           {"workers: 257\n", "3:10: workers: 257 is above the greatest allowed, 256"},
           {"workers: -1\n", "3:10: workers: -1 is below the least allowed, 1"},
           {"workers: 010\n",
            "3:10: workers: \"010\" has a leading zero, and numbers are decimal: write 10"},
           {"workers: [1]\n", "3:10: workers: found a list, expected a whole number, or auto"},
           {"workers:\n", "3:1: workers: has no value: expected a whole number, or auto"},
           {"limits: 5\n",
            "3:9: limits: found \"5\", expected a map of max_connections, "
            "max_connections_per_client, max_head, max_body, buffered_bytes, head_timeout, "
            "body_timeout, min_body_rate, send_timeout, idle_timeout or abandoned_timeout"},
           {"limits: {max_head: 32}\n",
            "3:20: limits.max_head: \"32\" has no unit (B, KiB, MiB, GiB or TiB): write 32KiB"},
           {"limits: {max_head: 2MiB}\n",
            "3:20: limits.max_head: 2MiB is above the greatest allowed, 1MiB"},
           {"limits: {head_timeout: 10}\n",
            "3:24: limits.head_timeout: \"10\" has no unit (ms, s, m, h or d): write 10ms or 10s"},
           {"limits: {head_timeout: 0s}\n",
            "3:24: limits.head_timeout: 0s is not allowed here: it takes 1ms to 1h"},
           {"limits: {min_body_rate: 0B}\n",
            "3:25: limits.min_body_rate: 0B is not allowed here: to disable it in practice, write "
            "1B"},
           {"limits: {max_connections_per_client: 0}\n",
            "3:38: limits.max_connections_per_client: 0 is not allowed here: no client could "
            "connect; "
            "leave max_connections_per_client out for no limit"},
           {"limits: {max_body: 0B}\n",
            "3:20: limits.max_body: 0B is not allowed here: it takes 1B to 1TiB"},
           {"tenant: {secret: yes}\n",
            "3:18: tenant.secret: found \"yes\", expected true or false: write true"},
           {"tenant: {secret: \"true\"}\n",
            "3:18: tenant.secret: found \"true\" in quotes, expected true or false: write true"},
           {"tenant: {unknown: share}\n",
            "3:19: tenant.unknown: found \"share\", expected own, shared or refuse; did you mean "
            "\"shared\"?"},
           {"tenant: {default: 12}\n",
            "3:19: tenant.default: found the number 12, expected text: write it in quotes, \"12\""},
           {"tenant: {default: true}\n",
            "3:19: tenant.default: found true, which YAML reads as a boolean, expected text: write "
            "it in "
            "quotes"},
           {"tenant: {from: tenant}\n",
            "3:16: tenant.from: a tenant cannot be told by the tenant: name a part of the request, "
            "such "
            "as header x-tenant"},
           {"name: my weir\n",
            "3:7: name: found \"my weir\", expected a name of letters, digits, _, - and ., not "
            "beginning "
            "with a digit"},
           {"trusted_proxies: [10.0.0.0/33]\n",
            "3:19: trusted_proxies[0]: found \"10.0.0.0/33\", expected an address range such as "
            "10.0.0.0/8 or fd00::/8"},
           {"trusted_proxies: 10.0.0.0/8\n",
            "3:18: trusted_proxies: found \"10.0.0.0/8\", expected a list, each item an address "
            "range "
            "such as 10.0.0.0/8"},
           {"admin: {listen: unix:/run/a}\n",
            "3:17: admin.listen: found \"unix:/run/a\" (no Unix socket here), expected an address "
            "such as "
            "127.0.0.1:9901 or \"[::1]:9901\""},
       })
    expect_only(each);
}

TEST(ConfigErrors, Keys) {
  for (const Case& each : std::initializer_list<Case>{
           {"worker: 1\n",
            "3:1: worker: unknown key; did you mean \"workers\"? (known here: access_log, admin, "
            "allow_trace, chain, chains, drain, "
            "limits, listen, metrics, name, paths, routes, shared, telemetry, tenant, "
            "tenants, "
            "trusted_proxies, "
            "upgrades, upstream, workers or x_ratelimit)"},
           {"drain: {timeut: 5s}\n",
            "3:9: drain.timeut: unknown key; did you mean \"timeout\"? (known here: delay, grace "
            "or "
            "timeout)"},
           {"upgrades: {protocols: [websocket, H2C]}\n",
            "3:35: upgrades.protocols[1]: \"H2C\" is never let through: its tunnel would carry any "
            "number of requests past every quota; take it off the list"},
           {"workers: 1\nworkers: 2\n",
            "4:1: the key \"workers\" stands twice: first in line 3; keep one of them"},
           {"routes:\n  - {chain: []}\n",
            "4:5: routes[0].match: is missing: expected a map of path, path_prefix, method, host "
            "or header"},
       })
    expect_only(each);
}

TEST(ConfigErrors, Tenants) {
  for (
      const Case& each : std::initializer_list<Case>{
          {"tenants: {a: {rate: 0/s}}\n",
           "3:21: tenants.a.rate: 0/s is not allowed here: nothing would pass; to refuse the "
           "tenant "
           "write deny: true, for no quota leave rate out"},
          {"tenants: {a: {rate: 5/s, burst: 0}}\n",
           "3:33: tenants.a.burst: 0 is not allowed here: not even one request would pass; leave "
           "burst "
           "out for one second's worth"},
          {"tenants: {a: {concurrency: 0}}\n",
           "3:28: tenants.a.concurrency: 0 is not allowed here: nothing would pass; to refuse the "
           "tenant "
           "write deny: true, for no limit leave concurrency out"},
          {"tenant: {new_keys: {burst: 5}}\n",
           "3:20: tenant.new_keys.rate: is missing: expected a rate such as 100/s, 30/m, 500/h or "
           "10000/d"},
          {"tenant: {new_keys: {rate: 0/s}}\n",
           "3:27: tenant.new_keys.rate: 0/s is not allowed here: no new tenant would pass; to "
           "refuse them write unknown: refuse"},
          {"tenant: {new_keys: {rate: 1/s, key: [client_ip, tenant]}}\n",
           "3:37: tenant.new_keys.key: each new name would have a rate of its own: name what "
           "stands "
           "for the client, such as client_ip"},
          {"tenant: {new_keys: {rate: 1/d, burst: 50000}}\n",
           "3:39: tenant.new_keys.burst: 50000 takes more than 73 years to come back at this rate: "
           "take a smaller burst"},
          {"upgrades: {max_per_tenant: 0}\n",
           "3:28: upgrades.max_per_tenant: 0 is not allowed here: no tunnel would open; to allow "
           "none write protocols: []"},
          {"tenants: {a: {queue: 0}}\n",
           "3:22: tenants.a.queue: 0 is not allowed here: nothing of it could wait; leave queue "
           "out "
           "for the buffer's capacity_per_key"},
          {"tenants: {a: {burst: 5}}\n",
           "3:15: tenants.a.burst: a burst needs a rate: add one, or leave burst out"},
          {"tenants: {a: {rate: 1/d, burst: 50000}}\n",
           "3:33: tenants.a.burst: 50000 takes more than 73 years to come back at this rate: take "
           "a "
           "smaller burst"},
          {"tenants: {a: {priority: hihg}}\n",
           "3:25: tenants.a.priority: found \"hihg\", expected low, normal or high; did you mean "
           "\"high\"?"},
          {"tenants: {\"a, b\": {deny: true}}\n",
           "3:11: tenants.\"a, b\": no request has this tenant: a comma in a header field "
           "separates values"},
          {"tenants: {tenant other: {deny: true}}\n",
           "3:11: tenants.\"tenant other\": is how weir shows a tenant called \"other\": take "
           "another name"},
          {"tenant: {from: client_ip}\ntenants: {10.0.0.0/8: {deny: true}, 10.1.1.1/8: {deny: "
           "true}}\n",
           "4:37: tenants.\"10.1.1.1/8\": 10.0.0.0/8 stands twice, first in line 4"},
          {"tenants: {a: {addresses: [10.0.0.300]}}\n",
           "3:27: tenants.a.addresses[0]: found \"10.0.0.300\", expected an address range such as "
           "10.0.0.0/8 or fd00::/8"},
          {"paths: {ambiguous: allow}\n",
           "3:20: paths.ambiguous: found \"allow\", expected refuse, forward_normalised or by_raw"},
          {"routes: [{match: {path: /a}, tenant: acme}]\n",
           "3:38: routes[0].tenant: found \"acme\", expected none"},
          {"tenants: {\" a\": {}}\n",
           "3:11: tenants.\" a\": found the name \" a\", expected a name without control "
           "characters, not "
           "beginning or ending with a space, at most 256 bytes"},
          {"tenants: [a]\n", "3:10: tenants: found a list, expected a map of names"},
          {"tenants:\n", "3:1: tenants: has no value: expected a map of names; {} is an empty one"},
      })
    expect_only(each);
}

TEST(ConfigErrors, Filters) {
  for (const Case& each : std::initializer_list<Case>{
           {"chain: [bufer]\n",
            "3:9: chain[0].bufer: unknown filter; did you mean \"buffer\"? (known here: "
            "token_bucket, "
            "concurrency_limit, buffer, timeout, retry, load_shed or shared)"},
           {"chain:\n  - buffer: {capasity: 5}\n",
            "4:14: chain[0].buffer.capasity: unknown key; did you mean \"capacity\"? (known here: "
            "capacity, capacity_per_key, max_wait, name, order or overflow)"},
           {"chain:\n  - buffer: 5\n",
            "4:13: chain[0].buffer: found \"5\", expected a map of capacity, capacity_per_key, "
            "max_wait, order, "
            "overflow or "
            "name"},
           {"chain:\n  - buffer: {}\n    retry: {}\n",
            "4:5: chain[0]: found a map of 2 keys, expected one filter, such as {buffer: "
            "{capacity: "
            "256}}; each begins with its own \"-\" and its keys are indented below it"},
           {"chain: {buffer: {}}\n", "3:8: chain: found a map, expected a list of filters"},
           {"chain:\n", "3:1: chain: has no value: expected a list of filters; [] is an empty one"},
           {"chain: [buffer: {capacity: 0}]\n",
            "3:28: chain[0].buffer.capacity: 0 is not allowed here: nothing could wait; to refuse "
            "at once "
            "leave the buffer out"},
           {"chain: [timeout]\n",
            "3:9: chain[0].timeout: says no time: expected a duration such as 30s, or at least one "
            "of "
            "head, total and idle"},
           {"chain: [timeout: 30]\n",
            "3:18: chain[0].timeout: \"30\" has no unit (ms, s, m, h or d): write 30ms or 30s"},
           {"chain: [token_bucket: {key: client_ip}]\n",
            "3:23: chain[0].token_bucket.rate: is missing: only with key: tenant can it be left "
            "out, for "
            "each tenant's own rate under tenants:"},
           {"chain: [token_bucket: {key: [tenant, route]}]\n",
            "3:23: chain[0].token_bucket.rate: is missing: only with key: tenant can it be left "
            "out, for "
            "each tenant's own rate under tenants:"},
           {"chain: [token_bucket: {burst: 5}]\n",
            "3:31: chain[0].token_bucket.burst: a burst needs a rate: add one here; the tenants' "
            "own "
            "rates and bursts stand under tenants:"},
           {"chain: [token_bucket: {key: [route, route], rate: 5/s}]\n",
            "3:37: chain[0].token_bucket.key[1]: \"route\" stands twice in the list"},
           {"chain: [concurrency_limit]\n",
            "3:9: chain[0].concurrency_limit.limit: is missing: only with key: tenant can it be "
            "left out, "
            "for each tenant's own concurrency under tenants:"},
           {"chain: [retry: {attempts: 1}]\n",
            "3:27: chain[0].retry.attempts: 1 is not allowed here: attempts counts the first one; "
            "to try "
            "once only leave retry out"},
           {"chain: [retry: {attempts: 0}]\n",
            "3:27: chain[0].retry.attempts: 0 is not allowed here: attempts counts the first one; "
            "to try "
            "once only leave retry out"},
           {"chain: [retry: {retry_on: []}]\n",
            "3:27: chain[0].retry.retry_on: is empty: expected at least 1"},
           {"chain: [retry: {retry_on: [5xx]}]\n",
            "3:28: chain[0].retry.retry_on[0]: found \"5xx\", expected connect_failure, reset, "
            "timeout or "
            "a status from 200 to 599: list the statuses: write [502, 503, 504]"},
           {"chain: [retry: {methods: [get]}]\n",
            "3:27: chain[0].retry.methods[0]: found \"get\", expected a method in upper case, such "
            "as GET: write GET"},
           {"chain: [retry: {budget: {share: 0%, min_per_second: 0}}]\n",
            "3:25: chain[0].retry.budget: 0% and 0 a second allow no retry at all: leave the "
            "filter out "
            "instead"},
           {"chain: [retry: {backoff: {base: 5s}}]\n",
            "3:33: chain[0].retry.backoff.base: 5s is longer than backoff.max, 1s"},
           {"chain: [load_shed: {target_wait: 5ms}]\n",
            "3:34: chain[0].load_shed.target_wait: watches the line of a buffer, and no buffer "
            "stands "
            "inside: add one, or leave target_wait out"},
       })
    expect_only(each);
}

TEST(ConfigErrors, Chains) {
  for (const Case& each : std::initializer_list<Case>{
           {"chain:\n  - retry\n  - buffer\n  - retry: {name: b}\n",
            "6:5: chain[2].retry: a retry inside a retry (line 4) multiplies attempts: keep one"},
           {"chain:\n  - buffer\n  - buffer\n",
            "5:5: chain[1].buffer: a second buffer in the chain (the first is in line 4): give it "
            "a name, "
            "such as name: buffer2, so that their states stay apart"},
           {"chain:\n  - buffer: {name: a}\n  - concurrency_limit: {limit: 5, name: a}\n",
            "5:41: chain[1].concurrency_limit.name: two filters are called \"a\" (first in line "
            "4): names "
            "are unique in the file"},
           {"chain: [buffer: {name: upstream}]\n",
            "3:24: chain[0].buffer.name: two filters are called \"upstream\" (the pool of upstream "
            "connections has that name): names are unique in the file"},
           {"chain: [shared: a]\n", "3:17: chain[0].shared: no filter \"a\" stands under shared:"},
           {"shared: {slots: {concurrency_limit: {limit: 5}}}\nchain: [shared: slot]\n"
            "routes: [{match: {path: /}, chain: [shared: slots]}]\n",
            "4:17: chain[0].shared: no filter \"slot\" stands under shared: (there: slots); did "
            "you mean "
            "\"slots\"?"},
           {"shared: {slots: {concurrency_limit: {limit: 5}}}\n",
            "3:10: shared.slots: no chain has it: name it in one, as - shared: slots, or take it "
            "out"},
           {"shared: {s: buffer}\nchain: [shared: s, shared: s]\n",
            "4:20: chain[1].shared: the shared filter \"s\" stands twice in this chain (first in "
            "line 4)"},
           {"shared: {t: {timeout: 5s}}\nchain: []\nroutes: []\n",
            "3:14: shared.t.timeout: this filter cannot be shared: put it into each chain (known "
            "here: "
            "token_bucket, concurrency_limit, buffer or retry)"},
           {"shared: {s: {buffer: {name: x}}}\nchain: [shared: s]\n",
            "3:23: shared.s.buffer.name: a shared filter's name is its key, \"s\": leave name out"},
           {"chains: {a: []}\n",
            "3:10: chains.a: no route leads here: name it in a route, as chain: a, or take it out"},
           {"chains: {default: []}\n",
            "3:10: chains.default: default is the name of the top-level chain: call it otherwise"},
           {"routes: [{match: {}, chain: uplods}, {match: {path: /}, chain: uploads}]\n"
            "chains: {uploads: []}\n",
            "3:29: routes[0].chain: no chain \"uplods\" stands under chains: (there: default or "
            "uploads); "
            "did you mean \"uploads\"?"},
       }) {
    const std::vector<std::string> errors = load_config(kBase + each.yaml).errors;
    ASSERT_FALSE(errors.empty()) << each.yaml;
    EXPECT_THAT(errors, testing::Contains(each.error)) << each.yaml;
  }
}

TEST(ConfigErrors, AChainHasBounds) {
  std::string chain = "chain:\n";
  for (int i = 0; i < 17; ++i) chain += "  - timeout: 5s\n";
  EXPECT_THAT(load_config(kBase + chain).errors,
              ElementsAre("20:5: chain: has 17 filters: a chain takes at most 16"));
  std::string keys = "chain:\n";
  for (int i = 1; i <= 9; ++i)
    keys += "  - token_bucket: {name: b" + std::to_string(i) + ", rate: 1/s, key: path_segment " +
            std::to_string(i) + "}\n";
  EXPECT_THAT(load_config(kBase + keys).errors,
              ElementsAre("3:1: chain: its filters use 9 different keys (those of shared filters "
                          "included): at most 8"));
}

TEST(ConfigErrors, Routes) {
  for (const Case& each : std::initializer_list<Case>{
           {"routes: [{match: {path: x}}]\n",
            "3:25: routes[0].match.path: found \"x\", expected a path that begins with /, without "
            "?, # and "
            "spaces, and without empty, . or .. segments: write /x"},
           {"routes: [{match: {path: /x, path_prefix: /y}}]\n",
            "3:18: routes[0].match: has both path and path_prefix: keep one of them"},
           {"routes: [{match: {host: \"a.*.b\"}}]\n",
            "3:25: routes[0].match.host: found \"a.*.b\", expected a host such as example.com or "
            "\"*.example.com\", without a port"},
           {"routes: [{match: {header: {X-A: b, x-a: c}}}]\n",
            "3:36: routes[0].match.header.x-a: stands twice: case makes no difference in field "
            "names"},
           {"routes: [{match: {header: {x-a: 1}}}]\n",
            "3:33: routes[0].match.header.x-a: found the number 1, expected text: write it in "
            "quotes, "
            "\"1\""},
           {"routes: [{name: a, match: {path: /a}}, {name: a, match: {path: /b}}]\n",
            "3:47: routes[1].name: two routes are called \"a\" (first in line 3)"},
           {"routes: [{name: default, match: {path: /a}}]\n",
            "3:17: routes[0].name: default is the name of the implicit last route: call it "
            "otherwise"},
       })
    expect_only(each);
}

TEST(ConfigErrors, Places) {
  EXPECT_THAT(
      load_config("listen: :8080\nupstream: {address: 127.0.0.1:8080}\n").errors,
      ElementsAre("2:21: upstream.address: \"127.0.0.1:8080\" would make weir call itself: it is "
                  "the place of listen, \":8080\""));
  EXPECT_THAT(load_config(kBase + "admin: {listen: 0.0.0.0:8080}\n").errors,
              ElementsAre("3:17: admin.listen: \"0.0.0.0:8080\" is the same place as listen, "
                          "\"127.0.0.1:8080\""));
}

TEST(ConfigErrors, WhatIsRequired) {
  EXPECT_THAT(load_config("").errors,
              ElementsAre("1:1: listen: is missing: expected an address such as 127.0.0.1:8080",
                          "1:1: upstream: is missing: expected a map of address, max_connections, "
                          "connect_timeout, idle_timeout, max_age or host"));
  EXPECT_THAT(
      load_config("listen: :1\nupstream:\n  adress: a:1\n").errors,
      ElementsAre("3:3: upstream.adress: unknown key; did you mean \"address\"? (known here: "
                  "address, connect_timeout, host, idle_timeout, max_age or max_connections)"));
  EXPECT_THAT(load_config("- a\n").errors, SizeIs(1));
  EXPECT_THAT(load_config("hello\n").errors, SizeIs(1));
}

TEST(ConfigErrors, AllOfThemInTheFilesOrder) {
  EXPECT_THAT(
      load_config(
          "chain:\n  - timeout: {}\n  - bufer\nworkers: 0\nlisten: x\nupstream: {address: a:1}\n"
          "workers: 3\n")
          .errors,
      ElementsAre(testing::StartsWith("2:14: chain[0].timeout: says no time"),
                  testing::StartsWith("3:5: chain[1].bufer: unknown filter"),
                  testing::StartsWith("4:10: workers: 0 is not allowed"),
                  testing::StartsWith("5:9: listen: found \"x\""),
                  testing::StartsWith("7:1: the key \"workers\" stands twice")));
}

TEST(ConfigErrors, VeryManyAreCutShort) {
  std::string yaml = kBase + "tenants:\n";
  for (int i = 0; i < 1000; ++i) yaml += "  t" + std::to_string(i) + ": {rate: 0/s}\n";
  const auto errors = load_config(yaml).errors;
  ASSERT_THAT(errors, SizeIs(201));
  EXPECT_EQ(errors.back(), "203:16: 800 more below");
}

TEST(ConfigErrors, AFileThatCannotBeReadIsOne) {
  Gate gate([](void*) { return Time{}; });
  const LoadResult missing = load_file("/nonexistent/weir.yaml", {}, gate);
  ASSERT_EQ(missing.errors.size(), 1U);
  EXPECT_EQ(missing.errors[0].text(),
            "/nonexistent/weir.yaml:1:1: cannot be read: No such file or directory");
  EXPECT_EQ(missing.snapshot, nullptr);
  const LoadResult folder = load_file("/", {}, gate);
  ASSERT_EQ(folder.errors.size(), 1U);
  EXPECT_EQ(folder.errors[0].text(), "/:1:1: cannot be read: Is a directory");
}

}  // namespace
}  // namespace weir
