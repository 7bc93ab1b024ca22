#include <algorithm>
#include <map>
#include <set>

#include "config/filter_build.h"
#include "config/rules.h"
#include "config/rules_filter.h"
#include "config/units.h"
#include "filters/request.h"

namespace weir {
namespace {

std::string line_of(const PlannedFilter& filter) {
  return "line " + std::to_string(filter.at.line);
}

// A duration of a filter's, if it stands (or has a default) and is sound.
std::optional<std::int64_t> sound(const PlannedFilter& filter, std::string_view key) {
  const Value* value = filter.params->find(key);
  if (value == nullptr || value->bad) return std::nullopt;
  return value->number;
}

class ChainRules {
 public:
  ChainRules(const Value& file, const PlannedChain& chain, Report& report)
      : file_(file), chain_(chain), filters_(chain.filters), report_(report) {}

  void run() {
    check_names();
    check_keys();
    for (std::size_t i = 0; i < filters_.size(); ++i) {
      const std::string_view kind = filters_[i].kind->name;
      if (kind == "retry") retry(i);
      if (kind == "load_shed") load_shed(i);
      if (kind == "buffer") buffer(i);
      if (kind == "concurrency_limit") concurrency_limit(i);
    }
    share_of_permits();
    check_times();
  }

 private:
  bool is(std::size_t i, std::string_view kind) const { return filters_[i].kind->name == kind; }
  bool any_inside(std::size_t i, std::string_view kind) const {
    return next(i, kind) < filters_.size();
  }
  std::size_t next(std::size_t i, std::string_view kind) const {
    for (++i; i < filters_.size() && !is(i, kind);) ++i;
    return i;
  }
  void error(std::size_t i, std::string message) {
    report_.error(filters_[i].at, filters_[i].path, std::move(message));
  }
  void warning(std::size_t i, std::string message, std::string_view key = {}) {
    const Value* value = key.empty() ? nullptr : filters_[i].params->own(key);
    const bool here = value != nullptr && !filters_[i].shared;
    report_.warning(here ? value->at : filters_[i].at,
                    filters_[i].path + (here ? "." + std::string(key) : ""), std::move(message));
  }

  // Two of a kind with state need names; a shared one cannot stand twice.
  void check_names() {
    std::map<std::string_view, const PlannedFilter*> unnamed;
    std::map<std::string_view, const PlannedFilter*> shared;
    for (std::size_t i = 0; i < filters_.size(); ++i) {
      const PlannedFilter& filter = filters_[i];
      if (filter.shared && !shared.emplace(filter.name, &filter).second)
        error(i, "the shared filter " + quoted(filter.name) +
                     " stands twice in this chain (first in " + line_of(*shared[filter.name]) +
                     ")");
      if (filter.named || filter.params->bad || !filter.kind->has_state(*filter.params)) continue;
      const auto [it, fresh] = unnamed.emplace(filter.kind->name, &filter);
      if (!fresh && filter.kind->name != "retry")  // that one is wrong by any name
        error(i, "a second " + std::string(filter.kind->name) + " in the chain (the first is in " +
                     line_of(*it->second) + "): give it a name, such as name: " +
                     std::string(filter.kind->name) + "2, so that their states stay apart");
    }
  }

  void check_keys() {
    if (chain_.keys.size() <= kMaxKeys) return;
    report_.error(chain_.at, chain_.path,
                  "its filters use " + std::to_string(chain_.keys.size()) +
                      " different keys (those of shared filters included): at most " +
                      std::to_string(kMaxKeys));
  }

  void retry(std::size_t i) {
    for (std::size_t j = 0; j < i; ++j)
      if (is(j, "retry")) {
        error(i, "a retry inside a retry (" + line_of(filters_[j]) +
                     ") multiplies attempts: keep one");
        break;
      }
    for (const Value& condition : filters_[i].params->get("retry_on").items)
      if (condition.text == "timeout" && !any_inside(i, "timeout"))
        warning(i,
                "timeout has no effect: no timeout stands inside this retry, as - timeout: {name: "
                "try, head: 5s}",
                "retry_on");
  }

