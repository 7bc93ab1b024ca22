// What weir counts, in the form in which the demo shows it: one row for each tenant. Read like a
// scrape: in one pass of the gate, so that it adds up.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "filters/gate.h"
#include "filters/outcome.h"
#include "filters/time.h"
#include "proxy/demo/sample_service.h"
#include "proxy/runtime/server.h"

namespace weir::demo {

struct TenantTotals {
  std::string name;   // "others": all that have no row of their own
  std::string quota;  // "400/s"
  std::uint64_t arrivals = 0;
  std::uint64_t passed = 0;  // answered by the service
  std::uint64_t ended = 0;
  std::uint64_t inside = 0;
  std::map<Reason, std::uint64_t> refused;
  std::int64_t queue = 0;  // in line now

  std::uint64_t refusals() const;
};

struct Totals {
  Time at{};
  std::vector<TenantTotals> tenants;
  SampleService::Numbers service;
};

// `tenants`: the names that get rows of their own.
Totals take_totals(const Server& server, Gate& gate, const SampleService& service,
                   const std::vector<std::string>& tenants);

}  // namespace weir::demo
