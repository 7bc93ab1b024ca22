// The pages and examples that speak of the configuration cannot drift from it: what is generated is
// what is committed, and whatever is shown loads.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/doc_texts.h"
#include "config/docs.h"
#include "config/schema.h"
#include "config/table.h"
#include "tests/unit/config_load.h"

namespace weir {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;

const fs::path kRoot = WEIR_SOURCE_DIR;

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::vector<fs::path> files(const fs::path& folder, const std::string& extension) {
  std::vector<fs::path> out;
  if (!fs::exists(folder)) return out;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().extension() == extension) out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

constexpr const char* kAnew = "run: build/release/config_docs docs";

TEST(ConfigDocs, ThePageIsWhatTheTableSays) {
  EXPECT_TRUE(read(kRoot / "docs/config.md") == config_page()) << kAnew;
}

TEST(ConfigDocs, TheSchemaIsWhatTheTableSays) {
  EXPECT_TRUE(read(kRoot / "docs/weir.schema.json") == config_schema()) << kAnew;
}

TEST(ConfigDocs, EveryKeyIsDocumentedAndEveryProseHasItsKey) {
  for (const KeySpec& key : file_spec().all_keys()) EXPECT_FALSE(key.doc.empty()) << key.name;
  for (const Prose& each : prose())
    EXPECT_TRUE(find_key(file_spec(), each.key) != nullptr) << each.key;
  const std::string page = config_page();
  for (const FilterKind& kind : filter_kinds()) {
    EXPECT_NE(page.find("### " + std::string(kind.name) + "\n"), std::string::npos);
    for (const KeySpec& key : kind.spec.all_keys()) EXPECT_FALSE(key.doc.empty()) << key.name;
  }
}

// A fenced block of YAML. One that begins with "# part of a config" is understood with the lines
// that every configuration needs.
struct Fence {
  std::string place;
  std::string yaml;
};

std::vector<Fence> fences(const fs::path& page) {
  std::vector<Fence> out;
  std::istringstream lines(read(page));
  std::string line;
  bool inside = false;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (inside && line == "```") {
      inside = false;
    } else if (inside) {
      out.back().yaml += line + "\n";
    } else if (line == "```yaml") {
      inside = true;
      out.push_back({fs::relative(page, kRoot).string() + ":" + std::to_string(number), ""});
    }
  }
  EXPECT_FALSE(inside) << page << ": the last block is not closed";
  return out;
}

bool has_key(const std::string& yaml, const std::string& key) {
  return yaml.starts_with(key + ":") || yaml.find("\n" + key + ":") != std::string::npos;
}

std::string completed(std::string yaml) {
  if (!yaml.starts_with("# part of a config")) return yaml;
  if (!has_key(yaml, "listen")) yaml += "\nlisten: 127.0.0.1:8080\n";
  if (!has_key(yaml, "upstream")) yaml += "\nupstream: {address: 127.0.0.1:3000}\n";
  return yaml;
}

TEST(ConfigDocs, EveryBlockOfYamlLoads) {
  std::vector<fs::path> pages = files(kRoot / "docs", ".md");
  pages.push_back(kRoot / "README.md");
  std::size_t count = 0;
  for (const fs::path& page : pages)
    for (const Fence& fence : fences(page)) {
      EXPECT_THAT(load_config(completed(fence.yaml)).errors, IsEmpty()) << fence.place << "\n"
                                                                        << fence.yaml;
      ++count;
    }
  EXPECT_GT(count, 10U);
}

TEST(ConfigDocs, EveryExampleLoadsWithoutWarnings) {
  const std::vector<fs::path> examples = files(kRoot / "examples", ".yaml");
  EXPECT_GT(examples.size(), 5U);
  for (const fs::path& example : examples) {
    const Loaded loaded = load_config(read(example));
    EXPECT_THAT(loaded.errors, IsEmpty()) << example;
    // full.yaml has every key, those without effect too.
    for (const std::string& warning : loaded.warnings)
      EXPECT_TRUE(example.filename() == "full.yaml" &&
                  warning.find("has no effect") != std::string::npos)
          << example << ": " << warning;
  }
}

TEST(ConfigDocs, EveryFilterHasItsExample) {
  for (const FilterKind& kind : filter_kinds())
    EXPECT_TRUE(fs::exists(kRoot / "examples" / (std::string(kind.name) + ".yaml"))) << kind.name;
}

}  // namespace
}  // namespace weir
