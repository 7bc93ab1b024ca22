// Connections that a reload meets: in a tunnel, or with a head that is not there yet.
#include <filesystem>
#include <tuple>

#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

using ::testing::HasSubstr;

constexpr bool kSanitized =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    true;
#else
    false;
#endif

WeirOptions unwatched(const std::string& upstream, const std::string& rest) {
  WeirOptions options = with_chain(upstream, rest);
  options.arguments = {"--no-watch"};
  return options;
}

int reload(Weir& weir, const std::string& upstream, const std::string& rest) {
  const std::string next = weir.folder().write(
      "next.yaml", "listen: 127.0.0.1:0\nadmin: {listen: \"127.0.0.1:0\"}\nupstream: {address: \"" +
                       upstream + "\"}\n" + rest);
  std::filesystem::rename(next, weir.config_path());
  return fetch(weir.admin(), {"POST", "/reload", {{"Host", weir.admin().text()}}}).status;
}

std::string read_exactly(Socket& socket, std::size_t size) {
  std::string text(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const Socket::Got some = socket.read_some(text.data() + got, size - got);
    if (some.status != Socket::Status::ok) break;
    got += some.bytes;
  }
  return text.substr(0, got);
}

double upstream_connections(const Samples& s) {
  return s.value("weir_connections_active", {{"side", "upstream"}});
}

// Its service is no longer named, and upgrades are not allowed any more.
TEST(ReloadConnections, TunnelGoesOnToTheServiceThatItWasOpenedTo) {
  Listener old_service;
  Service new_service([](const ServiceRequest&) { return Reply::text(200, "new"); });
  Weir weir(unwatched(old_service.address().text(), "chain: []\n"));
  Socket client = Socket::connect(weir.address());
  client.write_all(
      "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  auto service = old_service.accept(kPatience);
  ASSERT_TRUE(service);
  std::string head;
  ASSERT_EQ(service->read_until(head, "\r\n\r\n"), Socket::Status::ok);
  service->write_all(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  head.clear();
  ASSERT_EQ(client.read_until(head, "\r\n\r\n"), Socket::Status::ok);
  ASSERT_THAT(head, HasSubstr(" 101 "));

  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(reload(weir, new_service.text(),
                     "upgrades: {protocols: []}\nname: n" + std::to_string(i) + "\nchain: []\n"),
              200);
    EXPECT_EQ(weir.get().body, "new");
    client.write_all("ping");
    EXPECT_EQ(read_exactly(*service, 4), "ping");
    service->write_all("pong");
    EXPECT_EQ(read_exactly(client, 4), "pong");
  }
  EXPECT_EQ(weir.metrics().value("weir_tunnels_active"), 1);
  client.half_close();
  service->half_close();
  EXPECT_TRUE(weir.metrics_reach([](const Samples& s) {
    return s.value("weir_tunnels_ended_total", {{"result", "closed"}}) == 1 &&
           upstream_connections(s) <= 1;
  }));
  EXPECT_EQ(weir.get().body, "new");
  EXPECT_EQ(weir.stop(), 0) << weir.errors();
}

// What was answered of a head that is not whole yet was no request: it keeps no snapshot.
TEST(ReloadConnections, HeadsInPartsAndBadOnesKeepNoSnapshot) {
  constexpr int kWarm = 10, kReloads = 40;
  Service service;
  std::string tenants = "tenants:\n";
  for (int i = 0; i < 3000; ++i) tenants += "  t" + std::to_string(i) + ": {rate: 9/s}\n";
  const std::string rest = tenants + "chain: [{token_bucket: {key: tenant}}]\n";
  Weir weir(unwatched(service.text(), rest));
  double memory = 0;
  for (int i = 0; i < kReloads; ++i) {
    Socket slow = Socket::connect(weir.address()), bad = Socket::connect(weir.address());
    std::string answer;
    slow.write_all("GET / HTTP/1.1\r\nHo");
    bad.write_all("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n");
    ASSERT_EQ(bad.read_until(answer, "\r\n\r\n"), Socket::Status::ok);
    EXPECT_THAT(answer, HasSubstr(" 400 "));
    ASSERT_EQ(reload(weir, service.text(), "name: n" + std::to_string(i) + "\n" + rest), 200);
    slow.write_all("st: h\r\nConnection: close\r\n\r\n");
    answer.clear();
    ASSERT_EQ(slow.read_to_end(answer), Socket::Status::ok);
    EXPECT_THAT(answer, HasSubstr(" 200 "));
    if (i == kWarm) memory = weir.metrics().value("process_resident_memory_bytes");
  }
  const double more = weir.metrics().value("process_resident_memory_bytes") - memory;
  std::printf("%.0f KiB more after %d reloads\n", more / 1024, kReloads - kWarm);
  if (!kSanitized) {
    EXPECT_LT(more, 16 << 20);
  }
  EXPECT_EQ(weir.stop(), 0) << weir.errors();
}

// Of a request under way the log tells what it began with.
TEST(ReloadConnections, AccessLogTellsTheServiceThatTheRequestWentTo) {
  auto hold = std::make_shared<Hold>();
  Service old_service([&](const ServiceRequest&) { return Reply::held(hold, "old"); });
  Service new_service([](const ServiceRequest&) { return Reply::text(200, "new"); });
  TempDir folder;
  const std::string log = folder.file("access.log");
  const std::string named = "access_log: {to: \"" + log + "\"}\n";
  Weir weir(unwatched(old_service.text(),
                      named + "routes: [{name: before, match: {path: /held}}]\nchain: []\n"));
  Client client(weir.address());
  client.send({"GET", "/held"});
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
  ASSERT_EQ(reload(weir, new_service.text(), named + "chain: []\n"), 200);
  EXPECT_EQ(weir.get("/after").body, "new");
  hold->open();
  EXPECT_EQ(client.read().body, "old");
  client.disconnect();
  EXPECT_EQ(weir.stop(), 0) << weir.errors();
  const std::string lines = read_file(log);
  for (const auto& [path, route, service] : {std::tuple{"/held", "before", old_service.text()},
                                             std::tuple{"/after", "default", new_service.text()}}) {
    const std::size_t at = lines.find("\"path\":\"" + std::string(path) + "\"");
    ASSERT_NE(at, std::string::npos) << lines;
    const std::size_t begin = lines.rfind('\n', at) + 1;
    const std::string line = lines.substr(begin, lines.find('\n', at) - begin);
    EXPECT_THAT(line, HasSubstr("\"route\":\"" + std::string(route) + "\""));
    EXPECT_THAT(line, HasSubstr("\"upstream\":\"" + service + "\""));
  }
}

}  // namespace
}  // namespace weir::testing
