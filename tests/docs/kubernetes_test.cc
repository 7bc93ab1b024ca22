// The pod of docker/kubernetes fits together: ports, names, mounts, probes and times agree with
// each other and with weir's own configuration. kustomize reads the files itself.
#include <filesystem>
#include <string>
#include <utility>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "build_info.h"
#include "tests/docs/deployment_files.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace weir::testing {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using ::testing::AnyOf;
using ::testing::ElementsAre;

// The pod, as kustomize makes it of docker/kubernetes.
class Kubernetes : public ::testing::Test {
 protected:
  void SetUp() override {
    find_program("kubectl", "kubernetes-client");
    const Finished made = run({"kubectl", "kustomize", kDocker / "kubernetes"});
    ASSERT_EQ(made.code, 0) << made.errors;
    objects_ = documents(made.output);
    pod_ = at(object("Deployment"), "/spec/template");
    weir_ = named(pod_, "/spec/initContainers", "weir");
    service_ = named(pod_, "/spec/containers", "service");
    config_ = config_of(kDocker / "kubernetes/weir.yaml");
  }

  json::value object(const std::string& kind) const {
    return named(json::value(objects_), "", kind, "kind");
  }
  // Labels of the pod that a selector does not ask for do not matter.
  void expect_selects_the_pod(const json::value& selector) const {
    ASSERT_TRUE(selector.is_object() && !selector.as_object().empty());
    for (const auto& [name, value] : selector.as_object())
      EXPECT_EQ(json::value(at(pod_, "/metadata/labels").as_object().at(name)), value) << name;
  }
  std::int64_t container_port(const std::string& name) const {
    return number(named(weir_, "/ports", name), "/containerPort");
  }

  json::array objects_;
  json::value pod_, weir_, service_, config_;
};

TEST_F(Kubernetes, WeirIsANativeSidecar) {
  EXPECT_EQ(text(weir_, "/restartPolicy"), "Always");
  EXPECT_EQ(text(weir_, "/image"), "weir:" + std::string(kVersion));
}

TEST_F(Kubernetes, TheConfigIsMountedAsAFolderWhereWeirLooks) {
  const Words args = words(weir_, "/args");
  ASSERT_THAT(args, ElementsAre("run", "-c", ::testing::_));
  const fs::path file = args[2];
  const json::value mount = named(weir_, "/volumeMounts", file.parent_path(), "mountPath");
  EXPECT_FALSE(has(mount, "/subPath")) << "such a mount never changes";
  EXPECT_TRUE(truth(mount, "/readOnly"));
  const json::value volume = named(pod_, "/spec/volumes", text(mount, "/name"));
  const json::value map = object("ConfigMap");
  EXPECT_EQ(text(volume, "/configMap/name"), text(map, "/metadata/name"));
  EXPECT_EQ(text(map, "/data/" + file.filename().string()),
            read_file(kDocker / "kubernetes/weir.yaml"));
}

TEST_F(Kubernetes, PortsAreThoseThatTheConfigListensAt) {
  EXPECT_EQ(container_port("http"), port_of(text(config_, "/listen")));
  EXPECT_EQ(container_port("telemetry"), port_of(text(config_, "/telemetry/listen")));
  for (const char* reached : {"/listen", "/telemetry/listen"})
    EXPECT_THAT(host_of(text(config_, reached)), AnyOf("", "0.0.0.0", "[::]")) << reached;
  EXPECT_EQ(host_of(text(config_, "/admin/listen")), "127.0.0.1");
}

TEST_F(Kubernetes, TheServiceListensWhereWeirLooksForIt) {
  EXPECT_THAT(words(service_, "/args"),
              ElementsAre("sample", "--listen", text(config_, "/upstream/address")));
  EXPECT_EQ(host_of(text(config_, "/upstream/address")), "127.0.0.1");
}

TEST_F(Kubernetes, ClientsAreSentToWeir) {
  const json::value service = object("Service");
  expect_selects_the_pod(at(service, "/spec/selector"));
  expect_selects_the_pod(at(object("Deployment"), "/spec/selector/matchLabels"));
  const auto ports = items(service, "/spec/ports");
  ASSERT_EQ(ports.size(), 1U);
  EXPECT_EQ(number(ports[0], "/targetPort"), port_of(text(config_, "/listen")));
}

TEST_F(Kubernetes, ProbesAskTheTelemetryListener) {
  const std::pair<const char*, const char*> probes[] = {
      {"startupProbe", "/ready"}, {"readinessProbe", "/ready"}, {"livenessProbe", "/live"}};
  for (const auto& [name, path] : probes) {
    const json::value probe = at(weir_, "/" + std::string(name));
    EXPECT_EQ(text(probe, "/httpGet/path"), path) << name;
    EXPECT_EQ(container_port(text(probe, "/httpGet/port")),
              port_of(text(config_, "/telemetry/listen")))
        << name;
  }
}

