// What README.md and the pages say can be done can be done: their commands run, their links lead
// somewhere. (Their YAML is config_docs_test's.)
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/client.h"
#include "tests/support/process.h"
#include "tests/support/service.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tools.h"
#include "tests/support/weir_process.h"

namespace weir::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Words = std::vector<std::string>;

const fs::path kRoot = WEIR_SOURCE_DIR;

// A page, taken apart: its lines outside fenced blocks, and those inside by the block's language.
struct Line {
  int number;
  std::string text;
  std::string language;  // empty: not in a block
};

std::vector<Line> lines(const fs::path& page) {
  std::vector<Line> out;
  std::istringstream text(read_file(page));
  std::string line, language;
  for (int number = 1; std::getline(text, line); ++number) {
    if (!line.starts_with("```")) {
      out.push_back({number, line, language});
    } else if (language.empty()) {
      language = line.size() > 3 ? line.substr(3) : "plain";
    } else {
      language.clear();
    }
  }
  EXPECT_THAT(out, Not(IsEmpty())) << page;
  EXPECT_EQ(language, "") << page << ": the last block is not closed";
  return out;
}

std::vector<fs::path> pages() {
  std::vector<fs::path> out{kRoot / "README.md"};
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "docs"))
    if (entry.path().extension() == ".md") out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

// All matches of the expression's first group.
std::vector<std::string> matches(const std::string& text, const std::string& expression) {
  const std::regex compiled(expression);
  std::vector<std::string> out;
  for (std::sregex_iterator it(text.begin(), text.end(), compiled), end; it != end; ++it)
    out.push_back((*it)[1]);
  return out;
}

std::string replaced(const std::string& text, const std::string& from, const std::string& to) {
  std::string out;
  std::size_t at = 0;
  for (std::size_t next; (next = text.find(from, at)) != std::string::npos; at = next + from.size())
    out += text.substr(at, next - at) + to;
  return out + text.substr(at);
}

// A command of the README's `sh` blocks, without its comment.
struct Command {
  std::string place;
  Words words;
};

std::vector<Command> commands(const std::string& beginning = {}) {
  std::vector<Command> out;
  for (const Line& line : lines(kRoot / "README.md")) {
    if (line.language != "sh" || !line.text.starts_with(beginning)) continue;
    std::istringstream rest(line.text);
    Command command{"README.md:" + std::to_string(line.number), {}};
    for (std::string word; rest >> word && !word.starts_with("#");)
      if (word != "&") command.words.push_back(word);
    if (!command.words.empty()) out.push_back(std::move(command));
  }
  return out;
}

// The commands of weir, as words to run them from anywhere.
std::vector<Command> weir_commands(const std::string& name) {
  std::vector<Command> out = commands("build/release/weir " + name);
  EXPECT_THAT(out, Not(IsEmpty())) << name;
  for (Command& command : out) {
    command.words[0] = WEIR_BINARY;
    for (std::size_t i = 1; i < command.words.size(); ++i)
      if (command.words[i - 1] == "-c") command.words[i] = kRoot / command.words[i];
  }
  return out;
}

Finished run(Words command) {
  ProcessOptions options;
  options.command = std::move(command);
  return run_process(std::move(options));
}

Finished dev(Words arguments) {
  arguments.insert(arguments.begin(), kRoot / "dev");
  return run(std::move(arguments));
}

TEST(Readme, ShowsOnlyCommandsThatAreTriedHere) {
  for (const Command& command : commands())
    EXPECT_THAT(command.words[0], AnyOf("./dev", "build/release/weir", "curl", "kill"))
        << command.place;
  for (const Command& command : commands("build/release/weir"))
    EXPECT_THAT(command.words.at(1), AnyOf("run", "check", "sample")) << command.place;
}