  void load_shed(std::size_t i) {
    if (filters_[i].params->has("target_wait") && !any_inside(i, "buffer"))
      report_.error(filters_[i].params->own("target_wait")->at, filters_[i].path + ".target_wait",
                    "watches the line of a buffer, and no buffer stands inside: add one, or leave "
                    "target_wait out");
  }

  void buffer(std::size_t i) {
    const std::size_t inner = next(i, "buffer");
    bool limiter = inner == filters_.size();  // the pool of upstream connections is one
    for (std::size_t j = i + 1; j < inner; ++j) limiter |= filters_[j].kind->limits;
    if (!limiter)
      warning(i, "nothing ever waits here: between it and the buffer inside (" +
                     line_of(filters_[inner]) + ") stands nothing that runs out");
    const std::size_t shed = next(i, "load_shed");
    if (shed < inner && shed < filters_.size() && limiter_between(i, shed) == 0 &&
        next(shed, "token_bucket") == filters_.size())
      warning(i, "nothing ever waits here: the load_shed inside (" + line_of(filters_[shed]) +
                     ") refuses it first; put load_shed outside the buffer");
    limiter_outside(i);
    const Value* per_key = filters_[i].params->own("capacity_per_key");
    const auto capacity = sound(filters_[i], "capacity");
    if (capacity && per_key != nullptr && !per_key->bad && per_key->number > *capacity)
      warning(i, per_key->text + " is never reached: capacity is " + std::to_string(*capacity),
              "capacity_per_key");
    const Value& clients = file_.get("limits").get("max_connections");
    if (capacity && !clients.bad && *capacity >= clients.number)
      warning(i,
              std::to_string(*capacity) +
                  " is never reached: every waiting request has a connection, "
                  "and limits.max_connections is " +
                  std::to_string(clients.number),
              "capacity");
  }

  // Requests would wait in front of the limiter that runs out, not behind it.
  void limiter_outside(std::size_t i) {
    for (std::size_t j = i + 1; j < filters_.size(); ++j)
      if (filters_[j].kind->limits) return;
    std::size_t outer = i;
    while (outer > 0 && !filters_[outer - 1].kind->limits) --outer;
    if (outer == 0) return;
    warning(i, "only waits for upstream.max_connections: the " +
                   std::string(filters_[outer - 1].kind->name) + " outside it (" +
                   line_of(filters_[outer - 1]) +
                   ") refuses before a request comes here; put the buffer outside it");
  }

  // A limit for all, and none for each tenant or client that is lower.
  void share_of_permits() {
    if (!tells_tenants_apart()) return;
    std::size_t shared = filters_.size();
    std::int64_t least = INT64_MAX;  // of those for each
    for (std::size_t i = 0; i < filters_.size(); ++i) {
      if (!is(i, "concurrency_limit") || filters_[i].params->get("enforce").number == 0) continue;
      const Key key = key_of(*filters_[i].params);
      if (key.empty()) shared = i;
      if (tells_clients_apart(key))
        least = std::min(least, sound(filters_[i], "limit").value_or(1));
    }
    if (shared == filters_.size()) return;
    const auto limit = sound(filters_[shared], "limit");
    if (!limit || *limit < 2 || least < *limit) return;
    warning(shared, "one tenant can take all " + std::to_string(*limit) +
                        " permits: add a limit for each, as concurrency_limit: {name: per_tenant, "
                        "key: tenant, limit: " +
                        std::to_string((*limit + 1) / 2) + "}");
  }
  static bool tells_clients_apart(const Key& key) {
    return std::ranges::any_of(key, [](const Field& field) {
      return field.kind != Field::Kind::method && field.kind != Field::Kind::route;
    });
  }
  bool tells_tenants_apart() const { return file_.has("tenant") || file_.has("tenants"); }

