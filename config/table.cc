#include "config/table.h"

#include "config/enum_values.h"
#include "config/units.h"

namespace weir {
namespace {

constexpr std::int64_t kMostConnections = 1'000'000;
constexpr Spec kFieldSpec = {.type = Type::field};
constexpr std::int64_t kMostKeyFields = 8;
constexpr KeySpec kUpstream[] = {
    {.name = "address",
     .spec = endpoint(EndpointUse::connect),
     .required = true,
     .doc = "The service: `host:port` (all of a name's addresses are tried) or `unix:/path`."},
    {.name = "max_connections",
     .spec = integer(1, kMostConnections),
     .default_value = "512",
     .doc = "Connections to the service at a time. Their pool is innermost in every chain."},
    {.name = "connect_timeout",
     .spec = duration(kMillisecond, kHour),
     .default_value = "5s",
     .doc = "For connecting: name resolution and all tries at all addresses together; then the "
            "attempt is a `connect_failure`."},
    {.name = "idle_timeout",
     .spec = duration(kMillisecond, kDay),
     .default_value = "4s",
     .doc = "How long an unused connection is kept. Stay under the service's own (Node: 5 s)."},
    {.name = "max_age",
     .spec = duration(kMillisecond, kDay),
     .default_value = "1m",
     .doc = "How long a connection takes new requests: three quarters of this to all of it, at "
            "random. Requests in flight and tunnels are not cut."},
    {.name = "host",
     .spec = text(kHostHeader),
     .default_value = "preserve",
     .doc = "`preserve` forwards the client's `Host`; any other value is sent instead."},
};

constexpr KeySpec kAdmin[] = {
    {.name = "listen",
     .spec = endpoint(EndpointUse::admin),
     .default_value = "127.0.0.1:9901",
     .doc =
         "`/metrics /live /ready /config /tenants /version`; what changes anything is answered to "
         "loopback only."},
};

constexpr KeySpec kTelemetry[] = {
    {.name = "listen",
     .spec = endpoint(EndpointUse::admin),
     .required = true,
     .doc = "A listener of `/metrics /live /ready` alone, for kubelet and Prometheus."},
};

constexpr KeySpec kLimits[] = {
    {.name = "max_connections",
     .spec = integer(1, kMostConnections),
     .default_value = "10000",
     .doc = "Connections of clients at a time; more are closed at once."},
    {.name = "max_connections_per_client",
     .spec = integer(1, kMostConnections),
     .doc = "Connections of one client address (IPv6: of one /64) at a time; more are answered 503 "
            "and closed. Behind `trusted_proxies`: requests at a time of the address that they "
            "name. Unix sockets and the proxies themselves are exempt. Left out: no limit.",
     .zero = "no client could connect; leave max_connections_per_client out for no limit"},
    {.name = "max_head",
     .spec = bytes(kKiB, kMiB),
     .default_value = "32KiB",
     .doc = "A request's or response's first line and fields; more is 431 or 502."},
    {.name = "max_body",
     .spec = bytes(1, kTiB),
     .default_value = "1GiB",
     .doc = "A request's body; more is 413."},
    {.name = "buffered_bytes",
     .spec = bytes(0, kTiB),
     .default_value = "32MiB",
     .doc = "All bodies kept for retries together; beyond it a request cannot be retried. `0B` "
            "keeps none."},
    {.name = "head_timeout",
     .spec = duration(kMillisecond, kHour),
     .default_value = "10s",
     .doc = "From a request's first byte to the end of its head; then 408."},
    {.name = "body_timeout",
     .spec = duration(kMillisecond, kHour),
     .default_value = "30s",
     .doc = "Without a byte of a request's body; then 408."},
    {.name = "min_body_rate",
     .spec = bytes(1, kGiB),
     .default_value = "500B",
     .doc = "The slowest rate of a request's body; a body that is behind by `body_timeout` is 408. "
            "Time in which weir does not read, because the service does not, is not counted.",
     .zero = "to disable it in practice, write 1B"},
    {.name = "send_timeout",
     .spec = duration(kMillisecond, kHour),
     .default_value = "30s",
     .doc = "Without the client reading a byte of its answer; then its connection is reset."},
    {.name = "idle_timeout",
     .spec = duration(kMillisecond, kDay),
     .default_value = "75s",
     .doc = "Between two requests of a connection."},
    {.name = "abandoned_timeout",
     .spec = duration(kMillisecond, kHour),
     .default_value = "30s",
     .doc =
         "How long an answer is awaited whose client has left. The service is told by a FIN; the "
         "request's permits are held until it answers or closes, or this time is over."},
};

constexpr Spec kToken1 = text(kToken);
constexpr Spec kCidrSpec = {.type = Type::cidr};

constexpr KeySpec kUpgrades[] = {
    {.name = "protocols",
     .spec = list_of(kToken1, 0, 16),
     .default_value = "[websocket]",
     .doc = "The protocols that a connection may be upgraded to; `[]` is none."},
    {.name = "max",
     .spec = integer(1, kMostConnections),
     .default_value = "1000",
     .doc = "Tunnels at a time, including requested ones; more is 503. They hold no permits."},
    {.name = "max_per_tenant",
     .spec = integer(1, kMostConnections),
     .doc = "Of these, one tenant's. Left out: a quarter of `max`, rounded up, if the file has "
            "`tenant` or `tenants`; else all.",
     .zero = "no tunnel would open; to allow none write protocols: []"},
    {.name = "idle_timeout",
     .spec = duration(kMillisecond, kDay),
     .default_value = "10m",
     .doc = "Of a tunnel, without a byte either way."},
};

constexpr KeySpec kNewKeys[] = {
    {.name = "rate",
     .spec = rate(),
     .required = true,
     .doc = "New names that one client may bring up. A name is new if it had no request within ten "
            "minutes.",
     .zero = "no new tenant would pass; to refuse them write unknown: refuse"},
    {.name = "burst",
     .spec = integer(1, kMaxTokens),
     .doc = "How many at once. Left out: what the rate gives in a second, at least 1.",
     .zero = "no new tenant would pass; to refuse them write unknown: refuse"},
    {.name = "key",
     .spec = one_or_more(kFieldSpec, kMostKeyFields),
     .default_value = "client_ip",
     .doc = "What stands for one client: one word, or a list."},
};

constexpr KeySpec kTenant[] = {
    {.name = "from",
     .spec = {.type = Type::field, .schema = R"({"not": {"const": "tenant"}})"},
     .default_value = "header x-tenant",
     .doc = "Which part of a request names its tenant: `client_ip`, `header N`, `path_segment N`, "
            "`query N`, `cookie N`, `method` or `route`."},
    {.name = "default",
     .spec = text(kTenantName),
     .default_value = "anonymous",
     .doc = "The name of a request without that part."},
    {.name = "unknown",
     .spec = word(kUnknownWords),
     .default_value = "own",
     .doc = "A tenant that `tenants:` does not name gets a bucket of its own of the `\"*\"` size "
            "(`own`), shares one with all such (`shared`), or is answered 403 (`refuse`)."},
    {.name = "secret",
     .spec = boolean(),
     .default_value = "false",
     .doc = "The name is a credential, such as an API key: a hash of it is shown everywhere."},
    {.name = "new_keys",
     .spec = map_of(kNewKeys),
     .doc =
         "How many tenants without an entry one client may bring up; more is 429 `new_keys`. For "
         "`unknown: own`. Left out: any number."},
};

constexpr KeySpec kTenantEntry[] = {
    {.name = "addresses",
     .spec = one_or_more(kCidrSpec, 1024),
     .doc =
         "With `tenant: {from: client_ip}`: its addresses and ranges. Left out: the one that its "
         "name is. Of several ranges that have an address the longest prefix decides."},
    {.name = "rate",
     .spec = rate(),
     .doc = "Its quota, for `token_bucket` by tenant. Left out: none.",
     .zero =
         "nothing would pass; to refuse the tenant write deny: true, for no quota leave rate out"},
    {.name = "burst",
     .spec = integer(1, kMaxTokens),
     .doc = "How many at once. Left out: what the rate gives in a second, at least 1.",
     .zero = "not even one request would pass; leave burst out for one second's worth"},
    {.name = "weight",
     .spec = integer(1, 1000),
     .default_value = "1",
     .no_effect = true,
     .doc = "Its share of what is scarce.",
     .zero = "to refuse the tenant write deny: true"},
    {.name = "priority",
     .spec = word(kPriorityWords),
     .default_value = "normal",
     .doc = "`load_shed` with `target_wait` refuses `low` first, `high` last."},
    {.name = "queue",
     .spec = integer(1, 1'000'000),
     .doc = "Its requests that wait in a `buffer` for its own quota or permits, instead of "
            "`capacity_per_key`.",
     .zero = "nothing of it could wait; leave queue out for the buffer's capacity_per_key"},
    {.name = "concurrency",
     .spec = integer(1, kMostConnections),
     .doc = "Its requests at a time, for `concurrency_limit` by tenant.",
     .zero = "nothing would pass; to refuse the tenant write deny: true, for no limit leave "
             "concurrency out"},
    {.name = "deny",
     .spec = boolean(),
     .default_value = "false",
     .doc = "All its requests are answered 403."},
};

constexpr Spec kTenantSpec = {.type = Type::map,
                              .keys = kTenantEntry,
                              .key_count = std::size(kTenantEntry),
                              .schema = R"({"dependencies": {"burst": ["rate"]}})"};

constexpr Spec kMethodSpec = text(kMethod);
constexpr Spec kFieldValueSpec = text(kHeaderValue);

constexpr KeySpec kMatch[] = {
    {.name = "path", .spec = text(kUrlPath), .doc = "The whole path, decoded and normalised."},
    {.name = "path_prefix",
     .spec = text(kUrlPath),
     .doc =
         "Its beginning, up to a segment's end: `/api` is the prefix of `/api/x`, not of `/apix`."},
    {.name = "method",
     .spec = one_or_more(kMethodSpec, 32),
     .doc = "One method, or a list of them."},
    {.name = "host",
     .spec = text(kHostPattern),
     .doc = "`example.com`, or `\"*.example.com\"` for everything below it; the port is ignored."},
    {.name = "header",
     .spec = names_to(kFieldValueSpec, kToken, 16),
     .secret = true,
     .doc = "Fields and their values, all of which must be equal."},
};

constexpr Spec kChainSpec = list_of(kFilterSpec, 0, kMostFilters);
constexpr Spec kChainOrNameSpec = {
    .type = Type::list, .max = kMostFilters, .item = &kFilterSpec, .named = &kName};
constexpr Spec kSharedFilterSpec = {.type = Type::filter, .shareable_only = true};

constexpr KeySpec kRoute[] = {
    {.name = "name",
     .spec = text(kName),
     .doc = "The `route` label of the metrics. Left out: the match in short."},
    {.name = "match",
     .spec = {.type = Type::map,
              .keys = kMatch,
              .key_count = std::size(kMatch),
              .schema = R"({"not": {"required": ["path", "path_prefix"]}})"},
     .required = true,
     .doc = "Which requests: all conditions must hold; `{}` is every request."},
    {.name = "chain",
     .spec = kChainOrNameSpec,
     .doc =
         "A chain, or the name of one under `chains:`; left out, or `default`: the top-level one."},
    {.name = "tenant",
     .spec = word(kNoneWord),
     .doc = "`none`: the request's tenant is not looked up and not refused; its label is `none`. "
            "For health checks and preflights."},
};
constexpr Spec kRouteSpec = map_of(kRoute);

constexpr KeySpec kPaths[] = {
    {.name = "ambiguous",
     .spec = word(kAmbiguousWords),
     .default_value = "refuse",
     .doc =
         "What becomes of a path that services can read in more than one way, where a route or a "
         "key reads the path: `refuse` answers 400 (`ambiguous_path`); `forward_normalised` "
         "decides on the normalised path, and sends that on; `by_raw` decides on the path as it "
         "came, and sends that on."},
};

constexpr KeySpec kMetrics[] = {
    {.name = "max_tenants",
     .spec = integer(0, 100'000),
     .default_value = "1000",
     .doc = "Configured tenants that get a label of their own; all others are counted as `other`."},
};

constexpr KeySpec kAccessLog[] = {
    {.name = "to",
     .spec = text(kLogTarget),
     .default_value = "none",
     .doc = "`stdout`, or a file with its whole path, reopened on USR1. `none` is off."},
    {.name = "format",
     .spec = word(kLogFormatWords),
     .default_value = "json",
     .doc = "One JSON object a line, or Apache's combined log format."},
    {.name = "sample",
     .spec = percent(0),
     .default_value = "100%",
     .doc =
         "The share of successful requests that is logged; errors, refusals (status 400 and above) "
         "and answers that were cut are always logged."},
    {.name = "query",
     .spec = boolean(),
     .default_value = "false",
     .doc = "Log the query after the path, too. Values whose names sound like credentials are "
            "left out even then."},
};

constexpr KeySpec kDrain[] = {
    {.name = "delay",
     .spec = duration(0, kHour),
     .doc = "How long weir goes on accepting connections after `/ready` has turned to 503, so that "
            "the senders of traffic can notice. Left out: 5s in Kubernetes (where "
            "`KUBERNETES_SERVICE_HOST` is set), else 0s."},
    {.name = "timeout",
     .spec = duration(0, kDay),
     .default_value = "30s",
     .doc = "How long requests in flight may take to finish when weir is told to stop."},
    {.name = "grace",
     .spec = duration(0, kHour),
     .default_value = "2s",
     .doc = "How long a connection without a request stays open after weir has stopped listening, "
            "so that a request that is on its way is still answered. At most `timeout`."},
};

constexpr KeySpec kFile[] = {
    {.name = "listen",
     .spec = endpoint(EndpointUse::listen),
     .required = true,
     .doc = "The address for clients: `0.0.0.0:8080`, `\"[::]:8080\"`, `:8080` (IPv4 and IPv6) or "
            "`unix:/path`. Port 0 is any free one."},
    {.name = "upstream", .spec = map_of(kUpstream), .required = true, .doc = "The service."},
    {.name = "admin", .spec = map_of(kAdmin), .default_value = "{}", .doc = "The admin listener."},
    {.name = "telemetry",
     .spec = map_of(kTelemetry),
     .doc = "A listener that cannot change anything and does not show the configuration. Left out: "
            "none."},
    {.name = "workers",
     .spec = integer_or("auto", 1, 256),
     .default_value = "1",
     .doc = "Threads of the data plane, each with its event loop. `auto`: one for each processor "
            "that weir may use, by its CPU affinity and by the CPU quota of its cgroup (rounded "
            "down)."},
    {.name = "limits",
     .spec = map_of(kLimits),
     .default_value = "{}",
     .doc = "Bounds for every client."},
    {.name = "trusted_proxies",
     .spec = list_of(kCidrSpec, 0, 1000),
     .default_value = "[]",
     .doc = "Address ranges whose `X-Forwarded-For` is trusted, read from the right; that of any "
            "other "
            "client is replaced."},
    {.name = "upgrades",
     .spec = map_of(kUpgrades),
     .default_value = "{}",
     .doc = "Connections that become a tunnel, such as WebSocket."},
    {.name = "tenant",
     .spec = map_of(kTenant),
     .default_value = "{}",
     .doc = "How a request's tenant is found."},
    {.name = "tenants",
     .spec = names_to(kTenantSpec, kTenantName, 1'000'000),
     .default_value = "{}",
     .doc = "The tenants by name; `\"*\"` means all others. Without it they are unlimited."},
    {.name = "chain",
     .spec = kChainSpec,
     .default_value = "- timeout: 30s\n"
                      "- buffer: {capacity: 256, max_wait: 1s}\n"
                      "- concurrency_limit: {limit: 256}\n"
                      "- retry: {attempts: 2, retry_on: [connect_failure, reset]}\n",
     .doc = "The filters, outermost first; `[]` is none."},
    {.name = "routes",
     .spec = list_of(kRouteSpec, 0, 1000),
     .default_value = "[]",
     .doc = "Which requests take another chain; the first match wins, the rest take `chain`."},
    {.name = "chains",
     .spec = names_to(kChainSpec, kName, 256),
     .default_value = "{}",
     .doc = "More chains by name, for `routes`."},
    {.name = "shared",
     .spec = names_to(kSharedFilterSpec, kName, 256),
     .default_value = "{}",
     .doc = "Filters by name for several chains, as `- shared: NAME`, with one state."},
    {.name = "metrics",
     .spec = map_of(kMetrics),
     .default_value = "{}",
     .doc = "Labels of the metrics."},
    {.name = "access_log",
     .spec = map_of(kAccessLog),
     .default_value = "{}",
     .doc = "One line for each request."},
    {.name = "paths",
     .spec = map_of(kPaths),
     .default_value = "{}",
     .doc = "Paths that can be read in two ways."},
    {.name = "drain", .spec = map_of(kDrain), .default_value = "{}", .doc = "How weir stops."},
    {.name = "name",
     .spec = text(kName),
     .default_value = "weir",
     .doc =
         "The name of this weir in `Via` and `Proxy-Status`. If it is set, a request whose `Via` "
         "already has it is a loop, and refused with 508."},
    {.name = "x_ratelimit",
     .spec = boolean(),
     .default_value = "false",
     .doc = "A quota's refusal also has `X-RateLimit-Limit`, `-Remaining` and `-Reset` (in "
            "seconds), with the numbers of `RateLimit-Policy` and `RateLimit`."},
    {.name = "allow_trace",
     .spec = boolean(),
     .default_value = "false",
     .doc = "`TRACE` passes like any other method; with a body it is 400. With `Max-Forwards: 0` "
            "weir itself answers with the head that it received, without `Cookie` and fields that "
            "sound "
            "like a credential. Without the key all `TRACE` is 405."},
};

constexpr Spec kFileSpec = map_of(kFile);

}  // namespace

constexpr Spec kFilterSpec = {.type = Type::filter};

const Spec& file_spec() { return kFileSpec; }

const KeySpec* find_key(const Spec& map, std::string_view name) {
  for (const KeySpec& key : map.all_keys())
    if (key.name == name) return &key;
  return nullptr;
}

}  // namespace weir
