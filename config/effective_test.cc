#include "config/effective.h"

#include <fstream>
#include <sstream>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/config_load.h"

namespace weir {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string read(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

TEST(Effective, LoadsAgainToTheSame) {
  const std::string full = read(WEIR_SOURCE_DIR "/examples/full.yaml");
  for (const std::string& yaml : {kBase, full}) {
    const Loaded first = load_config(yaml);
    ASSERT_THAT(first.errors, IsEmpty());
    const Loaded second = load_config(first.snapshot->effective_yaml);
    ASSERT_THAT(second.errors, IsEmpty()) << first.snapshot->effective_yaml;
    EXPECT_EQ(second.snapshot->effective_yaml, first.snapshot->effective_yaml);
    EXPECT_EQ(second.snapshot->effective_json, first.snapshot->effective_json);
    EXPECT_EQ(second.snapshot->filters.size(), first.snapshot->filters.size());
  }
}

TEST(Effective, ShowsDefaultsInBothFormats) {
  const Loaded loaded =
      load_config(kBase + "tenants: {a: {rate: 30/m}}\nchain: [timeout: 1500ms, buffer]\n");
  const std::string& yaml = loaded.snapshot->effective_yaml;
  EXPECT_THAT(yaml,
              HasSubstr("\nupstream:\n  address: \"127.0.0.1:3000\"\n  max_connections: 512\n"));
  EXPECT_THAT(yaml, HasSubstr("\ntenants:\n  a: {rate: 30/m, burst: 1}\n"));
  EXPECT_THAT(yaml,
              HasSubstr("\nchain:\n  - {timeout: {head: 1500ms}}\n  - {buffer: {capacity: 256, "
                        "max_wait: 1s, order: fifo, overflow: reject}}\n"));
  const auto json = boost::json::parse(loaded.snapshot->effective_json);
  EXPECT_EQ(json.at("limits").at("max_head").as_string(), "32KiB");
  EXPECT_EQ(json.at("chain").at(1).at("buffer").at("capacity").as_int64(), 256);
}

TEST(Effective, KeepsSecretsOut) {
  const Loaded loaded = load_config(
      kBase +
          "tenant: {from: header x-api-key, secret: true, unknown: refuse}\ntenants: {abc: {rate: "
          "1/s}}\n"
          "chain: [token_bucket]\n"
          "routes: [{match: {header: {x-pass: \"${PASS}\", x-kind: plain}}, chain: []}]\n",
      {{"PASS", "hunter2"}});
  ASSERT_THAT(loaded.errors, IsEmpty());
  for (const std::string& text :
       {loaded.snapshot->effective_yaml, loaded.snapshot->effective_json}) {
    EXPECT_THAT(text, Not(HasSubstr("abc")));
    EXPECT_THAT(text, HasSubstr("sha256:ba7816bf8f01"));
    EXPECT_THAT(text, Not(HasSubstr("hunter2")));
    EXPECT_THAT(text, HasSubstr("plain"));
  }
  EXPECT_EQ(loaded.snapshot->routes[0].match.headers.at("x-pass"), "hunter2");
}

TEST(Effective, QuotesWhatYamlWouldReadOtherwise) {
  const Loaded loaded = load_config(
      kBase +
      "tenants: {\"true\": {}, \"12\": {}, \"no\": {}, \"a: b\": {}, \"q\\\"\\\\\": {}, \"é\": "
      "{}}\n"
      "routes: [{match: {header: {x: \"$${A}\", y: \"- a\", z: \"a #b\"}}, chain: []}]\n");
  ASSERT_THAT(loaded.errors, IsEmpty());
  const Loaded again = load_config(loaded.snapshot->effective_yaml);
  ASSERT_THAT(again.errors, IsEmpty()) << loaded.snapshot->effective_yaml;
  EXPECT_EQ(again.snapshot->effective_json, loaded.snapshot->effective_json);
  EXPECT_EQ(again.snapshot->routes[0].match.headers.at("x"), "${A}");
  EXPECT_TRUE(again.snapshot->find_tenant("q\"\\").own_entry);
}

}  // namespace
}  // namespace weir
