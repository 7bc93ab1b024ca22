// The state that a limiter keeps for each value of its key, over all the snapshots that it lives
// through.
//
// Tenants with an entry of their own have their cell for good; all other keys share a KeyTable, and
// those that find no slot there one cell. ConfiguredKeys are one snapshot's list of the former. On
// a reload the new filter is built on the old one's KeyedStates with ConfiguredKeys of its own, in
// which a tenant that keeps its name keeps its cell; putting it in force is one pointer. Whatever
// snapshot a request began with, its key's state is looked up in the ones in force, so there is
// only ever one.
//
//   other → configured: the tenant's cell takes over what stands in the table when it is first
//   used. configured → other: its cell is retired: used until it is idle, and then the table again.
//
// Cell: default-constructible and trivially copyable; `bool idle(Time) const`; `Time idle_at()
// const`, from when on it is idle if nothing happens; `void take(Cell&)`, which moves another
// cell's state here. Params: what holds for a key (a rate, a limit).
//
// Threads: ConfiguredKeys are built outside the gate, its cells' contents and KeyedStates are
// behind it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "filters/gate.h"
#include "filters/key_table.h"
#include "filters/request.h"
#include "filters/tenant.h"
#include "filters/time.h"

namespace weir {

template <typename Cell, typename Params>
class ConfiguredKeys {
 public:
  // A tenant's own cell. `fresh`: it has not looked yet whether the table holds state of its.
  struct Entry {
    Cell cell{};
    bool fresh = true;
  };
  // The most cells that are kept of tenants that were removed while they were not idle.
  static constexpr std::size_t kMostRetired = 1'000'000;

  // `count`: entries of the tenant table, by Tenant::index; `table`: those, if reloads are to be
  // survived; `params_of(tenant)`: what holds for each; `others`: for everybody else.
  template <typename ParamsOf>
  ConfiguredKeys(std::size_t count, std::span<const Tenant> table, ParamsOf params_of,
                 Params others, const ConfiguredKeys* before, Gate& gate)
      : others_(others) {
    own_.resize(std::max(count, table.size()));
    std::vector<std::pair<std::uint64_t, Entry*>> returned;
    for (std::size_t i = 0; i < table.size(); ++i) {
      const std::uint64_t hash = table[i].key_hash;
      if (table[i].is_wildcard) continue;
      known_.push_back({hash, static_cast<std::uint32_t>(i), params_of(table[i])});
      if (before == nullptr) continue;
      own_[i] = before->known(hash);
      if (own_[i] != nullptr) continue;
      own_[i] = before->retired(hash);
      if (own_[i] != nullptr) returned.emplace_back(hash, own_[i].get());
    }
    for (auto& own : own_) {
      if (own == nullptr) own = std::make_shared<Entry>();
    }
    std::sort(known_.begin(), known_.end(),
              [](const Known& a, const Known& b) { return a.hash < b.hash; });
    in_batches(returned.size(), gate,
               [&](std::size_t i, Time) { returned[i].second->fresh = true; });
    if (before != nullptr) retire(*before, gate);
  }

  // The cell of a tenant of this snapshot; null: it has none of its own.
  Entry* at(const Tenant& tenant) const {
    if (tenant.is_wildcard || tenant.index >= own_.size()) return nullptr;
    return own_[tenant.index].get();
  }
  std::shared_ptr<Entry> known(std::uint64_t hash) const {
    const Known* found = find(known_, hash);
    return found != nullptr ? own_[found->index] : nullptr;
  }
  std::shared_ptr<Entry> retired(std::uint64_t hash) const {
    const Retired* found = find(retired_, hash);
    return found != nullptr ? found->own : nullptr;
  }
  Entry* peek_known(std::uint64_t hash) const {
    const Known* found = find(known_, hash);
    return found != nullptr ? own_[found->index].get() : nullptr;
  }
  Entry* peek_retired(std::uint64_t hash) const {
    const Retired* found = find(retired_, hash);
    return found != nullptr ? found->own.get() : nullptr;
  }
  const Params& params(std::uint64_t hash) const {
    const Known* found = find(known_, hash);
    return found != nullptr ? found->params : others_;
  }
  std::size_t retired_cells() const { return retired_.size(); }

 private:
  struct Known {
    std::uint64_t hash;
    std::uint32_t index;
    Params params;
  };
  struct Retired {
    std::uint64_t hash;
    std::shared_ptr<Entry> own;
  };

  template <typename Item>
  static const Item* find(const std::vector<Item>& sorted, std::uint64_t hash) {
    const auto at =
        std::lower_bound(sorted.begin(), sorted.end(), hash,
                         [](const Item& item, std::uint64_t h) { return item.hash < h; });
    return at != sorted.end() && at->hash == hash ? &*at : nullptr;
  }

  // A pass of the gate for every few hundred, so that traffic is not held up.
  template <typename Use>
  static void in_batches(std::size_t count, Gate& gate, Use use) {
    constexpr std::size_t kBatch = 256;
    for (std::size_t from = 0; from < count; from += kBatch) {
      const Gate::Pass pass(gate);
      for (std::size_t i = from; i < std::min(from + kBatch, count); ++i) use(i, pass.now());
    }
  }

