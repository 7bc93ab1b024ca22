// What the table cannot say: rules between keys. Each reports errors for what cannot work, and
// warnings for what works but is hardly meant.
#pragma once

#include "config/plan.h"
#include "config/report.h"
#include "config/value.h"

namespace weir {

void check_file_rules(const Value& file, Report& report);  // addresses, limits
void check_tenant_rules(const Value& file, const Plan& plan, Report& report);
void check_chain_rules(const Value& file, const Plan& plan, Report& report);
void check_route_rules(const Value& file, const Plan& plan, Report& report);

}  // namespace weir
