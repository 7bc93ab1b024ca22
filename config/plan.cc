#include "config/plan.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "config/filter_build.h"
#include "config/route_match.h"
#include "config/suggest.h"

namespace weir {
namespace {

class Planner {
 public:
  Planner(const Value& file, Report& report) : file_(file), report_(report) {}

  Plan run() {
    taken_.emplace(kUpstreamName, "the pool of upstream connections has that name");
    plan_new_keys();
    plan_shared_keys();
    const Value& top = file_.get("chain");
    add_chain(std::string(kDefaultName), "chain", top, file_.has("chain"));
    for (const Value& chain : file_.get("chains").items) named_chain(chain);
    plan_routes();
    for (const Value& shared : file_.get("shared").items)
      if (used_shared_.count(shared.name) == 0) plan_.unused_shared.push_back(shared.name);
    return std::move(plan_);
  }

 private:
  // Shared filters are built once, so their keys need the same places in all chains.
  void plan_shared_keys() {
    for (const Value& shared : file_.get("shared").items) {
      if (!names_filter(shared.name, "shared." + shared.name, shared.name_at)) continue;
      if (shared.bad || shared.kind == nullptr) continue;
      if (const Key key = key_of(shared); !key.empty()) place(shared_keys_, key);
    }
  }

  // One filter for all chains, so its keys come first in all of them.
  void plan_new_keys() {
    const Value& tenant = file_.get("tenant");
    const Value* new_keys = tenant.find(kNewKeysName);
    if (new_keys == nullptr || new_keys->bad || tenant.get("unknown").text != "own") return;
    taken_.emplace(kNewKeysName, "tenant.new_keys has that name");
    plan_.new_keys.key = key_of(*new_keys);
    plan_.new_keys.tenant = place(shared_keys_, {Field{Field::Kind::tenant, "", 0}});
    plan_.new_keys.client = place(shared_keys_, plan_.new_keys.key);
  }

  static std::size_t place(std::vector<Key>& keys, const Key& key) {
    const auto found = std::find(keys.begin(), keys.end(), key);
    if (found != keys.end()) return static_cast<std::size_t>(found - keys.begin());
    keys.push_back(key);
    return keys.size() - 1;
  }

  void named_chain(const Value& chain) {
    const std::string path = Path(Path(Path(), "chains"), chain.name).text();
    if (chain.name == kDefaultName) {
      report_.error(chain.name_at, path,
                    "default is the name of the top-level chain: call it otherwise");
      return;
    }
    add_chain(chain.name, path, chain, true);
    by_name_[chain.name] = plan_.chains.size() - 1;
  }

  void add_chain(std::string name, std::string path, const Value& list, bool given) {
    PlannedChain chain;
    chain.name = std::move(name);
    chain.path = std::move(path);
    chain.at = list.name.empty() ? list.at : list.name_at;
    chain.given = given;
    for (std::size_t i = 0; i < list.items.size(); ++i)
      add_filter(chain, list.items[i], chain.path + "[" + std::to_string(i) + "]");
    lay_out_keys(chain);
    plan_.chains.push_back(std::move(chain));
  }

  void add_filter(PlannedChain& chain, const Value& item, const std::string& path) {
    PlannedFilter filter;
    filter.params = &item;
    filter.kind = item.kind;
    filter.at = item.name_at;
    if (item.kind != nullptr) {
      filter.path = path + "." + std::string(item.kind->name);
      own_name(chain, filter);
    } else {
      if (item.bad || item.text.empty()) return;
      filter.path = path + ".shared";
      if (!resolve_shared(item, filter)) return;
    }
    chain.filters.push_back(std::move(filter));
  }

  bool resolve_shared(const Value& item, PlannedFilter& filter) {
    const Value& shared = file_.get("shared");
    const Value* found = shared.own(item.text);
    if (found == nullptr) {
      std::vector<std::string_view> known;
      for (const Value& each : shared.items) known.push_back(each.name);
      report_.error(item.at, filter.path,
                    "no filter " + quoted(item.text) + " stands under shared:" +
                        (known.empty() ? "" : " (there: " + either(known) + ")") +
                        did_you_mean(item.text, known));
      return false;
    }
    used_shared_.insert(item.text);
    if (found->kind == nullptr) return false;
    filter.params = found;
    filter.kind = found->kind;
    filter.name = item.text;
    filter.named = filter.shared = true;
    return true;
  }

