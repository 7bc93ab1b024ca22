// GET /tenants: each configured tenant with its quota and what became of its requests, as JSON.
//
// Threads: the admin plane's. The gate is passed once for every 32 tenants, so that a long page
// does not stand in the way of traffic; a page has at most 1,000.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/snapshot.h"
#include "filters/gate.h"
#include "metrics/worker_metrics.h"
#include "proxy/admin/page.h"

namespace weir {

class TenantsPage {
 public:
  static constexpr std::size_t kDefaultLimit = 100;
  static constexpr std::size_t kMaxLimit = 1000;

  TenantsPage(Gate& gate, std::shared_ptr<const Snapshot> snapshot,
              std::vector<const WorkerMetrics*> workers);

  // `limit`: entries a page; `after`: where to go on, as the page before says under `next`.
  AdminReply answer(const Query& query) const;

 private:
  struct Entry;
  // Inside a pass.
  Entry read(const Tenant& tenant, Time now) const;
  void read_counts(std::uint32_t label, Entry& out) const;
  std::string to_json(const Entry& entry) const;

  Gate& gate_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::vector<const WorkerMetrics*> workers_;
};

}  // namespace weir
