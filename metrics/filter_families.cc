// What the filters say of themselves: lines, permits, tables of keys, retries.

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "metrics/families.h"
#include "metrics/metrics_snapshot.h"

namespace weir {
namespace {

using Queue = FilterStats::Queue;
using Permits = FilterStats::Permits;
using Keys = FilterStats::Keys;
using Quotas = FilterStats::Quotas;

// Calls `use(name, numbers)` for each filter that has such a part. Names are unique among these.
template <typename Part, typename Use>
void each(const MetricsSnapshot& reading, std::unique_ptr<Part> FilterStats::*part, Use use) {
  for (const FilterReading& r : reading.filters) {
    if (const Part* numbers = (r.numbers.*part).get()) use(r.filter->name(), *numbers);
  }
}

void add_queue_depth(const ExpositionSources& sources, const MetricsSnapshot& reading,
                     Families& out) {
  Family depth = Families::gauge("weir_queue_depth", "Requests that wait in the queue.");
  each(reading, &FilterStats::queue, [&](const std::string& name, const Queue& queue) {
    for (std::size_t i = 0; i < sources.tenants.size(); ++i) {
      depth.add({{"filter", name}, {"tenant", sources.tenants[i]}},
                i < queue.depth.size() ? queue.depth[i] : std::int64_t{0});
    }
  });
  out.put(std::move(depth));
}

void add_queues(const MetricsSnapshot& reading, Families& out) {
  Family capacity = Families::gauge("weir_queue_capacity", "Places in the queue.");
  Family integral = Families::counter("weir_queue_depth_seconds_total",
                                      "Time integral of the depth of the queue; its rate is L.");
  Family entries =
      Families::counter("weir_queue_entries_total", "Requests that had to wait in the queue.");
  Family wait = Families::histogram(
      "weir_queue_wait_seconds", "Time spent in the queue, including requests that did not wait.");
  Family refusals =
      Families::counter("weir_queue_refusals_total",
                        "Requests that the queue refused: it was full, their time ran "
                        "out in it, or they were dropped for a newcomer.");
  each(reading, &FilterStats::queue, [&](const std::string& name, const Queue& queue) {
    capacity.add({{"filter", name}}, queue.capacity);
    integral.add({{"filter", name}}, queue.depth_seconds);
    entries.add({{"filter", name}}, queue.entries);
    wait.add({{"filter", name}}, queue.wait);
    refusals.add({{"filter", name}, {"how", "full"}}, queue.full);
    refusals.add({{"filter", name}, {"how", "expired"}}, queue.expired);
    refusals.add({{"filter", name}, {"how", "dropped"}}, queue.dropped);
  });
  for (Family* family : {&capacity, &integral, &entries, &wait, &refusals})
    out.put(std::move(*family));
}

void add_permits(const MetricsSnapshot& reading, Families& out) {
  Family in_use = Families::gauge("weir_permits_in_use", "Permits that requests hold.");
  Family limit = Families::gauge("weir_concurrency_limit",
                                 "Permits in all; with a key, for each of its values.");
  Family waiting = Families::gauge("weir_permits_awaited", "Requests that wait for a permit.");
  Family busy = Families::counter("weir_permits_busy_seconds_total",
                                  "Time integral of the permits in use; its rate is their mean.");
  Family granted =
      Families::counter("weir_permits_granted_total", "Permits that requests have taken.");
  Family denied =
      Families::counter("weir_permits_denied_total",
                        "Times that a request found no free permit: it waits or is refused.");
  each(reading, &FilterStats::permits, [&](const std::string& name, const Permits& permits) {
    in_use.add({{"filter", name}}, permits.in_use);
    waiting.add({{"filter", name}}, permits.waiting);
    if (permits.limit > 0) limit.add({{"filter", name}}, permits.limit);
    busy.add({{"filter", name}}, permits.busy_seconds);
    granted.add({{"filter", name}}, permits.granted);
    denied.add({{"filter", name}}, permits.denied);
  });
  for (Family* family : {&in_use, &limit, &waiting, &busy, &granted, &denied}) {
    out.put(std::move(*family));
  }
}

void add_quotas(const ExpositionSources& sources, const MetricsSnapshot& reading, Families& out) {
  Family rate = Families::gauge("weir_quota_tokens_per_second",
                                "Sustained rate that the quota of a configured tenant allows.");
  for (const TenantQuota& quota : sources.quotas) {
    rate.add({{"filter", quota.filter}, {"tenant", sources.tenants[quota.label]}},
             quota.tokens_per_second);
  }
  Family used = Families::counter("weir_quota_used_total",
                                  "Tokens used by requests that reached the service.");
  each(reading, &FilterStats::quotas, [&](const std::string& name, const Quotas& quotas) {
    for (std::size_t i = 0; i < sources.tenants.size(); ++i) {
      used.add({{"filter", name}, {"tenant", sources.tenants[i]}},
               i < quotas.used.size() ? quotas.used[i] : std::uint64_t{0});
    }
  });
  out.put(std::move(rate));
  out.put(std::move(used));
}

void add_keys(const MetricsSnapshot& reading, Families& out) {
  Family tracked = Families::gauge("weir_keys_tracked", "Keys that have state of their own.");
  Family capacity = Families::gauge("weir_keys_capacity", "Keys that can have state of their own.");
  Family overflowed = Families::counter(
      "weir_keys_overflowed_total",
      "Decisions made on the state that keys without a slot in the key table share.");
  Family over_share =
      Families::counter("weir_keys_over_share_total",
                        "Of these, the ones whose client had its share of the key table.");
  each(reading, &FilterStats::keys, [&](const std::string& name, const Keys& keys) {
    tracked.add({{"filter", name}}, keys.tracked);
    capacity.add({{"filter", name}}, keys.capacity);
    overflowed.add({{"filter", name}}, keys.overflowed);
    over_share.add({{"filter", name}}, keys.over_share);
  });
  for (Family* family : {&tracked, &capacity, &overflowed, &over_share}) {
    out.put(std::move(*family));
  }
}

void add_retries(const MetricsSnapshot& reading, Families& out) {
  Family budget =
      Families::gauge("weir_retry_budget_available", "Retries that the budget would allow now.");
  std::array<std::uint64_t, static_cast<std::size_t>(RetryResult::count_)> results{};
  each(reading, &FilterStats::retries,
       [&](const std::string& name, const FilterStats::Retries& retries) {
         budget.add({{"filter", name}}, retries.available);
         for (std::size_t i = 0; i < results.size(); ++i) results[i] += retries.results[i];
       });
  Family total = Families::counter("weir_retries_total", "Outcome of retry decisions.");
  for (std::size_t i = 0; i < results.size(); ++i) {
    total.add({{"result", to_string(static_cast<RetryResult>(i))}}, results[i]);
  }
  out.put(std::move(total));
  out.put(std::move(budget));
}

}  // namespace

void add_filter_families(const ExpositionSources& sources, const MetricsSnapshot& reading,
                         Families& out) {
  add_queue_depth(sources, reading, out);
  add_queues(reading, out);
  add_permits(reading, out);
  add_quotas(sources, reading, out);
  add_keys(reading, out);
  add_retries(reading, out);
}

}  // namespace weir
