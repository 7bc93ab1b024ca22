#include "config/foreign_words.h"

#include <array>

#include "config/text_rule.h"

namespace weir {
namespace {

constexpr std::string_view kNoTls =
    "weir has no TLS in this version; put it behind what ends TLS, on the same host or in the pod";
constexpr std::string_view kNoHttp2 = "weir speaks HTTP/1.1 in this version";
constexpr std::string_view kNoBreaker =
    "this version has no circuit breaker; a timeout inside a retry, and load_shed, keep a slow or "
    "failing service from taking all permits";
constexpr std::string_view kNoHealthChecks = "weir has no health checks of its own in this version";
constexpr std::string_view kNoSharedState =
    "quotas are per replica in this version: divide the rate by the number of replicas";
constexpr std::string_view kNotItsWork = "weir does not do this; it belongs in front or behind";

constexpr auto kRows = std::to_array<ForeignWord>({
    // --- the file
    {"",
     "ratelimit ratelimits ratelimiter ratelimiting limitreq throttle throttling limiter quota "
     "quotas rps qps rate rates limitrequests requestspersecond tokenbucket",
     "a quota is a filter in the chain", "chain: [token_bucket: {key: tenant, rate: 100/s}]"},
    {"", "queue queues queueing buffer buffering maxqueue queuesize pending maxpending",
     "the queue is a filter in the chain, outside of what it waits for",
     "chain: [buffer: {capacity: 256, max_wait: 500ms}, concurrency_limit: {limit: 64}]"},
    {"",
     "maxconcurrency concurrency concurrencylimit maxconcurrent limitconn maxconn maxconns "
     "inflight "
     "maxinflight bulkhead maxrequests adaptiveconcurrency",
     "the bound on requests at a time is a filter in the chain",
     "chain: [concurrency_limit: {limit: 64}]"},
    {"", "timeout timeouts requesttimeout readtimeout proxyreadtimeout",
     "a timeout is a filter in the chain", "chain: [timeout: 30s]"},
    {"", "retry retries retrypolicy maxretries numretries", "retries are a filter in the chain",
     "chain: [retry: {attempts: 2}]"},
    {"", "loadshed loadshedding shed overload", "load shedding is a filter in the chain",
     "chain: [load_shed: {target_wait: 50ms}, buffer, concurrency_limit: {limit: 64}]"},
    {"", "circuitbreaker circuitbreakers circuitbreaking outlierdetection", kNoBreaker},
    {"", "healthcheck healthchecks health", kNoHealthChecks},
    {"", "tls ssl https cert certs certificate certificates mtls", kNoTls},
    {"", "http2 h2 h2c http3 quic grpc", kNoHttp2},
    {"", "redis cluster distributed gossip replicas", kNoSharedState},
    {"",
     "cors auth authentication jwt oauth cache caching gzip compression rewrite rewrites redirect "
     "redirects headers loadbalancer loadbalancing",
     kNotItsWork},
    {"",
     "backend backends server servers service services target targets origin origins proxypass "
     "forward forwardto upstreams clusters destination url dial endpoint",
     "the service is the upstream", "upstream: {address: 127.0.0.1:3000}"},
    {"", "port bind address addr host listener listeners entrypoint entrypoints httpport frontend",
     "where clients connect is listen", "listen: :8080"},
    {"", "log logs logging loglevel accesslogs", "one line for each request is access_log",
     "access_log: {to: stdout}"},
    {"", "prometheus stats statsd monitoring metricsport",
     "metrics are on the admin port, or on a port of their own",
     "telemetry: {listen: 0.0.0.0:9902}"},
    {"", "filters filter middleware middlewares plugins policies policy rules pipeline httpfilters",
     "filters are the chain", "chain: [buffer, concurrency_limit: {limit: 64}]"},
    {"", "location locations virtualhosts match matches",
     "which requests take which chain is said by routes",
     "routes: [{match: {path_prefix: /api}, chain: [timeout: 5s]}]"},
    {"",
     "xapikey apikey apikeys key keys header tenantheader tenantkey xtenant tenantid clientid "
     "clientip bykey identifier descriptor descriptors",
     "which part of a request names its tenant is tenant.from", "tenant: {from: header x-tenant}"},
    {"", "clients users consumers customers plans tiers", "who has which quota is tenants",
     "tenants: {acme: {rate: 100/s}, \"*\": {rate: 10/s}}"},
    {"", "clientmaxbodysize maxbodysize bodylimit", "the bound on a body is one of the limits",
     "limits: {max_body: 10MiB}"},
    {"", "gracefulshutdown shutdown shutdowntimeout graceperiod terminationgraceperiod",
     "how weir stops is drain", "drain: {timeout: 30s}"},
    {"", "setrealipfrom realip trustforwardheader trustedips forwardedheaders",
     "whose X-Forwarded-For is believed is trusted_proxies", "trusted_proxies: [10.0.0.0/8]"},
    {"", "websocket websockets upgrade", "tunnels are upgrades",
     "upgrades: {protocols: [websocket]}"},
    {"", "threads workerprocesses nbthread concurrencythreads", "threads are workers",
     "workers: 2"},
    // --- kinds of filters
    {"filter",
     "ratelimit ratelimiter limitreq throttle quota leakybucket gcra slidingwindow fixedwindow "
     "localratelimit rate",
     "the quota is token_bucket", "token_bucket: {key: tenant, rate: 100/s}"},
    {"filter", "queue fifo waitingroom pending backlog bufferqueue", "the queue is buffer",
     "buffer: {capacity: 256, max_wait: 500ms}"},
    {"filter",
     "concurrency maxconcurrency maxconcurrent limitconn inflight inflightreq bulkhead semaphore "
     "adaptiveconcurrency maxconn",
     "the bound on requests at a time is concurrency_limit", "concurrency_limit: {limit: 64}"},
    {"filter", "retries retrypolicy attempts", "it is called retry", "retry: {attempts: 2}"},
    {"filter", "timeouts requesttimeout deadline", "it is called timeout", "timeout: 30s"},
    {"filter", "shed loadshedding overload overloadmanager admissioncontrol codel",
     "refusing early is load_shed", "load_shed"},
    {"filter", "circuitbreaker circuitbreaking outlierdetection", kNoBreaker},
    {"filter", "cors auth jwt cache gzip rewrite headers router", kNotItsWork},
    // --- keys of filters
    {"token_bucket", "limit requests rps qps quota tokens max average requestspersecond",
     "how many pass is the rate", "rate: 100/s"},
    {"token_bucket", "period interval window per unit duration fillinterval",
     "the time is part of the rate", "rate: 100/m"},
    {"token_bucket", "capacity size maxtokens burstsize depth bucket",
     "how many at once is the burst", "rate: 100/s, burst: 20"},
    {"token_bucket", "by header perkey identifier field keys clientip",
     "what has a bucket of its own is the key", "rate: 100/s, key: client_ip"},
    {"token_bucket", "delay nodelay maxwait wait timeout",
     "a token_bucket does not wait: a buffer outside of it does"},
    {"concurrency_limit",
     "max maxconcurrency maxconcurrent concurrency requests inflight maxinflight amount permits",
     "how many at a time is the limit", "limit: 64"},
    {"concurrency_limit", "queue maxqueue burst maxwait timeout",
     "a concurrency_limit does not wait: a buffer outside of it does"},
    {"concurrency_limit", "by header perkey field keys", "what has a limit of its own is the key",
     "limit: 8, key: client_ip"},
    {"buffer", "size maxsize length depth limit maxpending max queue maxrequests",
     "how many wait is the capacity", "capacity: 256"},
    {"buffer", "timeout wait maxdelay delay deadline maxtime queuetimeout",
     "how long a request waits is max_wait", "max_wait: 500ms"},
    {"timeout", "request all overall duration timeout deadline", "until the last byte is total",
     "total: 30s"},
    {"timeout", "read first ttfb response header", "until the head of the answer is head",
     "head: 10s"},
    {"timeout", "connect", "it is upstream.connect_timeout"},
    {"retry", "maxattempts retries numretries count max tries", "attempts counts the first one too",
     "attempts: 3"},
    {"retry", "on conditions statuscodes statuses codes retriablestatuscodes retryif",
     "what a retry is made on is retry_on", "retry_on: [connect_failure, reset, 503]"},
    {"retry", "pertrytimeout timeout trytimeout",
     "the time of one attempt is a timeout inside of the retry: {name: try, head: 2s}"},
    {"retry", "delay interval baseinterval initialinterval", "the first delay is backoff.base",
     "backoff: {base: 25ms}"},
    {"load_shed", "target latency delay maxlatency threshold",
     "the wait to stay under is target_wait", "target_wait: 50ms"},
    {"retry_on", "5xx gatewayerror httpstatuscode retriablestatuscodes unavailable",
     "list the statuses", "[502, 503, 504]"},
    {"retry_on",
     "connecterror connectionfailure connectionerror refused connectionrefused refusedstream error",
     "a service that cannot be reached is connect_failure", "[connect_failure]"},
    // --- upstream
    {"upstream", "url server servers port uri target backend hosts addresses endpoint service",
     "the service is one address", "address: 127.0.0.1:3000"},
    {"upstream", "tls ssl scheme https ca certificate sni", kNoTls},
    {"upstream", "http2 h2 protocol grpc", kNoHttp2},
    {"upstream", "timeout readtimeout sendtimeout requesttimeout",
     "the bound on an answer is a timeout in the chain: - timeout: 30s"},
    {"upstream", "keepalive keepalivetimeout keepaliveconnections",
     "how long an unused connection is kept is idle_timeout",
     "address: 127.0.0.1:3000, idle_timeout: 4s"},
    {"upstream", "maxconns maxconn poolsize pool connections",
     "connections at a time are max_connections", "address: 127.0.0.1:3000, max_connections: 512"},
    {"upstream", "healthcheck healthchecks health", kNoHealthChecks},
    {"upstream", "circuitbreaker circuitbreakers outlierdetection", kNoBreaker},
    {"upstream", "maxconcurrency concurrency maxrequests maxpendingrequests",
     "requests at a time are a concurrency_limit in the chain"},
    // --- tenants
    {"tenants.*", "limit rps qps requestspersecond requests quota ratelimit average",
     "its quota is the rate", "rate: 100/s"},
    {"tenants.*", "maxconcurrency maxconcurrent inflight maxinflight connections",
     "its requests at a time are concurrency", "concurrency: 16"},
    {"tenants.*", "block blocked banned ban disabled forbid", "to refuse it, deny it",
     "deny: true"},
    {"tenants.*", "xapikey apikey apikeys key token secret name id",
     "the name of the entry is what tenant.from finds in the request"},
    {"tenant", "header by key field headername xtenant xapikey query cookie",
     "which part of a request names its tenant is from", "from: header x-tenant"},
    {"tenant", "fallback anonymous missing", "the name of a request without that part is default",
     "default: anonymous"},
    // --- routes
    {"routes.match", "prefix pathprefixes pathprefix startswith location",
     "the beginning of a path is path_prefix", "path_prefix: /api"},
    {"routes.match", "exact uri url fullpath equals", "the whole path is path", "path: /healthz"},
    {"routes.match", "regex pathregex pathregexp pattern glob template saferegex",
     "paths have no patterns", "path_prefix: /api"},
    {"routes.match", "domain domains hostname servername authority", "the host is host",
     "host: example.com"},
    {"routes", "prefix pathprefix path url uri location", "it belongs under match",
     "match: {path_prefix: /api}, chain: [timeout: 5s]"},
    {"routes", "filters middlewares plugins policies rules", "its filters are its chain",
     "match: {path_prefix: /api}, chain: [timeout: 5s]"},
    {"routes", "service backend cluster proxypass target upstream",
     "every route leads to the one upstream"},
    // --- limits
    {"limits", "clientmaxbodysize maxbodysize bodysize body maxrequestsize",
     "the bound on a body is max_body", "max_body: 10MiB"},
    {"limits", "maxheadersize headersize headers maxheaders", "the bound on a head is max_head",
     "max_head: 32KiB"},
    {"limits", "keepalivetimeout keepalive", "the time between two requests is idle_timeout",
     "idle_timeout: 75s"},
    {"limits", "maxconcurrency concurrency rate rps requests",
     "quotas and bounds on requests are filters in the chain"},
});

std::string plain(std::string_view word) {
  std::string out = lower_case(word);
  std::erase_if(out, [](char c) { return c == '_' || c == '-' || c == '.' || c == ' '; });
  return out;
}

bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::string_view first = words.substr(0, words.find(' '));
    if (first == word) return true;
    words.remove_prefix(std::min(first.size() + 1, words.size()));
  }
  return false;
}

}  // namespace

std::span<const ForeignWord> foreign_words() { return kRows; }

const ForeignWord* find_foreign_word(std::string_view place, std::string_view word) {
  constexpr std::size_t kLongest = 64;
  if (word.empty() || word.size() > kLongest) return nullptr;
  const std::string wanted = plain(word);
  for (const ForeignWord& row : kRows)
    if (row.place == place && has_word(row.words, wanted)) return &row;
  return nullptr;
}

std::string place_of(std::string_view path) {
  if (path.starts_with("tenants.")) return "tenants.*";
  std::string out;
  bool index = false;
  for (const char c : path) {
    index |= c == '[';
    if (!index) out += c;
    if (c == ']') index = false;
  }
  // A filter's keys are the same in every chain.
  const bool in_chain =
      out.find("chain") == 0 || out.starts_with("shared.") || out.find("routes.chain") == 0;
  if (in_chain) return out.substr(out.rfind('.') + 1);
  return out;
}

std::string advice(const ForeignWord& word) {
  std::string out(word.says);
  if (!word.example.empty()) out += ": write " + std::string(word.example);
  return out;
}

}  // namespace weir