// kubelet does not reach the pod's loopback, where the service listens.
TEST_F(Kubernetes, ProbesOfTheServiceGoThroughARouteWithoutQuotaOrQueue) {
  for (const char* name : {"startupProbe", "readinessProbe", "livenessProbe"}) {
    SCOPED_TRACE(name);
    const json::value probe = at(service_, "/" + std::string(name) + "/httpGet");
    EXPECT_EQ(number(probe, "/port"), port_of(text(config_, "/listen")));
    const json::value route = items(config_, "/routes").at(0);
    EXPECT_EQ(text(route, "/match/path"), text(probe, "/path"));
    EXPECT_EQ(text(route, "/tenant"), "none");
    EXPECT_TRUE(items(route, "/chain").empty());
  }
}

TEST_F(Kubernetes, PrometheusIsSentToTheTelemetryListener) {
  const json::value monitor = document(kDocker / "kubernetes/monitoring/podmonitor.yaml");
  EXPECT_EQ(text(monitor, "/kind"), "PodMonitor");
  expect_selects_the_pod(at(monitor, "/spec/selector/matchLabels"));
  const auto endpoints = items(monitor, "/spec/podMetricsEndpoints");
  ASSERT_EQ(endpoints.size(), 1U);
  EXPECT_EQ(text(endpoints[0], "/path"), "/metrics");
  EXPECT_EQ(container_port(text(endpoints[0], "/port")),
            port_of(text(config_, "/telemetry/listen")));
}

TEST_F(Kubernetes, NoContainerHasMoreRightsThanItNeeds) {
  EXPECT_FALSE(truth(pod_, "/spec/automountServiceAccountToken"));
  const json::value context = at(pod_, "/spec/securityContext");
  EXPECT_TRUE(truth(context, "/runAsNonRoot"));
  EXPECT_EQ(number(context, "/runAsUser"), 65532);
  EXPECT_EQ(text(context, "/seccompProfile/type"), "RuntimeDefault");
  for (const json::value& each : {weir_, service_}) {
    SCOPED_TRACE(text(each, "/name"));
    const json::value own = at(each, "/securityContext");
    EXPECT_TRUE(truth(own, "/readOnlyRootFilesystem"));
    EXPECT_FALSE(truth(own, "/allowPrivilegeEscalation"));
    EXPECT_THAT(words(own, "/capabilities/drop"), ElementsAre("ALL"));
    EXPECT_FALSE(has(own, "/runAsUser"));
    for (const char* bound : {"/requests/cpu", "/requests/memory", "/limits/memory"})
      EXPECT_NE(text(each, "/resources" + std::string(bound)), "");
  }
}

TEST_F(Kubernetes, TheServiceOutlivesTheDrainAndThePodBoth) {
  const Words hook = words(weir_, "/lifecycle/preStop/exec/command");
  ASSERT_THAT(hook, ElementsAre("/usr/bin/weir", "drain"));
  const std::int64_t held = number(service_, "/lifecycle/preStop/sleep/seconds");
  EXPECT_GE(held, drain_of(config_).count());
  EXPECT_GE(number(pod_, "/spec/terminationGracePeriodSeconds"), held + 10);
}

// The page's hook for a service with a shell: it returns when weir has gone.
TEST_F(Kubernetes, TheHookWithAShellEndsWithWeir) {
  const std::string page = read_file(WEIR_SOURCE_DIR "/docs/operating.md");
  const std::size_t begin = page.find("preStop:\n  exec:\n    command: [sh,");
  ASSERT_NE(begin, std::string::npos);
  const json::array hook = documents(page.substr(begin, page.find("```", begin) - begin));
  ASSERT_EQ(hook.size(), 1U);
  Words command = words(hook[0], "/preStop/exec/command");
  Process weir({.command = {WEIR_BINARY, "run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
                            "--upstream", "127.0.0.1:9"}});
  const auto admin = weir.wait_for(R"(admin on http://(127\.0\.0\.1:\d+))");
  ASSERT_TRUE(admin) << weir.errors();
  // /live is the same page there.
  const std::string address = "127.0.0.1:9902";
  const std::size_t at = command.back().find(address);
  ASSERT_NE(at, std::string::npos);
  command.back().replace(at, address.size(), *admin);
  command.back().insert(command.back().find("do ") + 3, "echo alive; ");
  Process waits({.command = command});
  ASSERT_TRUE(waits.wait_for("alive")) << waits.errors();
  EXPECT_TRUE(waits.running());
  weir.signal(SIGTERM);
  EXPECT_EQ(weir.wait(), 0);
  EXPECT_EQ(waits.wait(), 0) << waits.errors();
}

}  // namespace
}  // namespace weir::testing
