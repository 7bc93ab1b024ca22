// The effective configuration: the file with every default filled in, with secrets redacted. The
// YAML loads again, to the same effect (but for the secrets).
#pragma once

#include <string>

#include "config/plan.h"
#include "config/value.h"

namespace weir {

std::string effective_yaml(const Value& file);
std::string effective_json(const Value& file);

}  // namespace weir
