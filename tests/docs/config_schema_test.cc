// The JSON Schema and the parser give the same verdict on every mutation of the full example. The
// rules between keys, which a schema cannot say, are listed below with their reasons.
#include <algorithm>
#include <regex>
#include <set>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/check.h"
#include "config/schema.h"
#include "tests/docs/config_mutations.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/config_load.h"

namespace weir {
namespace {

// What only the parser refuses.
struct Beyond {
  const char* message;  // a regular expression for what it says
  const char* reason;
};

constexpr Beyond kBeyond[] = {
    {"a retry inside a retry", "a schema does not see what stands around an item of a list"},
    {"watches the line of a buffer, and no buffer stands inside", "nor what comes after it"},
    {"no filter .* stands under shared:", "a schema does not follow names"},
    {"no chain .* stands under chains:", "the same"},
    {"no route leads here", "the same"},
    {"no chain has it", "the same"},
    {"two routes are called", "a schema does not compare items by one of their keys"},
    {"two filters are called", "the same"},
    {"is longer than backoff.max", "a schema does not compare two values"},
    {"each new name would have a rate of its own", "a schema does not know what a key is for"},
};

// The entries that account for all of the errors; none if one is not accounted for.
std::vector<const Beyond*> beyond(const std::vector<std::string>& errors) {
  std::vector<const Beyond*> out;
  for (const std::string& error : errors) {
    const auto* found = std::find_if(
        std::begin(kBeyond), std::end(kBeyond),
        [&](const Beyond& each) { return std::regex_search(error, std::regex(each.message)); });
    if (found == std::end(kBeyond)) return {};
    out.push_back(found);
  }
  return out;
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

// The keys that a file has, as the parser sees them.
void collect(const Value& value, std::set<const KeySpec*>& keys) {
  const bool map = value.spec->type == Type::map;
  for (const Value& item : value.items) {
    if (map) keys.insert(find_key(*value.spec, item.name));
    collect(item, keys);
  }
}

void expect_all(const Spec& spec, const std::string& path, const std::set<const KeySpec*>& keys) {
  if (spec.item != nullptr) expect_all(*spec.item, path, keys);
  for (const KeySpec& key : spec.all_keys()) {
    const std::string inner = path + "." + std::string(key.name);
    EXPECT_EQ(keys.count(&key), 1U) << "examples/full.yaml lacks " << inner;
    expect_all(key.spec, inner, keys);
  }
}

TEST(ConfigSchema, TheFullExampleHasEveryKey) {
  Report report("full.yaml");
  const auto full = parse_yaml(testing::read_file(WEIR_SOURCE_DIR "/examples/full.yaml"), report);
  ASSERT_TRUE(full);
  std::set<const KeySpec*> keys;
  collect(check(*full, file_spec(), Path(), report), keys);
  expect_all(file_spec(), "", keys);
  for (const FilterKind& kind : filter_kinds()) expect_all(kind.spec, std::string(kind.name), keys);
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
    const std::vector<const Beyond*> known = beyond(loaded.errors);
    used.insert(known.begin(), known.end());
    EXPECT_FALSE(known.empty()) << all[i].path << ": " << all[i].what
                                << "\nparser: " << (parser ? "takes it" : loaded.errors[0])
                                << "\nschema: " << (schema[i] ? "takes it" : "refuses it");
  }
  for (const Beyond& each : kBeyond)
    EXPECT_EQ(used.count(&each), 1U) << "not needed: " << each.message;
  RecordProperty("mutations", static_cast<int>(all.size()));
  EXPECT_GT(all.size(), 1000U);
  EXPECT_GT(refused, 500U);
}

}  // namespace
}  // namespace weir
