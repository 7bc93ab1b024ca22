// Tenants by address: the ranges of an entry under `tenants:`, where tenant.from is client_ip.
#pragma once

#include <vector>

#include "config/endpoint.h"
#include "config/report.h"
#include "config/value.h"

namespace weir {

// Its `addresses`, or the range that its name is; empty: none.
std::vector<Cidr> ranges_of(const Value& entry);

// Ranges that stand twice are errors; entries that no address has are warnings.
void check_tenant_addresses(const Value& tenants, Report& report);

}  // namespace weir