  void own_name(const PlannedChain& chain, PlannedFilter& filter) {
    const Value* name = filter.params->own("name");
    if (name != nullptr) {
      filter.named = true;
      filter.name = name->text;
      if (!name->bad) names_filter(filter.name, filter.path + ".name", name->at);
      return;
    }
    const std::string kind(filter.kind->name);
    filter.name = chain.name == kDefaultName ? kind : chain.name + "/" + kind;
    if (names_unnamed(filter)) return;
    // A second one: an error if it has state (rules_chain.cc), a label of its own if not.
    const std::string base = filter.name;
    for (int i = 2; !names_unnamed(filter); ++i) filter.name = base + "-" + std::to_string(i);
  }

  bool names_unnamed(const PlannedFilter& filter) {
    return taken_.emplace(filter.name, "first in line " + std::to_string(filter.at.line)).second;
  }

  bool names_filter(const std::string& name, const std::string& path, Position at) {
    const auto [it, fresh] = taken_.emplace(name, "first in line " + std::to_string(at.line));
    if (!fresh)
      report_.error(at, path,
                    "two filters are called " + quoted(name) + " (" + it->second +
                        "): names are unique in the file");
    return fresh;
  }

  void lay_out_keys(PlannedChain& chain) const {
    for (const PlannedFilter& filter : chain.filters) {
      for (const Field& field : key_of(*filter.params)) {
        chain.by_tenant |= field.kind == Field::Kind::tenant;
      }
    }
    const PlannedNewKeys& first = plan_.new_keys;
    const bool new_keys = chain.by_tenant && !first.key.empty();
    std::size_t used = new_keys ? std::max(first.tenant, first.client) + 1 : 0;
    std::vector<Key> shared = shared_keys_;
    for (const PlannedFilter& filter : chain.filters)
      if (const Key key = key_of(*filter.params); filter.shared && !key.empty())
        used = std::max(used, place(shared, key) + 1);
    chain.keys.assign(shared.begin(), shared.begin() + static_cast<std::ptrdiff_t>(used));
    for (PlannedFilter& filter : chain.filters)
      if (const Key key = key_of(*filter.params); !key.empty()) filter.key = place(chain.keys, key);
  }

  void plan_routes() {
    const Value& routes = file_.get("routes");
    std::unordered_map<std::string, int> names{{std::string(kDefaultName), 0}};
    for (std::size_t i = 0; i < routes.items.size(); ++i) {
      const Value& route = routes.items[i];
      if (route.bad) continue;
      PlannedRoute planned;
      planned.value = &route;
      planned.name = route_name(route, "routes[" + std::to_string(i) + "]", names);
      planned.chain = chain_of(route, "routes[" + std::to_string(i) + "].chain", planned.name);
      plan_.chains[planned.chain].used = true;
      plan_.routes.push_back(std::move(planned));
    }
    plan_.chains[0].used = true;
    plan_.routes.push_back({std::string(kDefaultName), nullptr, 0});
  }

  std::string route_name(const Value& route, const std::string& path,
                         std::unordered_map<std::string, int>& names) {
    if (const Value* given = route.own("name")) {
      const auto [it, fresh] = names.emplace(given->text, given->at.line);
      if (!fresh && !given->bad)
        report_.error(given->at, path + ".name",
                      given->text == kDefaultName
                          ? "default is the name of the implicit last route: call it otherwise"
                          : "two routes are called " + quoted(given->text) + " (first in line " +
                                std::to_string(it->second) + ")");
      return given->text;
    }
    const Value* match = route.own("match");
    const std::string base = match == nullptr || match->bad ? "?" : match_in_short(*match);
    std::string name = base;
    for (int i = 2; !names.emplace(name, route.at.line).second; ++i)
      name = base + "-" + std::to_string(i);
    return name;
  }

  std::size_t chain_of(const Value& route, const std::string& path, const std::string& name) {
    const Value* chain = route.own("chain");
    if (chain == nullptr || chain->bad) return 0;
    if (!chain->names_chain()) {
      add_chain(name, path, *chain, true);
      return plan_.chains.size() - 1;
    }
    if (chain->text == kDefaultName) return 0;
    if (const auto found = by_name_.find(chain->text); found != by_name_.end())
      return found->second;
    std::vector<std::string_view> known{kDefaultName};
    for (const Value& each : file_.get("chains").items)
      if (each.name != kDefaultName) known.push_back(each.name);
    report_.error(chain->at, path,
                  "no chain " + quoted(chain->text) + " stands under chains: (there: " +
                      either(known) + ")" + did_you_mean(chain->text, known));
    return 0;
  }

  const Value& file_;
  Report& report_;
  Plan plan_;
  std::unordered_map<std::string, std::size_t> by_name_;
  std::unordered_map<std::string, std::string> taken_;  // filter names, and by whom
  std::unordered_set<std::string> used_shared_;
  std::vector<Key> shared_keys_;
};

}  // namespace

Plan make_plan(const Value& file, Report& report) { return Planner(file, report).run(); }

}  // namespace weir
