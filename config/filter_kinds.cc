// The kinds of filters: to add one, write its keys and its maker here, and a line in the list at
// the end. The parser, the schema, the docs and the effective configuration follow.
#include <algorithm>
#include <array>
#include <cassert>

#include "config/enum_values.h"
#include "config/filter_build.h"
#include "config/table.h"
#include "config/units.h"
#include "filters/concurrency_limit/concurrency_limit.h"
#include "filters/load_shed/load_shed.h"
#include "filters/retry/retry.h"
#include "filters/timeout/timeout.h"
#include "filters/token_bucket/token_bucket.h"

namespace weir {
namespace {

constexpr KeySpec kNameKey = {
    .name = "name",
    .spec = text(kName),
    .doc = "Its name in metrics and answers; needed where a chain has two of a kind."};
constexpr KeySpec kEnforceKey = {
    .name = "enforce",
    .spec = boolean(),
    .default_value = "true",
    .doc = "`false`: shadow mode; it decides and counts as usual, but lets every request pass."};
constexpr Spec kFieldSpec = {.type = Type::field};
constexpr std::int64_t kMostFields = 8;
constexpr KeySpec kMaxKeysKey = {
    .name = "max_keys",
    .spec = integer(1, 10'000'000),
    .default_value = "65536",
    .doc = "How many values of the key have state, in addition to the configured tenants."};

// --- token_bucket

constexpr KeySpec kTokenBucket[] = {
    {.name = "key",
     .spec = one_or_more(kFieldSpec, kMostFields),
     .default_value = "tenant",
     .doc = "What has a bucket of its own: one word, or a list for each combination."},
    {.name = "rate",
     .spec = rate(),
     .doc =
         "The rate of requests, the same for every value of the key. Left out, with `key: tenant`: "
         "each tenant's own from `tenants:`.",
     .zero = "nothing would pass; to refuse a tenant write deny: true under tenants:"},
    {.name = "burst",
     .spec = integer(1, kMaxTokens),
     .doc = "How many at once. Left out: what the rate gives in a second, at least 1.",
     .zero = "not even one request would pass; leave burst out for one second's worth"},
    kMaxKeysKey,
    kNameKey,
    kEnforceKey,
};
constexpr std::string_view kTokenBucketSchema =
    R"({"dependencies": {"burst": ["rate"]},
        "anyOf": [{"required": ["rate"]},
                  {"properties": {"key": {"enum": ["tenant", ["tenant"]]}}}]})";

std::shared_ptr<Filter> make_token_bucket(const Value& value, FilterBuild& build) {
  TokenBucket::Params params;
  params.key = build.key;
  params.by_tenant = is_tenant_alone(key_of(value));
  params.quota = quota_of(value, build.context.name);
  params.max_keys = value.get("max_keys").number;
  params.tenants = static_cast<std::uint32_t>(build.tenants.size());
  params.tenant_table = build.tenants;
  return build.make<TokenBucket>(params);
}

// --- concurrency_limit

constexpr KeySpec kConcurrencyLimit[] = {
    {.name = "limit",
     .spec = integer(1, 1'000'000),
     .doc =
         "Requests inside at a time, for each value of the key. Left out, with `key: tenant`: each "
         "tenant's own `concurrency`.",
     .zero = "nothing would pass; to remove the limit leave the filter out"},
    {.name = "key",
     .spec = one_or_more(kFieldSpec, kMostFields),
     .doc = "What has a limit of its own: one word, or a list. Left out: one limit for all."},
    kMaxKeysKey,
    kNameKey,
    kEnforceKey,
};
constexpr std::string_view kConcurrencyLimitSchema =
    R"({"anyOf": [{"required": ["limit"]},
                  {"required": ["key"], "properties": {"key": {"enum": ["tenant", ["tenant"]]}}}]})";

std::shared_ptr<Filter> make_concurrency_limit(const Value& value, FilterBuild& build) {
  const Key key = key_of(value);
  ConcurrencyLimit::Params params;
  if (const Value* limit = value.find("limit")) params.limit = limit->number;
  params.keyed = !key.empty();
  params.by_tenant = is_tenant_alone(key);
  params.key = build.key;
  params.max_keys = value.get("max_keys").number;
  params.tenants = static_cast<std::uint32_t>(build.tenants.size());
  params.tenant_table = build.tenants;
  return build.make<ConcurrencyLimit>(params);
}

// --- buffer

