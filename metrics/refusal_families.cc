// Refusals by filter, reason and tenant; those in shadow mode; and what was no request at all.

#include <algorithm>
#include <functional>
#include <map>
#include <string>

#include "metrics/families.h"
#include "metrics/metrics_snapshot.h"

namespace weir {
namespace {

constexpr auto kReasons = static_cast<std::size_t>(Reason::count_);
// The `filter` label of refusals that no filter made.
constexpr std::string_view kNoFilter = "weir";

// The tallies that share one value of the `filter` label, and the reasons that they can have.
struct Group {
  std::vector<const LabeledCounter*> tallies;
  std::vector<bool> expected = std::vector<bool>(kReasons, false);

  void expect(const std::vector<Reason>& reasons) {
    for (const Reason reason : reasons) expected[static_cast<std::size_t>(reason)] = true;
  }
  std::uint64_t count(Reason reason, std::uint32_t label) const {
    std::uint64_t sum = 0;
    for (const LabeledCounter* tally : tallies) sum += tally->count(reason, label);
    return sum;
  }
  bool shows(Reason reason, std::size_t labels) const {
    if (expected[static_cast<std::size_t>(reason)]) return true;
    for (std::uint32_t label = 0; label < labels; ++label) {
      if (count(reason, label) > 0) return true;
    }
    return false;
  }
};
using Groups = std::map<std::string, Group, std::less<>>;

Family by_filter_reason_tenant(Family family, const Groups& groups,
                               const std::vector<std::string>& tenants) {
  for (const auto& [filter, group] : groups) {
    for (std::size_t i = 1; i < kReasons; ++i) {
      const auto reason = static_cast<Reason>(i);
      if (!group.shows(reason, tenants.size())) continue;
      for (std::uint32_t label = 0; label < tenants.size(); ++label) {
        family.add({{"filter", filter}, {"reason", to_string(reason)}, {"tenant", tenants[label]}},
                   group.count(reason, label));
      }
    }
  }
  return family;
}

Groups enforced(const ExpositionSources& sources, const MetricsSnapshot& reading) {
  Groups groups;
  for (const FilterReading& r : reading.filters) {
    Group& group = groups[r.filter->name()];
    group.tallies.push_back(&r.rejected);
    if (r.filter->enforces()) group.expect(r.filter->reasons());
  }
  Group& own = groups[std::string(kNoFilter)];
  own.expect(sources.own_reasons);
  for (const LabeledCounter& tally : reading.own_rejected) own.tallies.push_back(&tally);
  return groups;
}

Groups shadowed(const MetricsSnapshot& reading) {
  Groups groups;
  for (const FilterReading& r : reading.filters) {
    if (r.filter->enforces()) continue;
    Group& group = groups[r.filter->name()];
    group.tallies.push_back(&r.shadow_rejected);
    group.expect(r.filter->reasons());
  }
  return groups;
}

Family bad_requests(const ExpositionSources& sources) {
  Family family = Families::counter(
      "weir_bad_requests_total",
      "Messages rejected as invalid HTTP, or whose body violated framing, size or time limits.");
  for (std::size_t i = 0; i < sources.bad_requests.size(); ++i) {
    if (sources.bad_requests[i].empty()) continue;
    std::uint64_t count = 0;
    for (const WorkerMetrics* worker : sources.workers) count += worker->bad_requests[i].get();
    family.add({{"reason", sources.bad_requests[i]}}, count);
  }
  return family;
}

}  // namespace

void add_refusal_families(const ExpositionSources& sources, const MetricsSnapshot& reading,
                          Families& out) {
  out.put(by_filter_reason_tenant(
      Families::counter("weir_rejected_total",
                        "Requests that weir refused, by the filter that refused them."),
      enforced(sources, reading), sources.tenants));
  out.put(by_filter_reason_tenant(
      Families::counter("weir_shadow_rejected_total",
                        "Requests that a filter with enforce false would have refused."),
      shadowed(reading), sources.tenants));
  out.put(bad_requests(sources));
}

}  // namespace weir
