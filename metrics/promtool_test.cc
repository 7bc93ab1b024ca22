// The exposition through the eyes of Prometheus' own checker, and docs/metrics.md against it.

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <unistd.h>

#include <gtest/gtest.h>

#include "metrics/exposition_sample.h"

namespace weir {
namespace {

struct Shown {
  std::string type;
  std::set<std::string> labels;
};

// The families of an exposition by name.
std::map<std::string, Shown> families(const std::string& text) {
  static const std::regex sample(R"(^([a-z_]+)(\{(.*)\})? \S+$)");
  static const std::regex label(R"(([a-z]+)=")");
  std::map<std::string, Shown> all;
  std::string current;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) {
      std::istringstream words(line.substr(7));
      words >> current >> all[current].type;
    }
    std::smatch match;
    if (line.starts_with('#') || !std::regex_match(line, match, sample)) continue;
    const std::string labels = match[3];
    for (std::sregex_iterator i(labels.begin(), labels.end(), label), end; i != end; ++i) {
      if ((*i)[1] != "le") all[current].labels.insert((*i)[1]);
    }
  }
  return all;
}

// The rows of docs/metrics.md: | `name` | type | labels | meaning | query |
struct Row {
  Shown shown;
  std::string meaning, query;
};
std::map<std::string, Row> documented() {
  std::ifstream file(std::string(WEIR_SOURCE_DIR) + "/docs/metrics.md");
  static const std::regex row(R"(^\| `([a-z_]+)` \| (\w+) \| (.*?) \| (.+?) \| `(.+)` \|$)");
  static const std::regex word("`([a-z]+)`");
  std::map<std::string, Row> rows;
  for (std::string line; std::getline(file, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, row)) continue;
    Row& out = rows[match[1]];
    out.shown.type = match[2];
    const std::string labels = match[3];
    for (std::sregex_iterator i(labels.begin(), labels.end(), word), end; i != end; ++i) {
      out.shown.labels.insert((*i)[1]);
    }
    out.meaning = match[4];
    out.query = match[5];
  }
  return rows;
}

struct Ran {
  int status;
  std::string output;
};
Ran run(const std::string& command) {
  Ran ran{};
  std::FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return {-1, "popen failed"};
  std::array<char, 4096> buffer{};
  while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    ran.output.append(buffer.data(), n);
  }
  ran.status = pclose(pipe);
  return ran;
}

std::string temporary_file(const std::string& content) {
  std::string path = testing::TempDir() + "/weir-metrics-XXXXXX";
  const int fd = mkstemp(path.data());
  if (fd >= 0) close(fd);
  std::ofstream(path) << content;
  return path;
}

bool have_promtool() { return run("command -v promtool").status == 0; }

TEST(Promtool, FindsNothingToComplainOf) {
  ASSERT_TRUE(have_promtool()) << "promtool is missing: apt-get install prometheus";
  ExpositionSample sample;
  sample.worker.arrived(0);
  sample.worker.ended(0, 200, Source::service);
  const std::string path = temporary_file(sample.exposition->text());
  const Ran ran = run("promtool check metrics < " + path);
  std::remove(path.c_str());
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_EQ(ran.output, "");
}

TEST(Promtool, ParsesTheQueriesOfTheDocs) {
  ASSERT_TRUE(have_promtool()) << "promtool is missing: apt-get install prometheus";
  std::ostringstream rules;
  rules << "groups:\n- name: docs\n  rules:\n";
  for (const auto& [name, row] : documented()) {
    rules << "  - record: docs:" << name << "\n    expr: '"
          << std::regex_replace(row.query, std::regex("'"), "''") << "'\n";
  }
  const std::string path = temporary_file(rules.str());
  const Ran ran = run("promtool check rules " + path);
  std::remove(path.c_str());
  EXPECT_EQ(ran.status, 0) << ran.output << rules.str();
}

TEST(MetricsPage, ListsExactlyWhatIsExposed) {
  ExpositionSample sample;
  const auto shown = families(sample.exposition->text());
  const auto rows = documented();
  for (const auto& [name, family] : shown) {
    const auto row = rows.find(name);
    if (row == rows.end()) {
      ADD_FAILURE() << name << " is not in docs/metrics.md";
      continue;
    }
    EXPECT_EQ(row->second.shown.type, family.type) << name;
    EXPECT_EQ(row->second.shown.labels, family.labels) << name;
    EXPECT_NE(row->second.query.find(name), std::string::npos) << name << " is not in its query";
  }
  for (const auto& [name, row] : rows) {
    EXPECT_TRUE(shown.contains(name)) << "docs/metrics.md has " << name << ", weir has not";
  }
}

// Every word that the labels reason, result, source, side and how can have is explained.
TEST(MetricsPage, ExplainsEveryWord) {
  std::ifstream file(std::string(WEIR_SOURCE_DIR) + "/docs/metrics.md");
  const std::string page((std::istreambuf_iterator<char>(file)), {});
  auto expect = [&](std::string_view word) {
    EXPECT_NE(page.find("`" + std::string(word) + "`"), std::string::npos) << word;
  };
  for (int i = 1; i < static_cast<int>(Reason::count_); ++i) {
    if (static_cast<Reason>(i) != Reason::client_gone) expect(to_string(static_cast<Reason>(i)));
  }
  for (int i = 0; i < static_cast<int>(RetryResult::count_); ++i) {
    expect(to_string(static_cast<RetryResult>(i)));
  }
  for (int i = 0; i < static_cast<int>(AttemptResult::count_); ++i) {
    expect(to_string(static_cast<AttemptResult>(i)));
  }
  for (const char* word : {"service", "weir", "downstream", "upstream", "full", "expired",
                           "dropped", "success", "failure"}) {
    expect(word);
  }
}

}  // namespace
}  // namespace weir