constexpr KeySpec kBuffer[] = {
    {.name = "capacity",
     .spec = integer(1, 1'000'000),
     .default_value = "256",
     .doc = "The most requests that wait here at a time.",
     .zero = "nothing could wait; to refuse at once leave the buffer out"},
    {.name = "capacity_per_key",
     .spec = integer(1, 1'000'000),
     .doc = "Of these, the most that wait for one key's own quota or permits: so one tenant cannot "
            "take the places of the others. Left out: a quarter of `capacity`, rounded up."},
    {.name = "max_wait",
     .spec = duration(kMillisecond, kHour),
     .default_value = "1s",
     .doc = "The longest time that a request waits here, all its waits together.",
     .zero = "nothing could wait; to refuse at once leave the buffer out"},
    {.name = "order",
     .spec = word(kOrderWords),
     .default_value = "fifo",
     .doc = "Which request goes first: the oldest (`fifo`) or the newest (`lifo`)."},
    {.name = "overflow",
     .spec = word(kOverflowWords),
     .default_value = "reject",
     .doc = "Which request is refused when it is full: the new one (`reject`) or the one that has "
            "waited longest (`drop_oldest`)."},
    kNameKey,
};

std::shared_ptr<Filter> make_buffer(const Value& value, FilterBuild& build) {
  Buffer::Params params;
  params.capacity = value.get("capacity").number;
  const Value* per_key = value.find("capacity_per_key");
  params.capacity_per_key = per_key != nullptr ? per_key->number : (params.capacity + 3) / 4;
  params.max_wait = Duration{value.get("max_wait").number};
  params.order = value.get("order").text == "lifo" ? Buffer::Order::lifo : Buffer::Order::fifo;
  params.overflow = value.get("overflow").text == "drop_oldest" ? Buffer::Overflow::drop_oldest
                                                                : Buffer::Overflow::reject;
  return build.make<Buffer>(params);
}

// --- timeout

constexpr KeySpec kTimeout[] = {
    {.name = "head",
     .spec = duration(kMillisecond, kDay),
     .doc = "Until the response's head has arrived; paused while the client sends its body."},
    {.name = "total", .spec = duration(kMillisecond, kDay), .doc = "Until its last byte."},
    {.name = "idle",
     .spec = duration(kMillisecond, kDay),
     .doc = "Between two bytes of the response."},
    kNameKey,
};
constexpr std::string_view kTimeoutSchema =
    R"({"anyOf": [{"required": ["head"]}, {"required": ["total"]}, {"required": ["idle"]}]})";

std::shared_ptr<Filter> make_timeout(const Value& value, FilterBuild& build) {
  const auto duration_of = [&](std::string_view key) -> std::optional<Duration> {
    const Value* found = value.find(key);
    return found == nullptr ? std::nullopt : std::optional(Duration{found->number});
  };
  return build.make<Timeout>(
      Timeout::Params{duration_of("head"), duration_of("total"), duration_of("idle")});
}

// --- retry

constexpr Spec kConditionSpec = {.type = Type::condition};
constexpr Spec kMethodSpec = text(kMethod);

constexpr KeySpec kBackoff[] = {
    {.name = "base",
     .spec = duration(kMillisecond, kHour),
     .default_value = "25ms",
     .doc = "The pause before the second attempt, at most; it doubles with each further one."},
    {.name = "max",
     .spec = duration(kMillisecond, kHour),
     .default_value = "1s",
     .doc = "The longest pause. If the service's `Retry-After` is longer, there is no retry."},
    {.name = "jitter",
     .spec = word(kJitterWords),
     .default_value = "full",
     .doc = "`full`: a random part of the pause, so that retries do not arrive together; `none`."},
};
constexpr KeySpec kBudget[] = {
    {.name = "share",
     .spec = percent(0),
     .default_value = "20%",
     .doc = "Retries as a share of the requests of the last ten seconds."},
    {.name = "min_per_second",
     .spec = integer(0, 1'000'000),
     .default_value = "1",
     .doc = "Retries a second that are always allowed, however few requests there are."},
};
constexpr KeySpec kRetry[] = {
    {.name = "attempts",
     .spec = integer(2, 16),
     .default_value = "2",
     .doc = "How often a request is tried, including the first time.",
     .zero = "attempts counts the first one; to try once only leave retry out"},
    {.name = "retry_on",
     .spec = list_of(kConditionSpec, 1, 64),
     .default_value = "[connect_failure, reset]",
     .doc =
         "`connect_failure`, `reset` (before the response's first byte), `timeout` (of a `timeout` "
         "inside), and statuses."},
    {.name = "methods",
     .spec = list_of(kMethodSpec, 1, 32),
     .doc = "Methods that may be sent twice. Left out: the idempotent ones (RFC 9110 §9.2.2)."},
    {.name = "backoff",
     .spec = map_of(kBackoff),
     .default_value = "{}",
     .doc = "The pause before a retry."},
    {.name = "budget",
     .spec = {.type = Type::map,
              .keys = kBudget,
              .key_count = std::size(kBudget),
              .shorthand = "share"},
     .default_value = "{}",
     .doc = "A bound on all retries together, so that they never become the overload."},
    {.name = "max_body",
     .spec = bytes(0, kMiB * 64),
     .default_value = "64KiB",
     .doc = "The longest request body that is kept for another attempt; `0B`: only requests "
            "without one."},
    kNameKey,
};

