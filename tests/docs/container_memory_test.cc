// weir in the containers of docker/ stays within their memory, whatever its clients do.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "config/units.h"
#include "tests/docs/deployment_files.h"
#include "tests/support/socket.h"
#include "tests/support/temp_dir.h"
#include "tests/support/weir_process.h"

namespace weir::testing {
namespace {

namespace json = boost::json;

std::uint64_t size_of(const json::value& config, const std::string& pointer) {
  const auto parsed = parse_bytes(text(config, pointer));
  EXPECT_TRUE(parsed) << pointer;
  return parsed ? static_cast<std::uint64_t>(*parsed) : 0;
}

std::uint64_t pod_limit() {
  const json::value deployment = document(kDocker / "kubernetes/deployment.yaml");
  const json::value weir = named(deployment, "/spec/template/spec/initContainers", "weir");
  const std::string limit = text(weir, "/resources/limits/memory");
  EXPECT_TRUE(limit.ends_with("Mi")) << limit;
  return std::stoull(limit) << 20;
}

std::uint64_t compose_limit() {
  const std::string limit = text(document(kDocker / "compose.yaml"), "/services/weir/mem_limit");
  EXPECT_TRUE(limit.ends_with("m")) << limit;
  return std::stoull(limit) << 20;
}

// The arithmetic in the comment of kubernetes/weir.yaml, by the table in docs/operating.md.
std::uint64_t worst_case(const json::value& config) {
  const auto count = [&](const std::string& pointer) {
    return static_cast<std::uint64_t>(number(config, pointer));
  };
  const std::uint64_t head = size_of(config, "/limits/max_head");
  std::uint64_t waiting = 0;
  for (const json::value& filter : items(config, "/chain")) {
    if (has(filter, "/buffer"))
      waiting += static_cast<std::uint64_t>(number(filter, "/buffer/capacity"));
  }
  EXPECT_TRUE(items(config, "/upgrades/protocols").empty()) << "tunnels are not counted here";
  const std::uint64_t incoming = std::max<std::uint64_t>(64 << 10, 2 * head);
  const std::uint64_t admin = std::uint64_t{2 * 64} * (32 << 10);
  const std::uint64_t program = 16 << 20;
  return count("/limits/max_connections") * incoming + waiting * (head + (12 << 10)) +
         count("/upstream/max_connections") * (head + (200 << 10)) +
         2 * size_of(config, "/limits/buffered_bytes") + admin + program;
}

TEST(ContainerMemory, CoversWhatTheConfigurationAllows) {
  const auto covers = [](std::uint64_t limit, const char* config) {
    // The last quarter is for what the kernel holds for sockets.
    EXPECT_LE(worst_case(config_of(kDocker / config)), limit / 4 * 3) << config;
  };
  covers(pod_limit(), "kubernetes/weir.yaml");
  covers(compose_limit(), "weir.yaml");
}

TEST(ContainerMemory, PartialHeadsStayWithinIt) {
  std::string config = read_file(kDocker / "kubernetes/weir.yaml");
  for (const auto& [from, to] : {std::pair{"listen: \":8080\"", "listen: 127.0.0.1:0"},
                                 std::pair{"127.0.0.1:9901", "\"127.0.0.1:0\""},
                                 std::pair{"listen: \":9902\"", "listen: \"127.0.0.1:0\""}}) {
    const std::size_t at = config.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    config.replace(at, std::string(from).size(), to);
  }
  WeirOptions options;
  options.config = config;
  WeirProcess weir(WEIR_BINARY, options);
  const std::string part = "GET / HTTP/1.1\r\nHost: a\r\nx: " + std::string(8000, 'a');
  std::vector<Socket> clients;
  for (int i = 0; i < 2000; ++i) {
    Socket client = Socket::try_connect(weir.address());
    if (!client.open()) continue;
    client.write_some(part);
    clients.push_back(std::move(client));
  }
  ASSERT_TRUE(weir.metrics_reach([](const Samples& s) {
    return s.value("weir_connections_active", {{"side", "downstream"}}) >= 400;
  }));
  EXPECT_LT(weir.process().peak_resident_bytes(), pod_limit() / 2);
}

}  // namespace
}  // namespace weir::testing
