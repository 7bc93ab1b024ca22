// The files of docker/, as those that read them see them: YAML as JSON, a configuration with weir's
// defaults filled in. What is not there fails the test and is null, empty or 0.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "tests/support/process.h"

namespace weir::testing {

using Words = std::vector<std::string>;

inline const std::filesystem::path kDocker = std::filesystem::path(WEIR_SOURCE_DIR) / "docker";

Finished run(Words command, std::string input = {});

// The documents of a YAML text, by Debian's python3-yaml.
boost::json::array documents(const std::string& yaml);
boost::json::value document(const std::filesystem::path& file);

bool has(const boost::json::value& value, const std::string& pointer);
// What stands at a JSON pointer.
boost::json::value at(const boost::json::value& value, const std::string& pointer);
std::string text(const boost::json::value& value, const std::string& pointer);
bool truth(const boost::json::value& value, const std::string& pointer);
std::int64_t number(const boost::json::value& value, const std::string& pointer);
std::vector<boost::json::value> items(const boost::json::value& value, const std::string& pointer);
Words words(const boost::json::value& value, const std::string& pointer);
// The item of a list whose field has that value.
boost::json::value named(const boost::json::value& value, const std::string& pointer,
                         const std::string& name, const std::string& field = "name");

// Of an address as configurations have it.
std::string host_of(const std::string& address);
std::int64_t port_of(const std::string& address);
// Of a duration.
std::chrono::seconds seconds_of(const std::string& duration);

// A configuration of weir's, which must be right and without warnings.
boost::json::value config_of(const std::filesystem::path& file);
// The longest that it takes to drain.
std::chrono::seconds drain_of(const boost::json::value& config);

}  // namespace weir::testing
