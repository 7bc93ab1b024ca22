// A checked file → Settings and Snapshot. Cannot fail: everything that could was an error before.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "config/filter_build.h"
#include "config/plan.h"
#include "config/snapshot.h"

namespace weir {

// All but `tenants`' labels, which depend on how many there are.
Settings settings_of(const Value& file);
Priority priority_of(const Value& tenant);

class SnapshotBuilder {
 public:
  // `seed`: for hash secrets and jitter, unless `running` has them; `running`: whose state, labels
  // and secrets the new one goes on with, or null.
  SnapshotBuilder(const Value& file, const Plan& plan, std::uint64_t seed, Gate& gate,
                  const Snapshot* running = nullptr);
  std::unique_ptr<Snapshot> build();

 private:
  void label_tenants();
  void index_tenants();
  void hash_tenants();
  const Filter* before(const std::string& identity);
  void keep_retired_filters();
  std::uint32_t route_label(const std::string& name);
  void build_pool();
  void build_new_keys();
  void build_chain(const PlannedChain& planned);
  void build_routes();
  void collect_deciding_fields();
  std::shared_ptr<Filter> build_filter(const PlannedFilter& planned, std::shared_ptr<Buffer> line);
  FilterContext context(std::string_view kind, const std::string& name, const Key& key,
                        bool enforce) const;
  std::vector<Priority> classes() const;

  const Value& file_;
  const Plan& plan_;
  std::uint64_t seed_;
  Gate& gate_;
  const Snapshot* running_;
  std::unique_ptr<Snapshot> snapshot_;
  std::shared_ptr<Filter> pool_;
  std::shared_ptr<Filter> new_keys_;  // null: there is none
  std::unordered_map<std::string, std::shared_ptr<Filter>> shared_;
};

}  // namespace weir
