// The access log's line of a tunnel.
#include "tests/e2e/access_log.h"

namespace weir::testing {
namespace {

// A tunnel through it: its line comes when it ends.
struct LoggedTunnel {
  explicit LoggedTunnel(const std::string& config = "chain: []\n", const std::string& more = "")
      : weir(listener.address().text(), config, more), client(Socket::connect(weir.address())) {
    client.write_all(
        "GET /chat?room=1 HTTP/1.1\r\nHost: h\r\nx-tenant: acme\r\nx-request-id: id-1\r\n"
        "Upgrade: websocket\r\nConnection: upgrade\r\n\r\n");
    service = std::move(*listener.accept(kPatience));
    std::string head;
    EXPECT_EQ(service.read_until(head, "\r\n\r\n"), Socket::Status::ok);
    service.write_all("HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nwelcome");
    std::string got;
    EXPECT_EQ(client.read_until(got, "welcome"), Socket::Status::ok);
    client.write_all("hi");
    got.clear();
    EXPECT_EQ(service.read_until(got, "hi"), Socket::Status::ok);
  }
  Listener listener;
  Logged weir;
  Socket client, service;
};

object parsed(const std::string& line) { return boost::json::parse(line).as_object(); }

TEST(AccessLog, ATunnelHasALineOfItsOwnWhenItEnds) {
  LoggedTunnel t("chain: []\nname: edge\n", ", query: true");
  const object begun = parsed(t.weir.lines(1)[0]);
  EXPECT_EQ(number(begun, "status"), 101);
  EXPECT_FALSE(begun.contains("tunnel"));
  t.client.half_close();
  t.service.close();
  const object ended = parsed(t.weir.lines(2)[1]);
  EXPECT_EQ(text(ended, "tunnel"), "closed");
  EXPECT_EQ(number(ended, "status"), 101);
  EXPECT_EQ(number(ended, "bytes_received"), 2);
  EXPECT_EQ(number(ended, "bytes_sent"), 7);
  EXPECT_GE(number(ended, "total"), 0);
  EXPECT_FALSE(ended.contains("cut"));
  for (const char* key :
       {"request_id", "client", "tenant", "route", "method", "path", "upstream"}) {
    EXPECT_FALSE(text(ended, key).empty()) << key;
    EXPECT_EQ(text(ended, key), text(begun, key)) << key;
  }
  EXPECT_EQ(text(ended, "path"), "/chat?room=1");
  EXPECT_GE(text(ended, "time"), text(begun, "time"));
}

TEST(AccessLog, ATunnelThatWasCutIsAlwaysLogged) {
  LoggedTunnel t("chain: []\n", ", sample: 0%");
  t.client.reset();
  const object line = t.weir.only_line();  // of its request, which went well, nothing
  EXPECT_EQ(text(line, "tunnel"), "client_failed");
  EXPECT_TRUE(line.at("cut").as_bool());
  LoggedTunnel other("chain: []\nupgrades: {idle_timeout: 100ms}\n", ", sample: 0%");
  EXPECT_EQ(text(other.weir.only_line(), "tunnel"), "idle_timeout");
}

TEST(AccessLog, ATunnelOfASecretTenantDoesNotNameIt) {
  LoggedTunnel t("chain: []\ntenant: {from: query room, secret: true}\n", ", query: true");
  t.client.half_close();
  t.service.close();
  const object ended = parsed(t.weir.lines(2)[1]);
  EXPECT_EQ(text(ended, "path"), "/chat?room=***");
  EXPECT_THAT(text(ended, "tenant"), ::testing::StartsWith("sha256:"));
}

}  // namespace
}  // namespace weir::testing
