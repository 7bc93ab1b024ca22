// The walls between the folders (docs: DESIGN, "The house"): who may include whom, who may read a
// clock, how files are named. The rules are functions of a path and a text, so that their own tests
// can show them a text that breaks them; the last test shows them every source in the tree.
#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Paths = std::vector<std::string_view>;

// The rooms, from the top of the house to the ground. A file includes from its own room and from
// those below it.
constexpr std::array<std::string_view, 19> kRooms = {
    "proxy/cli/",      "proxy/demo/",       "proxy/process/",  "proxy/admin/", "proxy/runtime/",
    "proxy/exchange/", "proxy/downstream/", "proxy/upstream/", "proxy/store/", "proxy/context/",
    "proxy/http1/",    "proxy/http2/",      "proxy/http/",     "proxy/net/",   "proxy/log/",
    "proxy/clock/",    "metrics/",          "config/",         "filters/"};
// Rooms that may include less than what is below them: these alone, besides themselves.
struct Narrower {
  std::string_view room;
  Paths may_include;
};
const std::vector<Narrower>& narrower_rooms() {
  static const std::vector<Narrower> all = {
      // The admin plane and the data plane do not know each other.
      {"proxy/admin/", {"proxy/clock/", "metrics/", "config/", "filters/"}},
      {"metrics/", {"filters/"}},
      {"proxy/http1/", {"proxy/http/", "proxy/net/", "proxy/clock/", "config/", "filters/"}},
  };
  return all;
}
// The rooms in which a library may be included; a longer prefix goes first.
struct Library {
  std::string_view included;
  Paths allowed;
};
const std::vector<Library>& libraries() {
  static const std::vector<Library> all = {
      {"uv.h", {"proxy/net/", "proxy/runtime/", "proxy/process/", "proxy/demo/"}},
      {"uv/", {"proxy/net/"}},
      {"openssl/", {"proxy/net/"}},
      {"llhttp", {"proxy/http1/"}},
      {"nghttp2/", {"proxy/http2/"}},
      {"hiredis", {"proxy/store/"}},
      {"sqlite3.h", {"proxy/store/"}},
      {"boost/beast", {"proxy/admin/"}},
      {"boost/asio", {"proxy/admin/"}},
      {"boost/json",
       {"config/", "proxy/admin/", "proxy/process/", "proxy/demo/", "proxy/cli/",
        "proxy/http/access_line_test.cc"}},
      {"boost/", {"proxy/admin/"}},
      {"spdlog/", {"proxy/log/"}},
      {"fmt/", {"proxy/log/"}},
      {"prometheus/", {"metrics/"}},
      {"yaml-cpp/", {"config/"}},
      {"CLI/", {"proxy/cli/", "proxy/demo/"}},
      {"zlib.h", {"metrics/", "proxy/admin/"}},
      {"gtest/", {}},
      {"gmock/", {}},
      {"benchmark/", {}},
  };
  return all;
}

// Words that read a clock, and words that draw from global randomness.
constexpr std::array kClockReads = {
    "steady_clock::now", "system_clock::now", "high_resolution_clock::now",
    "uv_hrtime",         "clock_gettime",     "gettimeofday",
    "time(nullptr)",     "time(NULL)",        "time(0)"};
constexpr std::array kGlobalRandomness = {"rand()", "srand(", "random_device", "getrandom("};
// Words for a file that say nothing of its purpose.
constexpr std::array kEmptyNames = {"util", "helper", "manager", "impl", "misc", "common"};

bool is_test(std::string_view path) {
  return path.starts_with("tests/") || path.ends_with("_test.cc") || path.ends_with("_bench.cc");
}

// True if `path` lies under one of `folders`; with a ! at its end, directly in it.
bool within(std::string_view path, std::span<const std::string_view> folders) {
  return std::ranges::any_of(folders, [path](std::string_view folder) {
    if (!folder.ends_with('!')) return path.starts_with(folder);
    folder.remove_suffix(1);
    return path.starts_with(folder) && path.find('/', folder.size()) == std::string_view::npos;
  });
}