  // Who was configured before and is not now. Cells that were retired before and are idle are let
  // go: nobody uses them any more. The others may be used until this keys is in force.
  void retire(const ConfiguredKeys& before, Gate& gate) {
    std::vector<bool> idle(before.retired_.size());
    in_batches(idle.size(), gate,
               [&](std::size_t i, Time now) { idle[i] = before.retired_[i].own->cell.idle(now); });
    for (const Known& known : before.known_) {
      if (find(known_, known.hash) == nullptr && retired_.size() < kMostRetired) {
        retired_.push_back({known.hash, before.own_[known.index]});
      }
    }
    for (std::size_t i = 0; i < idle.size(); ++i) {
      if (idle[i] || find(known_, before.retired_[i].hash) != nullptr) continue;
      if (retired_.size() < kMostRetired) retired_.push_back(before.retired_[i]);
    }
    std::sort(retired_.begin(), retired_.end(),
              [](const Retired& a, const Retired& b) { return a.hash < b.hash; });
  }

  std::vector<std::shared_ptr<Entry>> own_;  // by Tenant::index
  std::vector<Known> known_;                 // by hash
  std::vector<Retired> retired_;             // by hash
  Params others_;
};

// A filter's configured keys from its parameters: the tenants of its snapshot where its key is the
// tenant, else only what holds for everybody. `params_of(tenant)` for the "*" of the table, or for
// a tenant without anything of its own, is what others get. Takes filter.tenant_table: it is the
// snapshot's, and not to be kept.
template <typename Keys, typename FilterParams, typename ParamsOf>
std::shared_ptr<const Keys> make_configured_keys(FilterParams& filter, ParamsOf params_of,
                                                 const std::shared_ptr<const Keys>* before,
                                                 Gate& gate) {
  const Tenant nobody;
  const Tenant* others = &nobody;
  const auto table = std::exchange(filter.tenant_table, {});
  for (const Tenant& tenant : table) {
    if (tenant.is_wildcard) others = &tenant;
  }
  return std::make_shared<const Keys>(
      filter.by_tenant ? filter.tenants : 0, filter.by_tenant ? table : std::span<const Tenant>(),
      params_of, params_of(*others), before != nullptr ? before->get() : nullptr, gate);
}

template <typename Cell, typename Params>
class KeyedStates {
 public:
  using List = ConfiguredKeys<Cell, Params>;

  explicit KeyedStates(std::size_t slots) : others_(slots) {}

  void activate(std::shared_ptr<const List> keys) {
    if (keys_ != keys) ++generation_;
    keys_.swap(keys);  // the old one is its filter's still
  }
  // Counts the configured keys: params that somebody remembers hold for one generation.
  std::uint64_t generation() const { return generation_; }
  bool in_force(const List& keys) const { return keys_.get() == &keys; }
  const Params& params(std::uint64_t hash) const { return keys_->params(hash); }

  // The cell of a request with that key; `mine`: the keys of its snapshot.
  Cell& cell(const List& mine, const Request& request, std::uint64_t hash) {
    if (Cell* own = own_cell(mine, *request.tenant, hash, request.now)) return *own;
    if (Cell* found = others_.find(hash)) return *found;
    return new_cell(request, hash);
  }
  // The same if it has one; null: it was idle, and its slot went to another key.
  Cell* find(const List& mine, const Tenant& tenant, std::uint64_t hash, Time now) {
    if (Cell* own = own_cell(mine, tenant, hash, now)) return own;
    return others_.find(hash);
  }

  // A cell may be idle earlier than it was: something was given back, or is not waited for.
  void idle_sooner(const Cell& cell) { others_.idle_sooner(cell); }

  const KeyTable<Cell>& others() const { return others_; }
  // Decisions on the overflow cell; of these, the ones since the client had its share of the table.
  std::uint64_t overflowed() const { return overflowed_; }
  std::uint64_t over_share() const { return over_share_; }

  Cell overflow{};  // shared by the keys that find no slot

 private:
  Cell* own_cell(const List& mine, const Tenant& tenant, std::uint64_t hash, Time now) {
    if (in_force(mine)) {
      if (auto* own = mine.at(tenant)) return &adopt(*own, hash);
      if (mine.retired_cells() == 0) return nullptr;
    } else if (auto* own = keys_->peek_known(hash)) {
      return &adopt(*own, hash);
    }
    auto* retired = keys_->peek_retired(hash);
    return retired != nullptr && !retired->cell.idle(now) ? &retired->cell : nullptr;
  }
  [[gnu::noinline]] Cell& new_cell(const Request& request, std::uint64_t hash) {
    const auto claim = others_.claim(hash, request.client(), request.now);
    if (claim.cell != nullptr) return *claim.cell;
    ++overflowed_;
    if (claim.over_share) ++over_share_;
    return overflow;
  }
  Cell& adopt(typename List::Entry& own, std::uint64_t hash) {
    if (std::exchange(own.fresh, false)) {
      if (Cell* before = others_.find(hash)) {
        own.cell.take(*before);
        others_.idle_sooner(*before);
      }
    }
    return own.cell;
  }

  std::shared_ptr<const List> keys_;
  std::uint64_t generation_ = 0;
  KeyTable<Cell> others_;
  std::uint64_t overflowed_ = 0, over_share_ = 0;
};

}  // namespace weir