  std::size_t limiter_between(std::size_t i, std::size_t j) const {
    std::size_t count = 0;
    for (std::size_t k = i + 1; k < j; ++k) count += filters_[k].kind->limits ? 1U : 0U;
    return count;
  }

  void concurrency_limit(std::size_t i) {
    const auto limit = sound(filters_[i], "limit");
    const Value* upstream = file_.find("upstream");
    if (!limit || upstream == nullptr || upstream->bad) return;
    const Value& most = upstream->get("max_connections");
    if (!most.bad && *limit > most.number)
      warning(i,
              std::to_string(*limit) + " is never reached: upstream.max_connections is " +
                  std::to_string(most.number),
              "limit");
  }

  // What a timeout around makes pointless.
  void check_times() {
    const PlannedFilter* around = nullptr;  // the strictest so far
    std::int64_t least = INT64_MAX;
    for (std::size_t i = 0; i < filters_.size(); ++i) {
      const PlannedFilter& filter = filters_[i];
      const bool timeout = is(i, "timeout");
      for (const std::string_view key : {"head", "total", "max_wait"}) {
        const auto own = key == "max_wait" && !is(i, "buffer") ? std::nullopt : sound(filter, key);
        const bool pointless = own && (timeout ? *own >= least : *own > least);
        if (around != nullptr && pointless)
          warning(i,
                  print_duration(*own) + " is never waited for: the timeout around it (" +
                      line_of(*around) + ") is over after " + print_duration(least),
                  key);
      }
      if (!timeout) continue;
      for (const std::string_view key : {"head", "total"}) {
        const auto own = sound(filter, key);
        if (!own || *own >= least) continue;
        least = *own;
        around = &filter;
      }
    }
  }

  const Value& file_;
  const PlannedChain& chain_;
  const std::vector<PlannedFilter>& filters_;
  Report& report_;
};

// The same quota in two chains, with buckets of its own in each: whoever uses both gets it twice.
void check_doubled(const Plan& plan, Report& report) {
  std::map<std::string, const PlannedFilter*> quotas;
  for (const PlannedChain& chain : plan.chains) {
    if (!chain.given || !chain.used) continue;
    std::map<std::string, const PlannedFilter*> own;
    for (const PlannedFilter& filter : chain.filters) {
      if (filter.shared || filter.params->bad || filter.kind->name != "token_bucket") continue;
      std::string quota;
      for (const Field& field : key_of(*filter.params)) quota += to_string(field) + ", ";
      if (const Value* rate = filter.params->find("rate")) quota += rate->text;
      if (const auto found = quotas.find(quota); found != quotas.end())
        report.warning(filter.at, filter.path,
                       "the quota of " + found->second->path + " (" + line_of(*found->second) +
                           ") once more, in buckets of its own: together they let twice as much "
                           "through; put one token_bucket under shared: for both chains");
      else
        own.emplace(std::move(quota), &filter);
    }
    quotas.merge(own);
  }
}

void check_shared(const Value& file, Report& report) {
  for (const Value& shared : file.get("shared").items) {
    if (shared.kind == nullptr) continue;
    const Path root;
    const Path section(root, "shared");
    const Path one(section, shared.name);
    const std::string path = Path(one, shared.kind->name).text();
    if (const Value* name = shared.own("name"))
      report.error(
          name->name_at, path + ".name",
          "a shared filter's name is its key, " + quoted(shared.name) + ": leave name out");
    check_filter_rules(file, shared, path, report);
  }
}

}  // namespace

void check_chain_rules(const Value& file, const Plan& plan, Report& report) {
  check_shared(file, report);
  for (const PlannedChain& chain : plan.chains) {
    if (!chain.given) continue;  // the default needs no advice
    for (const PlannedFilter& filter : chain.filters)
      if (!filter.shared) check_filter_rules(file, *filter.params, filter.path, report);
    ChainRules(file, chain, report).run();
  }
  check_doubled(plan, report);
}

}  // namespace weir