bool within(std::string_view path, std::initializer_list<std::string_view> folders) {
  return within(path, std::span(folders.begin(), folders.size()));
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// `text` with comments blanked, and with the insides of literals as well if `literals` says so;
// lines stay where they are.
class Blanker {
 public:
  Blanker(std::string_view text, bool literals) : in_(text), out_(text), literals_(literals) {}

  std::string run() {
    while (at_ < in_.size()) step();
    return std::move(out_);
  }

 private:
  void step() {
    const std::string_view rest = in_.substr(at_);
    if (rest.starts_with("//")) {
      blank(rest.find('\n'), true);
    } else if (rest.starts_with("/*")) {
      blank(end_of(rest, "*/", 2), true);
    } else if (rest.starts_with("R\"") && !word_before()) {
      const std::string_view mark = rest.substr(2, std::min(rest.find('('), rest.size()) - 2);
      blank(end_of(rest, ")" + std::string(mark) + "\"", 2), literals_);
    } else if (rest.front() == '"' || (rest.front() == '\'' && !word_before())) {
      blank(end_of_quoted(rest), literals_ && !is_include());
    } else {
      ++at_;
    }
  }

  void blank(std::size_t length, bool really) {
    length = std::min(length, in_.size() - at_);
    for (std::size_t i = at_; really && i < at_ + length; ++i) {
      if (out_[i] != '\n') out_[i] = ' ';
    }
    at_ += length;
  }

  static std::size_t end_of(std::string_view rest, std::string_view end, std::size_t from) {
    const std::size_t found = rest.find(end, from);
    return found == std::string_view::npos ? found : found + end.size();
  }

  static std::size_t end_of_quoted(std::string_view rest) {
    for (std::size_t i = 1; i < rest.size(); ++i) {
      if (rest[i] == '\\') {
        ++i;
      } else if (rest[i] == rest.front() || rest[i] == '\n') {
        return i + 1;
      }
    }
    return rest.size();
  }

  bool word_before() const { return at_ > 0 && is_word(in_[at_ - 1]); }

  bool is_include() const {
    const std::size_t line = at_ == 0 ? 0 : in_.rfind('\n', at_ - 1) + 1;
    return in_.substr(line, at_ - line).find("#include") != std::string_view::npos;
  }

  std::string_view in_;
  std::string out_;
  bool literals_;
  std::size_t at_ = 0;
};

// Does `code` use `word`, not as a part of a longer one? clang-format has been over `code`, so that
// no space stands before a parenthesis.
bool uses(std::string_view code, std::string_view word) {
  for (auto at = code.find(word); at != std::string_view::npos; at = code.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const bool begins = at == 0 || !is_word(code[at - 1]) || !is_word(word.front());
    const bool ends = end == code.size() || !is_word(code[end]) || !is_word(word.back());
    if (begins && ends) return true;
  }
  return false;
}

// The place of a path's room in kRooms; its size: none.
std::size_t room_of(std::string_view path) {
  const auto room =
      std::ranges::find_if(kRooms, [path](std::string_view r) { return path.starts_with(r); });
  return static_cast<std::size_t>(room - kRooms.begin());
}

bool may_include_room(std::string_view path, std::string_view name) {
  const std::size_t from = room_of(path), to = room_of(name);
  if (from == kRooms.size()) return path.starts_with("tests/");
  // A test of the proxy may build what it needs from any room.
  if (from == to || (is_test(path) && path.starts_with("proxy/"))) return true;
  for (const Narrower& narrower : narrower_rooms()) {
    if (narrower.room == kRooms[from]) return within(kRooms[to], narrower.may_include);
  }
  return from < to;
}

// What is wrong with `path` including `name`; empty if nothing is.
std::string complain_include(std::string_view path, std::string_view name, bool quoted) {
  const std::string refused = "may not include " + std::string(name);
  const bool in_tests = path.starts_with("tests/");
  if (quoted && name.find("..") != std::string_view::npos) {
    return "includes are written from the root of the tree: " + std::string(name);
  }
  if (room_of(name) != kRooms.size()) return may_include_room(path, name) ? "" : refused;
  if (name.starts_with("tests/")) return is_test(path) ? "" : refused;
  const auto library = std::ranges::find_if(
      libraries(), [name](const Library& l) { return name.starts_with(l.included); });
  if (library == libraries().end()) {
    const bool unknown = quoted && name != "build_info.h";
    return unknown ? "includes are written from the root of the tree, others' in <>: " +
                         std::string(name)
                   : "";
  }
  const bool framework = library->allowed.empty();
  if (in_tests || (framework && is_test(path)) || within(path, library->allowed)) return "";
  return refused;
}

std::string included(std::string_view line, bool& quoted) {
  const std::size_t first = line.find_first_not_of(" \t");
  if (first == std::string_view::npos || line[first] != '#') return "";
  const std::size_t word = line.find("include", first);
  if (word == std::string_view::npos) return "";
  const std::size_t open = line.find_first_of("<\"", word);
  if (open == std::string_view::npos) return "";
  quoted = line[open] == '"';
  const std::size_t close = line.find_first_of(">\"", open + 1);
  return std::string(line.substr(open + 1, close - open - 1));
}

// Complaints about one source file, each as `path:line: what`.
std::vector<std::string> violations(std::string_view path, std::string_view text) {
  std::vector<std::string> found;
  const auto complain = [&](int line, const std::string& what) {
    found.push_back(std::string(path) + ":" + std::to_string(line) + ": " + what);
  };

  const std::string_view name = path.substr(path.rfind('/') + 1);
  std::istringstream words{std::string(name)};
  for (std::string word; std::getline(words, word, '_');) {
    for (const std::string_view empty : kEmptyNames) {
      if (word.starts_with(empty)) complain(1, "a name that says nothing of the file's purpose");
    }
  }
  if (path.ends_with(".h") && text.find("#pragma once") == std::string_view::npos) {
    complain(1, "#pragma once is missing");
  }

  const bool may_read_clock =
      path.starts_with("tests/") ||
      within(path, {"proxy/clock/", "proxy/demo/", "proxy/process/", "proxy/cli/"});
  std::istringstream lines(Blanker(text, true).run());
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    bool quoted = false;
    if (const std::string header = included(line, quoted); !header.empty()) {
      if (const std::string what = complain_include(path, header, quoted); !what.empty()) {
        complain(number, what);
      }
      continue;
    }
    for (const std::string_view word : kClockReads) {
      if (!may_read_clock && uses(line, word)) {
        complain(number, "reads a clock (" + std::string(word) + "); only proxy/clock does");
      }
    }
    for (const std::string_view word : kGlobalRandomness) {
      if (path.starts_with("filters/") && uses(line, word)) {
        complain(number, "draws from global randomness (" + std::string(word) + ")");
      }
    }
  }
  return found;
}

