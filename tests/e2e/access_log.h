// weir with an access log, and what its lines say.
#pragma once

#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "tests/e2e/fixture.h"

namespace weir::testing {

using boost::json::object;

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// weir with an access log in its own folder.
struct Logged : Weir {
  Logged(const std::string& upstream, const std::string& config, const std::string& more = "")
      : Logged(std::make_unique<TempDir>(), upstream, config, more) {}
  std::string path() const { return logs->file("access"); }

  // Its lines once there are that many.
  std::vector<std::string> lines(std::size_t count) const {
    EXPECT_TRUE(eventually([&] { return lines_of(read_file(path())).size() >= count; }));
    std::vector<std::string> all = lines_of(read_file(path()));
    EXPECT_EQ(all.size(), count);
    all.resize(count);
    return all;
  }
  object only_line() const {
    const std::string line = lines(1).front();
    boost::system::error_code error;
    const auto value = boost::json::parse(line, error);
    EXPECT_TRUE(!error && value.is_object()) << line;
    return !error && value.is_object() ? value.as_object() : object{};
  }

  std::unique_ptr<TempDir> logs;

 private:
  Logged(std::unique_ptr<TempDir> folder, const std::string& upstream, const std::string& config,
         const std::string& more)
      : Weir(upstream, "access_log: {to: " + folder->file("access") + more + "}\n" + config),
        logs(std::move(folder)) {}
};

inline std::string text(const object& line, const char* key) {
  const auto* const value = line.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}
inline double number(const object& line, const char* key) {
  const auto* const value = line.if_contains(key);
  return value != nullptr && value->is_number() ? value->to_number<double>() : -1;
}

}  // namespace weir::testing
