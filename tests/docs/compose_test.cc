// The stack of docker/compose.yaml fits together, and with weir's and Prometheus' configuration.
// docker-compose reads the file itself.
#include <filesystem>
#include <set>
#include <string>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/docs/deployment_files.h"
#include "tests/support/process.h"

namespace weir::testing {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::StartsWith;

// The stack of docker/compose.yaml, as docker-compose reads it: by its schema, defaults filled in.
class Compose : public ::testing::Test {
 protected:
  void SetUp() override {
    find_program("docker-compose", "docker-compose");
    const Finished read = run({"docker-compose", "-f", kDocker / "compose.yaml", "config"});
    ASSERT_EQ(read.code, 0) << read.errors;
    const json::array all = documents(read.output);
    ASSERT_EQ(all.size(), 1U);
    stack_ = all[0];
    config_ = config_of(kDocker / "weir.yaml");
  }
  json::value part(const std::string& name) const { return at(stack_, "/services/" + name); }
  const json::object& parts() const { return stack_.at("services").as_object(); }
  // Words as `source:target:mode` and `host:port:port/tcp` in version 1; maps in version 2.
  static std::string source_of(const json::value& volume) {
    if (volume.is_object()) return text(volume, "/source");
    return text(volume, "").substr(0, text(volume, "").find(':'));
  }

  json::value stack_, config_;
};

TEST_F(Compose, EveryMountedFileIsThere) {
  std::size_t count = 0;
  for (const auto& each : parts()) {
    if (!has(each.value(), "/volumes")) continue;
    for (const json::value& volume : items(each.value(), "/volumes")) {
      const fs::path source = source_of(volume);
      if (!source.is_absolute()) continue;  // a volume with a name
      EXPECT_TRUE(fs::exists(source) && !fs::is_empty(source)) << each.key() << ": " << source;
      ++count;
    }
  }
  EXPECT_GE(count, 4U);
}

TEST_F(Compose, ImagesOfOthersArePinned) {
  for (const auto& each : parts()) {
    const std::string image = text(each.value(), "/image");
    if (has(each.value(), "/build")) {
      EXPECT_EQ(text(each.value(), "/build/dockerfile"), "docker/Dockerfile");
      EXPECT_TRUE(fs::equivalent(text(each.value(), "/build/context"), WEIR_SOURCE_DIR));
    } else {
      EXPECT_THAT(image, ::testing::MatchesRegex(".*/.*:v?[0-9]+[.][0-9]+[.][0-9]+"));
    }
  }
}

TEST_F(Compose, WeirFindsTheServiceAndPrometheusFindsWeir) {
  EXPECT_EQ(host_of(text(config_, "/upstream/address")), "service");
  EXPECT_THAT(words(part("service"), "/command"),
              ElementsAre("sample", "--listen",
                          ":" + std::to_string(port_of(text(config_, "/upstream/address")))));
  const json::value prometheus = document(kDocker / "prometheus/prometheus.yml");
  std::set<std::string> targets;
  for (const json::value& job : items(prometheus, "/scrape_configs"))
    for (const json::value& group : items(job, "/static_configs"))
      for (const std::string& target : words(group, "/targets")) targets.insert(target);
  EXPECT_THAT(targets,
              Contains("weir:" + std::to_string(port_of(text(config_, "/telemetry/listen")))));
}

TEST_F(Compose, WeirRunsWithoutRightsAndInBounds) {
  for (const char* name : {"weir", "service"}) {
    const json::value each = part(name);
    EXPECT_TRUE(truth(each, "/read_only"));
    EXPECT_THAT(words(each, "/cap_drop"), ElementsAre("ALL"));
    EXPECT_THAT(words(each, "/security_opt"), Contains("no-new-privileges:true"));
    EXPECT_NE(text(each, "/mem_limit"), "");
  }
  EXPECT_GT(seconds_of(text(part("weir"), "/stop_grace_period")), drain_of(config_));
}

TEST_F(Compose, PublishesOnTheLoopbackOnly) {
  for (const auto& each : parts()) {
    if (!has(each.value(), "/ports")) continue;
    for (const json::value& port : items(each.value(), "/ports"))
      EXPECT_THAT(port.is_object() ? text(port, "/host_ip") : text(port, ""),
                  StartsWith("127.0.0.1"))
          << each.key();
  }
}

}  // namespace
}  // namespace weir::testing
