#include "proxy/admin/tenants_page.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "config/secret.h"
#include "config/units.h"

namespace weir {
namespace {

constexpr std::size_t kBatch = 32;
constexpr auto kReasons = static_cast<std::size_t>(Reason::count_);

std::optional<std::size_t> number(const Query& query, std::string_view name,
                                  std::size_t otherwise) {
  const auto found = query.find(name);
  if (found == query.end()) return otherwise;
  std::size_t value = 0;
  const std::string& text = found->second;
  const auto end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (result.ec != std::errc{} || result.ptr != end) return std::nullopt;
  return value;
}

std::string_view to_string(Priority priority) {
  switch (priority) {
    case Priority::low: return "low";
    case Priority::normal: return "normal";
    case Priority::high: return "high";
  }
  return "unknown";
}

}  // namespace

struct TenantsPage::Entry {
  const Tenant* tenant = nullptr;
  TenantStats numbers;
  bool counted = false;  // has a label of its own, so that the counts below are its own
  std::uint64_t arrivals = 0, inside = 0, passed = 0;
  std::array<std::uint64_t, kReasons> refused{};
};

TenantsPage::TenantsPage(Gate& gate, std::shared_ptr<const Snapshot> snapshot,
                         std::vector<const WorkerMetrics*> workers)
    : gate_(gate), snapshot_(std::move(snapshot)), workers_(std::move(workers)) {}

void TenantsPage::read_counts(std::uint32_t label, Entry& out) const {
  auto add = [&out, label](const LabeledCounter& tally) {
    for (std::size_t i = 0; i < kReasons; ++i) {
      out.refused[i] += tally.count(static_cast<Reason>(i), label);
    }
  };
  for (const WorkerMetrics* worker : workers_) {
    const auto& ledger = worker->ledger()[label];
    out.arrivals += ledger.arrivals;
    out.inside += ledger.inside;
    for (const auto& row : ledger.ended.rows) {
      if (row.source == Source::service) out.passed += row.count;
    }
    add(worker->rejected);
  }
  for (const auto& filter : snapshot_->filters) add(filter->rejected);
}

TenantsPage::Entry TenantsPage::read(const Tenant& tenant, Time now) const {
  Entry entry;
  entry.tenant = &tenant;
  for (const auto& filter : snapshot_->filters) filter->tenant_stats(tenant, now, entry.numbers);
  entry.counted = tenant.label != snapshot_->other_label();
  if (entry.counted) read_counts(tenant.label, entry);
  return entry;
}

std::string TenantsPage::to_json(const Entry& entry) const {
  namespace json = boost::json;
  const Tenant& tenant = *entry.tenant;
  json::object out;
  out["name"] = shown_tenant(tenant.name, snapshot_->settings.tenant.secret);
  if (tenant.deny) out["denied"] = true;
  out["priority"] = to_string(tenant.priority);
  out["weight"] = tenant.weight;
  const Quota* quota = tenant.quota ? &*tenant.quota : entry.numbers.quota;
  if (quota != nullptr) {
    json::object& o = out["quota"].emplace_object();
    o["rate"] = print_rate({quota->tokens, quota->per.count()});
    o["burst"] = quota->burst;
    if (entry.numbers.quota != nullptr) {  // "*" has no bucket of its own
      o["used"] = entry.numbers.quota->burst - entry.numbers.available;
      o["available"] = entry.numbers.available;
    }
  }
  if (entry.numbers.limit > 0) {
    out["concurrency"] = {{"in_use", entry.numbers.in_use}, {"limit", entry.numbers.limit}};
  }
  if (!entry.counted) {
    out["counted_as"] = snapshot_->labels[tenant.label];
    return json::serialize(out);
  }
  out["arrivals"] = entry.arrivals;
  out["inside"] = entry.inside;
  out["waiting"] = entry.numbers.waiting;
  out["passed"] = entry.passed;
  json::object& refused = out["refused"].emplace_object();
  for (std::size_t i = 0; i < kReasons; ++i) {
    if (entry.refused[i] > 0) {
      refused[weir::to_string(static_cast<Reason>(i))] = entry.refused[i];
    }
  }
  return json::serialize(out);
}

AdminReply TenantsPage::answer(const Query& query) const {
  const auto limit = number(query, "limit", kDefaultLimit);
  const auto after = number(query, "after", 0);
  if (!limit || *limit == 0 || *limit > kMaxLimit) {
    return problem(400, "limit: a number from 1 to 1000.");
  }
  const auto& tenants = snapshot_->settings.tenants;
  if (!after) return problem(400, "after: what the page before says under next.");
  const std::size_t first = std::min(*after, tenants.size());
  const std::size_t end = std::min(first + *limit, tenants.size());
  std::string list;
  for (std::size_t at = first; at < end; at += kBatch) {
    std::vector<Entry> entries;
    entries.reserve(kBatch);
    {
      const Gate::Pass pass(gate_);
      for (std::size_t i = at; i < std::min(at + kBatch, end); ++i) {
        entries.push_back(read(tenants[i], pass.now()));
      }
    }
    for (const Entry& entry : entries) list += (list.empty() ? "" : ",\n") + to_json(entry);
  }
  AdminReply reply;
  reply.type = "application/json";
  reply.compress = true;
  reply.body = "{\"total\":" + std::to_string(tenants.size()) +
               ",\"next\":" + (end < tenants.size() ? "\"" + std::to_string(end) + "\"" : "null") +
               ",\"tenants\":[\n" + list + "\n]}\n";
  return reply;
}

}  // namespace weir
