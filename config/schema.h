// docs/weir.schema.json: the table as a JSON Schema (draft 7, which editors know best).
#pragma once

#include <string>

namespace weir {

// It accepts what the parser accepts, but for the rules between keys that the schema cannot say;
// tests/docs/config_schema_test.cc lists these. Ends with a newline.
std::string config_schema();

}  // namespace weir