TEST(Readme, CommandsOfDevAreThoseOfItsHelp) {
  const Finished help = dev({"help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_EQ(help.errors, "");
  const std::vector<std::string> known = matches(help.output, R"(\n  ([a-z]+) )");
  std::size_t count = 0;
  for (const fs::path& page : pages())
    for (const Line& line : lines(page))
      for (const std::string& name : matches(line.text, R"(\./dev ([a-z]+))")) {
        EXPECT_THAT(known, Contains(name)) << page << ":" << line.number;
        ++count;
      }
  EXPECT_GE(count, 4U);
  for (const Command& command : commands("./dev")) EXPECT_GE(command.words.size(), 2U);
}

TEST(Readme, ConfigsThatItChecksAreOk) {
  for (const Command& command : weir_commands("check")) {
    const Finished checked = run(command.words);
    EXPECT_EQ(checked.code, 0) << command.place;
    EXPECT_THAT(checked.output, EndsWith("OK\n")) << command.place;
  }
}

constexpr const char* kListen = "127.0.0.1:8080";
constexpr const char* kUpstream = "127.0.0.1:3000";
constexpr const char* kAdmin = "127.0.0.1:9901";
constexpr const char* kMetricsCommand = "curl http://127.0.0.1:9901/metrics";

TEST(Readme, AddressesAreThoseThatItsConfigsHave) {
  for (Command command : weir_commands("run")) {
    command.words.emplace_back("--print-config");
    const Finished printed = run(command.words);
    EXPECT_EQ(printed.code, 0) << command.place << printed.errors;
    for (const char* address : {kListen, kUpstream, kAdmin})
      EXPECT_THAT(printed.output, HasSubstr(address)) << command.place;
  }
}

// The same with ports that nobody else has, and the test's service: in flags, or in a copy of the
// file.
Words elsewhere(Words words, const std::string& upstream, const TempDir& folder) {
  const auto moved = [&](const std::string& text) {
    return replaced(replaced(text, kListen, "127.0.0.1:0"), kUpstream, upstream);
  };
  const auto flag = std::find(words.begin(), words.end(), "-c");
  for (std::string& word : words) word = moved(word);
  if (flag == words.end()) {
    words.insert(words.end(), {"--admin", "127.0.0.1:0"});
  } else {
    const std::string file = moved(read_file(*(flag + 1)));
    *(flag + 1) = folder.write("weir.yaml", "admin: {listen: \"127.0.0.1:0\"}\n" + file);
  }
  return words;
}

std::optional<Address> said_address(Process& process, const std::string& before) {
  const auto port = process.wait_for(before + R"(127\.0\.0\.1:(\d+))");
  if (!port) return std::nullopt;
  Address address;
  address.port = static_cast<std::uint16_t>(std::stoi(*port));
  return address;
}

TEST(Readme, RunServesAndItsPagesAnswer) {
  Service service([](const ServiceRequest&) { return Reply::text(200, "hello"); });
  for (const Command& command : weir_commands("run")) {
    SCOPED_TRACE(command.place);
    const TempDir folder;
    ProcessOptions options;
    options.command = elsewhere(command.words, service.text(), folder);
    Process process(std::move(options));
    const auto listen = said_address(process, "listening on ");
    const auto admin = said_address(process, "admin on http://");
    ASSERT_TRUE(listen && admin) << process.errors();
    EXPECT_EQ(fetch(*listen).body, "hello");
    EXPECT_EQ(fetch(*admin, {"GET", "/ready"}).status, 200);
    EXPECT_THAT(commands(kMetricsCommand), Not(IsEmpty()));
    for (const Command& curl : commands(kMetricsCommand)) {
      Words arguments(curl.words.begin() + 1, curl.words.end());
      for (std::string& word : arguments)
        word = replaced(replaced(word, kAdmin, admin->text()), kListen, listen->text());
      const CurlResult got = run_curl(arguments);
      EXPECT_EQ(got.response.status, 200) << curl.place << ": " << got.errors;
      EXPECT_THAT(got.response.body, HasSubstr("weir_requests_total")) << curl.place;
    }
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait(), 0) << process.errors();
  }
}

// The `sh` block below a heading.
std::vector<std::string> block_below(const std::string& heading) {
  std::vector<std::string> out;
  bool below = false;
  for (const Line& line : lines(kRoot / "README.md")) {
    if (line.language.empty() && line.text.starts_with("## ")) below = line.text == heading;
    if (line.language.empty() && !out.empty()) break;
    if (below && line.language == "sh") out.push_back(line.text);
  }
  return out;
}

std::string free_address() { return Listener().address().text(); }

TEST(Readme, FirstFiveMinutesGoAsItSays) {
  const TempDir folder;
  const std::string listen = free_address(), service = free_address(), admin = free_address();
  const std::string file = replaced(read_file(kRoot / "examples/quickstart.yaml"), kListen, listen);
  folder.write("quickstart.yaml",
               "admin: {listen: \"" + admin + "\"}\n" + replaced(file, kUpstream, service));
  const std::vector<std::string> block = block_below("## First five minutes");
  ASSERT_THAT(block, Contains(HasSubstr("kill ")));
  std::string script = "set -e\n";
  for (std::string line : block) {
    if (line.starts_with("./dev ")) continue;
    line = replaced(line, "build/release/weir", WEIR_BINARY);
    line = replaced(line, "examples/quickstart.yaml", folder.path() + "/quickstart.yaml");
    line = replaced(replaced(replaced(line, kListen, listen), kUpstream, service), kAdmin, admin);
    script += line + "\n";
    // A reader is slower than a script.
    if (line.find(" & ") == std::string::npos && !line.ends_with(" &")) continue;
    const std::string& comes = line.find(" sample ") == std::string::npos ? admin : service;
    script +=
        "curl -s -o /dev/null --retry 100 --retry-delay 1 --retry-connrefused " + comes + "\n";
  }
  const Finished done = run({"bash", "-c", script + "wait\n"});
  EXPECT_EQ(done.code, 0) << done.output << done.errors;
  EXPECT_THAT(done.output, HasSubstr("OK\nHTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(done.output, ContainsRegex("200 200 200 .*429 "));
  EXPECT_THAT(done.output,
              ContainsRegex("HTTP/1.1 429 Too Many Requests\r\n(.*\r\n)*[Rr]etry-[Aa]fter: "));
  EXPECT_THAT(done.output, ContainsRegex("weir_rejected_total.*reason=\"quota_exceeded\".* [1-9]"));
}

// Its table of numbers is an excerpt.
TEST(Readme, NumbersAreThoseOfTheLastMeasurement) {
  const std::string measured = read_file(kRoot / "docs/performance.md");
  std::size_t count = 0;
  bool below = false;
  for (const Line& line : lines(kRoot / "README.md")) {
    if (line.text.starts_with("## ")) below = line.text == "## Numbers";
    if (!below) continue;
    for (const std::string& number : matches(line.text, R"(\| ([\d.,]+)(?= \|))")) {
      EXPECT_NE(measured.find("| " + number + " "), std::string::npos) << line.number << number;
      ++count;
    }
  }
  EXPECT_GE(count, 15U);
}

TEST(Readme, PictureIsThereAndSmall) {
  EXPECT_LE(fs::file_size(kRoot / "docs/demo.svg"), 200U * 1024);
}

// What GitHub makes of the headings of a page.
std::set<std::string> anchors(const fs::path& page) {
  std::set<std::string> out;
  for (const Line& line : lines(page)) {
    if (!line.language.empty() || !line.text.starts_with("#")) continue;
    std::string anchor;
    for (const char c : line.text.substr(std::min(line.text.find(' ') + 1, line.text.size()))) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == ' ') anchor += '-';
      if (c == '-' || c == '_' || byte >= 0x80 || std::isalnum(byte) != 0)
        anchor += static_cast<char>(std::tolower(byte));
    }
    std::string unique = anchor;
    for (int n = 1; !out.insert(unique).second; ++n) unique = anchor + "-" + std::to_string(n);
  }
  return out;
}

TEST(Pages, LinksLeadToFilesAndHeadings) {
  std::size_t count = 0;
  for (const fs::path& page : pages())
    for (const Line& line : lines(page)) {
      if (!line.language.empty()) continue;
      for (const std::string& link : matches(line.text, R"(\]\(([^)\s]+)\))")) {
        if (link.find("://") != std::string::npos) continue;
        ++count;
        const std::size_t hash = std::min(link.find('#'), link.size());
        const fs::path file = hash == 0 ? page : page.parent_path() / link.substr(0, hash);
        const std::string place = page.string() + ":" + std::to_string(line.number) + ": " + link;
        EXPECT_TRUE(fs::exists(file)) << place;
        if (hash < link.size() && fs::exists(file)) {
          EXPECT_THAT(anchors(file), Contains(link.substr(hash + 1))) << place;
        }
      }
    }
  EXPECT_GT(count, 30U);
}

// A path that begins with a folder of this tree. What is built need not be there yet.
TEST(Pages, FilesThatTheyNameAreThere) {
  for (const fs::path& page : pages())
    for (const Line& line : lines(page))
      for (std::string path : matches(line.text, R"((?:^|[\s`(\[])([\w-]+/[\w./-]*))")) {
        while (path.ends_with(".")) path.pop_back();
        const std::string folder = path.substr(0, path.find('/'));
        if (folder == "build" || !fs::is_directory(kRoot / folder)) continue;
        EXPECT_TRUE(fs::exists(kRoot / path) || fs::exists(page.parent_path() / path))
            << page << ":" << line.number << ": " << path;
      }
}

TEST(Dev, WrongUsageExitsWithTwoAndSaysWhy) {
  const Finished unknown = dev({"nonsense"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_EQ(unknown.output, "");
  EXPECT_THAT(unknown.errors, HasSubstr("there is no command 'nonsense'"));
  EXPECT_THAT(unknown.errors, HasSubstr("./dev help"));
  EXPECT_EQ(dev({}).code, 2);
}

TEST(Dev, HelpListsEveryCommand) {
  const Finished help = dev({"help"});
  EXPECT_EQ(help.code, 0);
  const std::vector<std::string> names = matches(read_file(kRoot / "dev"), R"(\ncmd_([a-z]+)\()");
  EXPECT_THAT(names, Contains("help"));
  for (const std::string& name : names) EXPECT_THAT(help.output, HasSubstr("\n  " + name + " "));
}

}  // namespace
}  // namespace weir::testing
