// The bytes of all rules as seeds for the fuzzers, in the forms that these read. Into the folder
// that WEIR_SEEDS names, if it does: tests/fuzz/README.md says how to take them into the corpora.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/e2e/http_rules_stage.h"
#include "tests/support/temp_dir.h"

namespace weir::testing::rules {
namespace {

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string all_of(const Rule& rule, Step::Kind kind) {
  std::string bytes;
  for (const Step& step : rule.steps)
    if (step.kind == kind && step.client == 0) bytes += step.text;
  return bytes;
}

// The kind of request of tests/fuzz/response_fuzz.cc that is most like it.
char kind_of(const std::string& request) {
  if (request.starts_with("HEAD")) return 1;
  if (request.find("100-continue") != std::string::npos) return 7;
  if (request.find("chunked") != std::string::npos) return 3;
  if (request.find("Content-Length") != std::string::npos) return 2;
  if (request.find("HTTP/1.0") != std::string::npos) return 4;
  return 0;
}

std::ptrdiff_t files_in(const std::filesystem::path& folder) {
  return std::distance(std::filesystem::directory_iterator(folder), {});
}

TEST(HttpRuleSeeds, AreMadeOfTheRules) {
  const TempDir own;
  const char* into = std::getenv("WEIR_SEEDS");
  const std::filesystem::path folder = into != nullptr ? into : own.path();
  for (Rules (*table)() : all_tables()) {
    for (const Rule& rule : table()) {
      const std::string sent = all_of(rule, Step::Kind::client_sends);
      const std::string answered = all_of(rule, Step::Kind::service_sends);
      const bool closes = std::ranges::any_of(
          rule.steps, [](const Step& step) { return step.kind == Step::Kind::service_closes; });
      if (sent.size() < 4096) {
        write(folder / "request" / rule.name, '1' + sent);
        write(folder / "target" / rule.name, sent.substr(0, sent.find("\r\n\r\n") + 4));
      }
      if (!answered.empty() && answered.size() < 4096) {
        write(folder / "response" / rule.name,
              std::string{kind_of(sent), '1', closes ? '\1' : '\0'} + answered);
      }
      const std::size_t body = sent.find("chunked\r\n\r\n");
      if (body != std::string::npos && sent.size() < 4096) {
        write(folder / "chunk" / rule.name, '1' + sent.substr(body + 11));
      }
    }
  }
  EXPECT_GT(files_in(folder / "request"), 250);
  EXPECT_GT(files_in(folder / "response"), 100);
}

}  // namespace
}  // namespace weir::testing::rules