std::shared_ptr<Filter> make_retry(const Value& value, FilterBuild& build) {
  Retry::Params params;
  params.attempts = value.get("attempts").number;
  for (const Value& condition : value.get("retry_on").items) {
    params.on_connect_failure |= condition.text == "connect_failure";
    params.on_reset |= condition.text == "reset";
    params.on_timeout |= condition.text == "timeout";
    if (condition.number != 0) params.on_status.set(static_cast<std::size_t>(condition.number));
  }
  if (const Value* methods = value.find("methods"))
    for (const Value& method : methods->items) params.methods.push_back(method.text);
  const Value& backoff = value.get("backoff");
  params.base = Duration{backoff.get("base").number};
  params.max = Duration{backoff.get("max").number};
  params.full_jitter = backoff.get("jitter").text == "full";
  const Value& budget = value.get("budget");
  params.budget_share = static_cast<double>(budget.get("share").number) / 10'000;
  params.budget_per_second = static_cast<double>(budget.get("min_per_second").number);
  params.max_body = value.get("max_body").number;
  return build.make<Retry>(params);
}

// --- load_shed

constexpr KeySpec kLoadShed[] = {
    {.name = "target_wait",
     .spec = duration(kMillisecond, kHour),
     .doc =
         "With it, new requests are refused while the buffer inside has a standing queue: no wait "
         "in it was shorter than this for the last 100 ms. The lowest priority first.",
     .zero = "every wait would be too long; leave target_wait out to shed only requests that find "
             "no capacity"},
    kNameKey,
    kEnforceKey,
};

std::shared_ptr<Filter> make_load_shed(const Value& value, FilterBuild& build) {
  LoadShed::Params params;
  params.classes = build.classes;
  const Value* target = value.find("target_wait");
  if (target != nullptr) params.target_wait = Duration{target->number};
  return build.make<LoadShed>(params, target != nullptr ? build.line : nullptr);
}

// --- the list

bool always(const Value&) { return true; }
bool never(const Value&) { return false; }
bool with_target(const Value& params) { return params.has("target_wait"); }

template <std::size_t n>
constexpr Spec keys_of(const KeySpec (&keys)[n], std::string_view schema = {},
                       std::string_view shorthand = {}) {
  return {
      .type = Type::map, .keys = keys, .key_count = n, .shorthand = shorthand, .schema = schema};
}

constexpr FilterKind kKinds[] = {
    {"token_bucket", keys_of(kTokenBucket, kTokenBucketSchema),
     "A quota as a rate with a burst, one bucket for each value of a key. Beyond it: 429.", always,
     true, true, true, make_token_bucket},
    {"concurrency_limit", keys_of(kConcurrencyLimit, kConcurrencyLimitSchema),
     "How many requests may be inside at a time. Beyond it: 503.", always, true, true, false,
     make_concurrency_limit},
    {"buffer", keys_of(kBuffer),
     "A bounded queue in front of the limiters inside it: requests wait here while these are busy.",
     always, false, true, true, make_buffer},
    {"timeout", keys_of(kTimeout, kTimeoutSchema, "head"),
     "Time limits for everything inside it. A duration alone is `head`.", never, false, false,
     false, make_timeout},
    {"retry", keys_of(kRetry), "Another attempt if one failed, within a budget.", always, false,
     true, true, make_retry},
    {"load_shed", keys_of(kLoadShed),
     "Refuses requests early when there is no capacity, instead of letting them wait.", with_target,
     false, false, true, make_load_shed},
};

}  // namespace

std::span<const FilterKind> filter_kinds() { return kKinds; }

const FilterKind* find_filter_kind(std::string_view name) {
  for (const FilterKind& kind : kKinds)
    if (kind.name == name) return &kind;
  return nullptr;
}

const FilterKind& filter_kind(std::string_view name) {
  const FilterKind* kind = find_filter_kind(name);
  assert(kind != nullptr);
  return *kind;
}

}  // namespace weir
