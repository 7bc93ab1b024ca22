// What is wrong with a file, where the names of its tenants are credentials: messages go to logs.
#pragma once

#include "config/report.h"
#include "config/value.h"

namespace weir {

// Puts hashes for the names of these tenants, in all that the report has of them.
void hide_tenants(const Value& tenants, Report& report);

}  // namespace weir
