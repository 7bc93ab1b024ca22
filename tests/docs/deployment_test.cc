// What docker/ deploys fits together: ports, names, mounts, probes and times agree with each other
// and with weir's own configuration. Compose and kustomize read their files themselves.
#include <chrono>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "build_info.h"
#include "config/units.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace weir::testing {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::StartsWith;
using Words = std::vector<std::string>;

const fs::path kFolder = fs::path(WEIR_SOURCE_DIR) / "docker";

Finished run(Words command, std::string input = {}) {
  return run_process({.command = std::move(command), .input = std::move(input)});
}

constexpr const char* kAsJson =
    "import json, sys, yaml; json.dump(list(yaml.safe_load_all(sys.stdin)), sys.stdout)";

// The documents of a YAML text, by Debian's python3-yaml.
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

// What stands at a JSON pointer; null, and a failed test, if nothing does.
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
// The item of a list whose field has that value.
json::value named(const json::value& value, const std::string& pointer, const std::string& name,
                  const std::string& field = "name") {
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
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::nanoseconds{*parsed});
}

// A configuration of weir's, as weir sees it: the defaults filled in.
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
  if (config.as_object().at("drain").as_object().contains("delay"))
    out += seconds_of(text(config, "/drain/delay"));
  return out;
}

// The pod, as kustomize makes it of docker/kubernetes.
class Kubernetes : public ::testing::Test {
 protected:
  void SetUp() override {
    find_program("kubectl", "kubernetes-client");
    const Finished made = run({"kubectl", "kustomize", kFolder / "kubernetes"});
    ASSERT_EQ(made.code, 0) << made.errors;
    objects_ = documents(made.output);
    pod_ = at(object("Deployment"), "/spec/template");
    weir_ = named(pod_, "/spec/initContainers", "weir");
    service_ = named(pod_, "/spec/containers", "service");
    config_ = config_of(kFolder / "kubernetes/weir.yaml");
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
  EXPECT_FALSE(mount.as_object().contains("subPath")) << "such a mount never changes";
  EXPECT_TRUE(at(mount, "/readOnly").as_bool());
  const json::value volume = named(pod_, "/spec/volumes", text(mount, "/name"));
  const json::value map = object("ConfigMap");
  EXPECT_EQ(text(volume, "/configMap/name"), text(map, "/metadata/name"));
  EXPECT_EQ(text(map, "/data/" + file.filename().string()),
            read_file(kFolder / "kubernetes/weir.yaml"));
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

TEST_F(Kubernetes, PrometheusIsSentToTheTelemetryListener) {
  const json::value monitor = document(kFolder / "kubernetes/podmonitor.yaml");
  EXPECT_EQ(text(monitor, "/kind"), "PodMonitor");
  expect_selects_the_pod(at(monitor, "/spec/selector/matchLabels"));
  const auto endpoints = items(monitor, "/spec/podMetricsEndpoints");
  ASSERT_EQ(endpoints.size(), 1U);
  EXPECT_EQ(text(endpoints[0], "/path"), "/metrics");
  EXPECT_EQ(container_port(text(endpoints[0], "/port")),
            port_of(text(config_, "/telemetry/listen")));
}

TEST_F(Kubernetes, NoContainerHasMoreRightsThanItNeeds) {
  EXPECT_FALSE(at(pod_, "/spec/automountServiceAccountToken").as_bool());
  const json::value context = at(pod_, "/spec/securityContext");
  EXPECT_TRUE(at(context, "/runAsNonRoot").as_bool());
  EXPECT_EQ(number(context, "/runAsUser"), 65532);
  EXPECT_EQ(text(context, "/seccompProfile/type"), "RuntimeDefault");
  for (const json::value& each : {weir_, service_}) {
    SCOPED_TRACE(text(each, "/name"));
    const json::value own = at(each, "/securityContext");
    EXPECT_TRUE(at(own, "/readOnlyRootFilesystem").as_bool());
    EXPECT_FALSE(at(own, "/allowPrivilegeEscalation").as_bool());
    EXPECT_THAT(words(own, "/capabilities/drop"), ElementsAre("ALL"));
    EXPECT_FALSE(own.as_object().contains("runAsUser"));
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

// The stack of docker/compose.yaml, as docker-compose reads it: by its schema, defaults filled in.
class Compose : public ::testing::Test {
 protected:
  void SetUp() override {
    find_program("docker-compose", "docker-compose");
    const Finished read = run({"docker-compose", "-f", kFolder / "compose.yaml", "config"});
    ASSERT_EQ(read.code, 0) << read.errors;
    const json::array all = documents(read.output);
    ASSERT_EQ(all.size(), 1U);
    stack_ = all[0];
    config_ = config_of(kFolder / "weir.yaml");
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
    if (!each.value().as_object().contains("volumes")) continue;
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
    if (each.value().as_object().contains("build")) {
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
  const json::value prometheus = document(kFolder / "prometheus/prometheus.yml");
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
    EXPECT_TRUE(at(each, "/read_only").as_bool());
    EXPECT_THAT(words(each, "/cap_drop"), ElementsAre("ALL"));
    EXPECT_THAT(words(each, "/security_opt"), Contains("no-new-privileges:true"));
    EXPECT_NE(text(each, "/mem_limit"), "");
  }
  EXPECT_GT(seconds_of(text(part("weir"), "/stop_grace_period")), drain_of(config_));
}

TEST_F(Compose, PublishesOnTheLoopbackOnly) {
  for (const auto& each : parts()) {
    if (!each.value().as_object().contains("ports")) continue;
    for (const json::value& port : items(each.value(), "/ports"))
      EXPECT_THAT(port.is_object() ? text(port, "/host_ip") : text(port, ""),
                  StartsWith("127.0.0.1"))
          << each.key();
  }
}

}  // namespace
}  // namespace weir::testing