bool includes_llhttp(std::string_view text) {
  return Blanker(text, false).run().find("llhttp.h") != std::string::npos;
}

std::map<std::string, std::string> sources() {
  namespace fs = std::filesystem;
  const fs::path root = WEIR_SOURCE_DIR;
  std::map<std::string, std::string> all;
  for (const char* folder : {"filters", "config", "metrics", "proxy", "tests"}) {
    if (!fs::exists(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const fs::path& file = entry.path();
      if (file.extension() != ".h" && file.extension() != ".cc") continue;
      std::ifstream in(file);
      all[file.lexically_relative(root).generic_string()] = {std::istreambuf_iterator(in), {}};
    }
  }
  return all;
}

TEST(House, FiltersStandOnTheStandardLibraryAlone) {
  for (const char* header :
       {"<uv.h>", "<llhttp.h>", "<boost/json.hpp>", "<spdlog/spdlog.h>", "<prometheus/registry.h>",
        "<yaml-cpp/yaml.h>", "\"proxy/runtime/server.h\"", "\"config/field.h\"",
        "\"metrics/worker_metrics.h\""}) {
    const std::string text = "#include <vector>\n#include " + std::string(header) + "\n";
    EXPECT_THAT(violations("filters/retry/retry.cc", text),
                Contains(HasSubstr("filters/retry/retry.cc:2: may not include")))
        << header;
  }
  EXPECT_THAT(violations("filters/retry/retry.cc",
                         "#include <chrono>\n#include \"filters/retry/retry.h\"\n"),
              IsEmpty());
}

TEST(House, LibrariesStayInTheirFolders) {
  struct Case {
    const char* path;
    const char* header;
    bool allowed;
  };
  for (const Case& c : {
           Case{"metrics/exposition.cc", "<prometheus/collectable.h>", true},
           Case{"proxy/admin/routes.cc", "<prometheus/collectable.h>", false},
           Case{"proxy/admin/routes.cc", "<boost/beast/http.hpp>", true},
           Case{"proxy/exchange/exchange.cc", "<boost/beast/http.hpp>", false},
           Case{"proxy/demo/demo.cc", "<boost/asio.hpp>", false},
           Case{"tests/support/client.cc", "<boost/asio.hpp>", true},
           Case{"config/json_schema.cc", "<boost/json.hpp>", true},
           Case{"metrics/exposition.cc", "<boost/json.hpp>", false},
           Case{"config/load.cc", "<yaml-cpp/eventhandler.h>", true},
           Case{"proxy/runtime/server.cc", "<yaml-cpp/yaml.h>", false},
           Case{"proxy/cli/main.cc", "<CLI/CLI.hpp>", true},
           Case{"proxy/runtime/server.cc", "<CLI/CLI.hpp>", false},
           Case{"proxy/http1/parser.cc", "<llhttp.h>", true},
           Case{"proxy/runtime/server.cc", "\"llhttp.h\"", false},
           Case{"proxy/runtime/server.cc", "<uv.h>", true},
           Case{"proxy/admin/routes.cc", "<uv.h>", false},
           Case{"config/load.cc", "<gtest/gtest.h>", false},
           Case{"config/load_test.cc", "<gtest/gtest.h>", true},
       }) {
    const auto found = violations(c.path, "#include " + std::string(c.header) + "\n");
    EXPECT_EQ(found.empty(), c.allowed) << c.path << " and " << c.header;
  }
}

TEST(House, TheAdminPlaneAndTheDataPlaneDoNotKnowEachOther) {
  EXPECT_FALSE(
      violations("proxy/admin/routes.cc", "#include \"proxy/runtime/server.h\"\n").empty());
  EXPECT_FALSE(
      violations("proxy/runtime/server.cc", "#include \"proxy/admin/server.h\"\n").empty());
  EXPECT_TRUE(violations("proxy/cli/run.cc", "#include \"proxy/admin/server.h\"\n").empty());
  EXPECT_TRUE(violations("proxy/admin/routes.cc", "#include \"metrics/scrape.h\"\n").empty());
}

TEST(House, OnlyTheClocksRoomReadsAClock) {
  const char* const text = "auto t = std::chrono::steady_clock::now();\n";
  EXPECT_FALSE(violations("filters/buffer/buffer.cc", text).empty());
  EXPECT_FALSE(violations("filters/buffer/buffer_test.cc", text).empty());
  EXPECT_FALSE(violations("proxy/exchange/exchange.cc", "auto t = uv_hrtime();\n").empty());
  EXPECT_FALSE(violations("metrics/process.cc", "auto t = std::time(nullptr);\n").empty());
  EXPECT_TRUE(violations("proxy/clock/clock.cc", text).empty());
  EXPECT_TRUE(violations("tests/e2e/limits_test.cc", text).empty());
  EXPECT_TRUE(violations("filters/buffer/buffer.cc", "run_time(0); x.uv_hrtimes();\n").empty());
}

TEST(House, FiltersDrawFromNoGlobalRandomness) {
  EXPECT_FALSE(violations("filters/retry/retry.cc", "std::random_device seed;\n").empty());
  EXPECT_FALSE(violations("filters/retry/retry.cc", "int x = rand() % 3;\n").empty());
  EXPECT_TRUE(violations("filters/retry/retry.cc", "int operand();\n").empty());
}

TEST(House, CommentsAndLiteralsAreNoCode) {
  EXPECT_THAT(violations("filters/buffer/buffer.cc",
                         "// not steady_clock::now, nor\n"
                         "/* #include <uv.h>\n   rand() */\n"
                         "const char* a = \"uv_hrtime \\\" uv_hrtime\";\n"
                         "const char* b = R\"x(gettimeofday \" )\" )x\";\n"
                         "int million = 1'000'000;\n"),
              IsEmpty());
  EXPECT_FALSE(violations("filters/buffer/buffer.cc", "int m = 1'000; uv_hrtime();\n").empty());
  EXPECT_FALSE(violations("filters/buffer/buffer.cc", "char q = '\"'; uv_hrtime();\n").empty());
}

TEST(House, IncludesAreWrittenFromTheRoot) {
  EXPECT_FALSE(violations("filters/buffer/buffer.cc", "#include \"buffer.h\"\n").empty());
  EXPECT_FALSE(
      violations("filters/buffer/buffer.cc", "#include \"../filters/buffer.h\"\n").empty());
  EXPECT_TRUE(violations("proxy/cli/main.cc", "#include \"build_info.h\"\n").empty());
}

TEST(House, FilesAreNamedForTheirPurposeAndHeadersGuarded) {
  EXPECT_FALSE(violations("proxy/http/string_utils.cc", "").empty());
  EXPECT_FALSE(violations("proxy/net/connection_manager.h", "#pragma once\n").empty());
  EXPECT_FALSE(violations("tests/support/helpers.cc", "").empty());
  EXPECT_FALSE(violations("proxy/exchange/exchange.h", "class Exchange;\n").empty());
  EXPECT_TRUE(violations("proxy/exchange/exchange.h", "#pragma once\n").empty());
}

TEST(House, WallsHoldInThisTree) {
  const auto all = sources();
  ASSERT_TRUE(all.contains("tests/unit/layering_test.cc")) << "not the tree: " << WEIR_SOURCE_DIR;
  std::vector<std::string> parsers;
  for (const auto& [path, text] : all) {
    for (const std::string& complaint : violations(path, text)) ADD_FAILURE() << complaint;
    const bool product = path.ends_with(".cc") && !is_test(path);
    if (product && includes_llhttp(text)) parsers.push_back(path);
  }
  EXPECT_LE(parsers.size(), 1) << "only one file may include llhttp.h, not "
                               << ::testing::PrintToString(parsers);
}

}  // namespace
}  // namespace weir
