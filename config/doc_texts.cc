#include "config/doc_texts.h"

namespace weir {
namespace {

constexpr Prose kProse[] = {
    {"listen", "A name is not allowed here: say which address is meant.", R"(
listen: "[::1]:8080"
)"},
    {"upstream",
     "The pool of connections is the innermost filter of every chain, a limiter called `upstream`: "
     "a "
     "request that finds it full is *busy*, and waits in a `buffer` if there is one outside.\n\nAn "
     "unused connection must not be kept longer than the service keeps it, or requests are sent on "
     "connections that are just being closed. A shorter `Keep-Alive: timeout` in the service's "
     "answers is respected.\n\nA name is looked up again after 5 s, and before a request fails "
     "because all its addresses refuse. An address that does not answer for 300 ms is given up for "
     "the next one; after the last, weir begins again with twice the time, within "
     "`connect_timeout`. A connection whose address the name no longer has takes no new request, "
     "and neither does one that is older than `max_age`: so weir follows a service that moves "
     "while its old host still answers, and a load balancer in front of the service can spread "
     "the connections anew.",
     R"(
upstream:
  address: app.local:3000      # all of the name's addresses are tried
  max_connections: 128
  idle_timeout: 10s
)"},
    {"admin",
     "Metrics, health and the active configuration with all defaults filled in (`GET /config`, "
     "with "
     "secrets redacted). Keep it where only you can reach it.",
     R"(
admin: {listen: "[::1]:9901"}
)"},
    {"telemetry",
     "For kubelet's probes and Prometheus, which connect from other hosts. It cannot change "
     "anything and does not show the configuration: any path but those three gets 404.",
     R"(
telemetry: {listen: 0.0.0.0:9902}
)"},
    {"workers",
     "One is enough for most services; limits are exact with any number, because all workers share "
     "one state.",
     ""},
    {"access_log",
     "[operating.md](operating.md#access-log) describes the fields of a line. It never contains "
     "credentials. A line that cannot be written in time is lost, and counted in "
     "`weir_access_log_lines_lost_total`; traffic does not wait for it.",
     R"(
access_log: {to: /var/log/weir/access.json, sample: 5%}
)"},
    {"limits", "They apply to every client and every chain, before any filter is asked.", R"(
limits:
  max_connections: 2000
  max_body: 10MiB
  head_timeout: 5s
)"},
    {"trusted_proxies",
     "`client_ip` is the address of the connection. If that is in one of these ranges, the "
     "rightmost "
     "address of `X-Forwarded-For` outside of them is used instead.",
     R"(
trusted_proxies: [10.0.0.0/8, "fd00::/8"]
)"},
    {"upgrades",
     "A request that offers one of these protocols (`Upgrade`, with `Connection: upgrade`, "
     "HTTP/1.1) goes through its chain like any other, with the offer; other protocols that it "
     "offers "
     "are removed. When the service answers 101 the request has ended: it is counted and logged, "
     "its permits are released, and the two connections become a tunnel that only `max` and "
     "`idle_timeout` bound. It may have a body (`docker exec`, with the protocol `tcp`): the "
     "tunnel begins behind it. An `Upgrade` that is not on the list is removed, and the request is "
     "served without it (RFC 9110, section 7.8). `h2c`, `HTTP` and "
     "`TLS` cannot be listed: their tunnels would carry any number of requests past every "
     "quota.\n\n"
     "A handshake that finds `max` tunnels open or requested gets a 503 with the reason "
     "`upgrades`, also if the tenant has `max_per_tenant`; "
     "during a drain, one with `draining`. A 101 that was not requested, or for another protocol, "
     "is a 502, and that connection is closed.\n\n"
     "In a tunnel bytes are passed both ways as they come; a side that does not read stops the "
     "other, and "
     "weir holds at most one read (64 KiB, in a block of 128 KiB) in each direction. A side that "
     "closes leaves "
     "the other direction open; a reset is passed on as a reset. When no byte has moved for "
     "`idle_timeout`, both sides are closed. A drain leaves tunnels open until `drain.timeout` and "
     "then cuts them (exit code 3): shorten it where clients reconnect by themselves.",
     R"(
upgrades: {protocols: [websocket], max: 500, idle_timeout: 5m}
)"},
    {"tenant",
     "The name is looked up under `tenants:`. If it is not found, `unknown` decides. With `secret: "
     "true` a name that is a credential is never shown: answers, metrics, logs, messages of `weir "
     "check` and `/tenants` have `sha256:` and twelve digits of its hash, the same ones after each "
     "restart.\n\n"
     "The part of the request is compared byte by byte: case, commas and a dot at the end count "
     "([operating.md]"
     "(operating.md#paths-names-and-fields-that-services-read-in-two-ways) says what is decoded "
     "and "
     "what is refused). A part that is absent or empty is the tenant `default`, and so is a "
     "request "
     "that sends that name.\n\n"
     "With `from: client_ip` a tenant's name is an address or a range, or it has `addresses`. Of "
     "several ranges the longest prefix decides. IPv6 addresses may be written in any form; "
     "clients without an entry count by their /64.\n\nWhere clients "
     "can write any name, `unknown: own` bounds nothing by itself: see "
     "[filters.md](filters.md#names-that-clients-make-up).",
     R"(
tenant: {from: header x-api-key, secret: true, unknown: refuse}
tenants:
  k-5d0c4f: {rate: 100/s}
)"},
    {"tenants",
     "Quotas apply where a chain has `token_bucket: {key: tenant}`, `concurrency` where it "
     "has `concurrency_limit: {key: tenant}`, `priority` where it has `load_shed` with "
     "`target_wait`; "
     "`weir check` warns where one has no effect. `\"*\"` needs its quotes: in YAML a bare star "
     "means "
     "an alias.\n\nThe first `metrics.max_tenants` of them have labels of their own in the "
     "metrics; 100,000 tenants are fine. The labels `other` (all tenants without one of their own) "
     "and `none` (routes with `tenant: none`) are weir's: a tenant called `other` has the label "
     "`tenant other`.",
     R"(
tenants:
  acme: {rate: 1000/s, burst: 200, priority: high}
  beta: {rate: 100/s, concurrency: 16}
  evil: {deny: true}
  "*": {rate: 10/s}
chain:
  - load_shed: {target_wait: 50ms}
  - token_bucket: {key: tenant}
  - buffer: {capacity: 256, max_wait: 500ms}
  - concurrency_limit: {key: tenant, limit: 64}      # beta's own 16 wins
)"},
    {"chain",
     "A list, outermost filter first; [filters.md](filters.md) explains what each order means. "
     "An "
     "item is a filter's name with its keys, `- buffer: {capacity: 64}`, or the name alone, `- "
     "buffer`. "
     "A chain takes up to 16 filters and up to 8 different keys.\n\nTwo filters of one kind in a "
     "chain "
     "need names, since their state belongs to the name; `timeout` has none. Names are unique in "
     "the "
     "file. A filter without one is called by its kind in the top-level chain, `CHAIN/KIND` in "
     "others.",
     R"(
chain:
  - timeout: 30s
  - token_bucket: {key: tenant, rate: 100/s}
  - token_bucket: {name: by_address, key: client_ip, rate: 20/s}
  - buffer: {capacity: 64, max_wait: 200ms}
  - concurrency_limit: {limit: 32}
  - retry: {retry_on: [connect_failure, reset, 503]}
)"},
    {"routes",
     "Paths are compared decoded and normalised, and forwarded as they came; `paths` decides about "
     "those that services may read in another way. A `path_prefix` ends at a segment's end. Field "
     "names and hosts are compared without case, hosts without a dot at the end. A field that a "
     "route is matched with may not have several different values: 400 `ambiguous_key`.\n\n"
     "`path` matches that very path: some services serve `/login/` or `/LOGIN` as `/login`. So let "
     "routes be the exceptions that are more lenient, and the top-level chain the strict one; or "
     "take `path_prefix`.\n\n"
     "With `tenant: none` a request's tenant is not looked up: it is neither refused (`unknown`, "
     "`deny`, `ambiguous_key`) nor counted against a tenant's quota, and its label is `none`. "
     "`chain: []` alone does not do that.\n\n"
     "`weir check` warns of a route that can never match, because an earlier one matches all its "
     "requests.",
     R"(
routes:
  - {match: {path: /healthz}, tenant: none, chain: []}
  - {name: uploads, match: {path_prefix: /files, method: [PUT, POST]}, chain: slow}
  - match: {host: "*.internal.example", header: {x-kind: batch}}
    chain: [timeout: 5m, concurrency_limit: {limit: 2}]
chains:
  slow: [timeout: 10m, concurrency_limit: {limit: 8}]
)"},
    {"paths",
     "An *ambiguous* path is one that services may read in more than one way. Three rules decide, "
     "where a route is matched with the path:\n\n"
     "- With dot segments (`..`, `%2e%2e`, `..;x`), backslashes, NUL, or two slashes at its "
     "beginning, services read it in too many ways: it is refused.\n"
     "- With encoded slashes, empty segments or parameters (`;x`) there are a few readings. If all "
     "take the same route, the request passes, as with `/projects/group%2Fname`; if not, it is "
     "refused.\n"
     "- If the tenant or a key is a `path_segment`, all of these are refused.\n\n"
     "Where no route and no key reads the path, it passes as it came. `forward_normalised` sends "
     "on "
     "what weir decided by: decoded, without dot and empty segments, backslashes as slashes, and "
     "encoded again. Services that tell `%2F` from `/` then see another path. What still has two "
     "readings (NUL; parameters that would take another route) is refused. `by_raw` compares paths "
     "as they came, not decoded: only for services that do the same.",
     R"(
paths: {ambiguous: forward_normalised}
)"},
    {"chains", "A chain that no route names is an error: it would never be used.", ""},
    {"shared",
     "Such a filter has one state, however many chains use it: one bucket, one limit, one queue "
     "for "
     "all of them. `timeout` and `load_shed` cannot be shared, because what they do depends on "
     "their chain.",
     R"(
shared:
  slots: {concurrency_limit: {limit: 64}}
chain:
  - buffer
  - shared: slots
routes:
  - {match: {path_prefix: /batch}, chain: batch}
chains:
  batch:
    - buffer: {capacity: 16}
    - shared: slots
)"},
    {"metrics", "", R"(
metrics: {max_tenants: 100}
)"},
    {"drain", "`0s` cuts at once.", R"(
drain: {timeout: 1m}
)"},
};

}  // namespace

const std::string_view kIntroduction =
    R"(<!-- Made by config_docs from config/table.cc, filter_kinds.cc and prose.cc; do not edit. -->
# Configuration

One YAML file, read strictly: a key that weir does not know, a number without its unit, a limit of
zero, a chain that cannot work is an error, not a guess. `weir check -c FILE` prints `OK`, or all
errors of the file at once, each with its place and a fix:

```text
weir.yaml:7:16: chain[1].buffer.capasity: unknown key; did you mean "capacity"? (known here: …)
weir.yaml:9:22: tenants.acme.rate: "100" has no unit (/s, /m, /h or /d): write 100/s, 100/m, 100/h or 100/d
```

`weir run` does not start on an error. A warning marks what works but is probably not what you meant.

This is enough to start with:

```yaml
listen: 127.0.0.1:8080
upstream: {address: 127.0.0.1:3000}
```

Everything else has defaults; `GET /config` at the admin port shows them. For completion and checks in
your editor, begin the file with

```text
# yaml-language-server: $schema=docs/weir.schema.json
```

## How values are written

| type | looks like | notes |
|---|---|---|
| number | `64` | decimal and whole, no leading zero, no quotes |
| duration | `500ms` `1.5s` `10m` `1h` `1d` | never without its unit; up to three decimals |
| size | `512B` `32KiB` `1MiB` `1GiB` `1TiB` | powers of 1024, whole |
| rate | `100/s` `30/m` `500/h` `10000/d` | whole; for less than one a second use a longer unit |
| share | `20%` `12.5%` | up to two decimals |
| boolean | `true` `false` | nothing else: not `yes`, not `on` |
| part of a request | `client_ip` · `header x-tenant` · `path_segment 1` · `query q` · `cookie c` · `method` · `route` · `tenant` | IPv6 addresses count by /64; segments from 1 |
| text | `anonymous` | in quotes if YAML would read a number or a boolean |

Only durations and sizes whose table says so may be zero. Limits may not: to refuse a tenant write
`deny: true`, to remove a limit leave the key out.

**Variables.** `${NAME}` and `${NAME:-default}` in values are replaced from the environment, after
YAML has been read, so that no variable can change the structure. A variable that is not set and has no
default is an error. Write `$${` for a literal `${`. Inside `{ }` and `[ ]`, put a variable in quotes:
`{address: "${UPSTREAM}"}`.

**YAML.** Maps, lists and scalars, in one document of at most 64 MiB. Quote values that begin with a star
(`"*"`, `"*.example.com"`) and IPv6 addresses in braces (`"[::1]:8080"`). Anchors, aliases, tags and
duplicate keys are errors.
)";

std::span<const Prose> prose() { return kProse; }

const Prose* find_prose(std::string_view key) {
  for (const Prose& each : kProse)
    if (each.key == key) return &each;
  return nullptr;
}

}  // namespace weir
