// The JSON Schema and the parser give the same verdict on every mutation of the full example. The
// rules between keys, which a schema cannot say, are listed below with their reasons.
#include <regex>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/schema.h"
#include "tests/docs/config_mutations.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/config_load.h"

namespace weir {
namespace {

// What only the parser refuses.
struct Beyond {
  const char* path;  // regular expressions, matched whole
  const char* what;
  const char* reason;
};

constexpr Beyond kBeyond[] = {
    {"", "nothing yet", "placeholder"},
};

const Beyond* beyond(const Mutation& mutation) {
  for (const Beyond& each : kBeyond)
    if (std::regex_match(mutation.path, std::regex(each.path)) &&
        std::regex_match(mutation.what, std::regex(each.what)))
      return &each;
  return nullptr;
}

constexpr const char* kPython = "/usr/bin/python3";  // Debian's, which has python3-jsonschema
constexpr const char* kScript = R"(
import json, sys, warnings
warnings.simplefilter('ignore')
try:
    import jsonschema
except ImportError:
    sys.exit('python3-jsonschema is missing: apt-get install python3-jsonschema')
schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
for line in sys.stdin:
    print('1' if validator.is_valid(json.loads(line)) else '0')
)";

std::vector<bool> verdicts_of_schema(const std::vector<Mutation>& all) {
  const testing::TempDir folder;
  const std::string schema = folder.write("schema.json", config_schema());
  std::string input;
  for (const Mutation& each : all) input += each.json + "\n";
  testing::Process python({.command = {kPython, "-c", kScript, schema}, .input = std::move(input)});
  const std::optional<int> code = python.wait(std::chrono::minutes(4));
  EXPECT_EQ(code, 0) << python.errors();
  std::vector<bool> out;
  for (const char c : python.output())
    if (c != '\n') out.push_back(c == '1');
  return out;
}

TEST(ConfigSchema, AgreesWithTheParserOnEveryMutation) {
  Report report("full.yaml");
  const auto full = parse_yaml(testing::read_file(WEIR_SOURCE_DIR "/examples/full.yaml"), report);
  ASSERT_TRUE(full && !report.failed());
  const std::vector<Mutation> all = mutations(*full);
  const std::vector<bool> schema = verdicts_of_schema(all);
  ASSERT_EQ(schema.size(), all.size());
  std::set<const Beyond*> used;
  std::size_t refused = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Loaded loaded = load_config(all[i].yaml);
    const bool parser = loaded.errors.empty();
    refused += parser ? 0 : 1;
    if (parser == schema[i]) continue;
    const Beyond* known = parser ? nullptr : beyond(all[i]);
    if (known != nullptr) used.insert(known);
    EXPECT_NE(known, nullptr) << all[i].path << ": " << all[i].what << "\nparser: "
                              << (parser ? "takes it" : loaded.errors[0]) << "\nschema: "
                              << (schema[i] ? "takes it" : "refuses it");
  }
  for (const Beyond& each : kBeyond) EXPECT_EQ(used.count(&each), 1U) << "not needed: " << each.path;
  EXPECT_GT(all.size(), 1000U);
  EXPECT_GT(refused, 500U);
}

}  // namespace
}  // namespace weir
