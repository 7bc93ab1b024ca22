#include "tests/docs/deployment_files.h"

#include <gtest/gtest.h>

#include "config/units.h"
#include "tests/support/temp_dir.h"

namespace weir::testing {
namespace {

constexpr const char* kAsJson =
    "import json, sys, yaml; json.dump(list(yaml.safe_load_all(sys.stdin)), sys.stdout)";

}  // namespace

namespace fs = std::filesystem;
namespace json = boost::json;

Finished run(Words command, std::string input) {
  return run_process({.command = std::move(command), .input = std::move(input)});
}

json::array documents(const std::string& yaml) {
  const Finished python = run({"/usr/bin/python3", "-c", kAsJson}, yaml);
  EXPECT_EQ(python.code, 0) << python.errors;
  boost::system::error_code failed;
  const json::value parsed = json::parse(python.output, failed);
  EXPECT_FALSE(failed) << python.output;
  return parsed.is_array() ? parsed.as_array() : json::array();
}
json::value document(const fs::path& file) {
  const json::array all = documents(read_file(file));
  EXPECT_EQ(all.size(), 1U) << file;
  return all.empty() ? json::value() : all[0];
}

bool has(const json::value& value, const std::string& pointer) {
  boost::system::error_code failed;
  return value.find_pointer(pointer, failed) != nullptr;
}
json::value at(const json::value& value, const std::string& pointer) {
  boost::system::error_code failed;
  const json::value* found = value.find_pointer(pointer, failed);
  EXPECT_NE(found, nullptr) << pointer << " in " << json::serialize(value).substr(0, 400);
  return found == nullptr ? json::value() : *found;
}
std::string text(const json::value& value, const std::string& pointer) {
  const json::value found = at(value, pointer);
  return found.is_string() ? std::string(found.as_string()) : json::serialize(found);
}
bool truth(const json::value& value, const std::string& pointer) {
  const json::value found = at(value, pointer);
  EXPECT_TRUE(found.is_bool()) << pointer << " is " << json::serialize(found);
  return found.is_bool() && found.as_bool();
}
std::int64_t number(const json::value& value, const std::string& pointer) {
  const json::value found = at(value, pointer);
  EXPECT_TRUE(found.is_int64()) << pointer << " is " << json::serialize(found);
  return found.is_int64() ? found.as_int64() : 0;
}
std::vector<json::value> items(const json::value& value, const std::string& pointer) {
  const json::value found = at(value, pointer);
  EXPECT_TRUE(found.is_array()) << pointer;
  return found.is_array()
             ? std::vector<json::value>(found.as_array().begin(), found.as_array().end())
             : std::vector<json::value>();
}
Words words(const json::value& value, const std::string& pointer) {
  Words out;
  for (const json::value& each : items(value, pointer)) out.push_back(text(each, ""));
  return out;
}
json::value named(const json::value& value, const std::string& pointer, const std::string& name,
                  const std::string& field) {
  for (const json::value& each : items(value, pointer))
    if (text(each, "/" + field) == name) return each;
  ADD_FAILURE() << "no " << name << " in " << pointer;
  return {};
}

std::string host_of(const std::string& address) { return address.substr(0, address.rfind(':')); }
std::int64_t port_of(const std::string& address) {
  return std::stoll("0" + address.substr(address.rfind(':') + 1));
}
std::chrono::seconds seconds_of(const std::string& duration) {
  const auto parsed = parse_duration(duration);
  EXPECT_TRUE(parsed) << duration;
  if (!parsed) return {};
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::nanoseconds{*parsed});
}

json::value config_of(const fs::path& file) {
  const Finished check = run({WEIR_BINARY, "check", "-c", file});
  EXPECT_EQ(check.output + check.errors, "OK\n") << file;
  const Finished printed = run({WEIR_BINARY, "run", "-c", file, "--print-config"});
  EXPECT_EQ(printed.code, 0) << printed.errors;
  const json::array all = documents(printed.output);
  return all.empty() ? json::value() : all[0];
}
std::chrono::seconds drain_of(const json::value& config) {
  std::chrono::seconds out = seconds_of(text(config, "/drain/timeout"));
  if (has(config, "/drain/delay")) out += seconds_of(text(config, "/drain/delay"));
  return out;
}

}  // namespace weir::testing
