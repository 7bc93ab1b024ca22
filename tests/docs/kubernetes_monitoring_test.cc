// docker/kubernetes/monitoring holds the rules and dashboards that the rest of docker/ has, and the
// image has one name everywhere.
#include <filesystem>
#include <string>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "build_info.h"
#include "tests/docs/deployment_files.h"
#include "tests/support/temp_dir.h"

namespace weir::testing {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using ::testing::HasSubstr;

class Monitoring : public ::testing::Test {
 protected:
  void SetUp() override {
    find_program("kubectl", "kubernetes-client");
    const Finished made = run({"kubectl", "kustomize", kDocker / "kubernetes/monitoring"});
    ASSERT_EQ(made.code, 0) << made.errors;
    objects_ = documents(made.output);
  }
  json::value object(const std::string& kind) const {
    return named(json::value(objects_), "", kind, "kind");
  }

  json::array objects_;
};

TEST_F(Monitoring, TheRuleObjectHasTheRulesOfPrometheus) {
  json::array groups;
  for (const char* file : {"weir.alerts.yml", "weir.recording.yml"})
    for (const json::value& group : items(document(kDocker / "prometheus/rules" / file), "/groups"))
      groups.push_back(group);
  EXPECT_GE(groups.size(), 2U);
  EXPECT_EQ(at(object("PrometheusRule"), "/spec/groups"), json::value(groups)) << "run ./dev docs";
  const Finished check = run({"python3", "-B", kDocker / "prometheus/rule_object.py", "--check"});
  EXPECT_EQ(check.code, 0) << check.errors;
}

TEST_F(Monitoring, TheConfigMapsHaveTheDashboards) {
  std::size_t found = 0;
  for (const json::value& each : objects_) {
    if (text(each, "/kind") != "ConfigMap") continue;
    EXPECT_EQ(text(each, "/metadata/labels/grafana_dashboard"), "1");
    const json::value data = at(each, "/data");
    for (const auto& [name, content] : data.as_object()) {
      ++found;
      EXPECT_EQ(std::string(content.as_string()),
                read_file(kDocker / "grafana/dashboards" / std::string(name)));
    }
  }
  const fs::directory_iterator all(kDocker / "grafana/dashboards");
  EXPECT_EQ(found, static_cast<std::size_t>(std::distance(begin(all), end(all))));
}

TEST_F(Monitoring, PrometheusIsSentToThePods) {
  EXPECT_EQ(text(object("PodMonitor"), "/spec/podMetricsEndpoints/0/port"), "telemetry");
}

// What ./dev image and the pages build is what the compose file and the pod start.
TEST(Image, HasOneNameEverywhere) {
  const std::string image = "weir:" + std::string(kVersion);
  const json::value compose = document(kDocker / "compose.yaml");
  for (const char* part : {"weir", "service"})
    EXPECT_EQ(text(compose, "/services/" + std::string(part) + "/image"), image);
  const json::value of_pod =
      items(document(kDocker / "kubernetes/kustomization.yaml"), "/images").at(0);
  EXPECT_EQ(text(of_pod, "/newName") + ":" + text(of_pod, "/newTag"), image);
  for (const char* page : {"docker/Dockerfile", "docs/operating.md"})
    EXPECT_THAT(read_file(std::string(WEIR_SOURCE_DIR "/") + page),
                HasSubstr("docker build -f docker/Dockerfile -t " + image + " ."))
        << page;
  EXPECT_THAT(read_file(kDocker / "try_image.sh"), HasSubstr("image=localhost/weir:$version\n"));
  EXPECT_THAT(read_file(WEIR_SOURCE_DIR "/docs/operating.md"),
              HasSubstr("kind load docker-image " + image + "\n"));
}

}  // namespace
}  // namespace weir::testing
