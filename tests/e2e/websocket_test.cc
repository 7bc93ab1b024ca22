// WebSocket through the tunnel, with a library of its own on both sides (npm's `ws`).
#include "tests/e2e/fixture.h"
#include "tests/e2e/websocket_peer.h"

namespace weir::testing {
namespace {

std::string url_of(const Weir& weir) { return "ws://" + weir.address().text() + "/socket"; }

// Plays a scenario of peer.js to its end.
void expect_fine(const Weir& weir, const std::string& scenario, int number = 0) {
  const auto peer = start_websocket_peer({scenario, url_of(weir), std::to_string(number)});
  const auto code = peer->wait();
  EXPECT_EQ(code, 0) << peer->output() << peer->errors() << weir.errors();
}

bool no_tunnels(const Weir& weir) {
  return weir.metrics_reach([](const Samples& s) { return s.value("weir_tunnels_active") == 0; });
}

TEST(WebSocket, SmallAndLargeMessagesComeBack) {
  WebSocketService service;
  Weir weir(service.address().text(), "chain: []\n");
  expect_fine(weir, "echo");
}

TEST(WebSocket, MessagesThatCrossAreNotDamaged) {
  WebSocketService service;
  Weir weir(service.address().text(), "chain: []\n");
  expect_fine(weir, "crossing");
}

TEST(WebSocket, SubprotocolsAreAgreedUponThroughWeir) {
  WebSocketService service;
  Weir weir(service.address().text(), "chain: []\n");
  expect_fine(weir, "subprotocol");
}

TEST(WebSocket, TheClosingHandshakeGoesThroughFromEitherSide) {
  WebSocketService service;
  Weir weir(service.address().text(), "chain: []\n");
  expect_fine(weir, "close");
  EXPECT_TRUE(service.process().wait_for("closed 4000 enough"));
  EXPECT_TRUE(service.process().wait_for("closed 4001 as you wish"));
  ASSERT_TRUE(no_tunnels(weir));
  EXPECT_EQ(weir.metrics().value("weir_tunnels_ended_total", {{"result", "closed"}}), 2);
}

TEST(WebSocket, AServiceThatGoesWithoutAWordIsNoticed) {
  WebSocketService service;
  Weir weir(service.address().text(), "chain: []\n");
  expect_fine(weir, "drop");
  EXPECT_TRUE(no_tunnels(weir));
}

// Far more than there are permits and connections for requests: a tunnel holds neither.
TEST(WebSocket, ManyAtOnceHoldNoPermits) {
  WebSocketService service;
  const std::string upstream =
      "upstream: {address: \"" + service.address().text() + "\", max_connections: 8}\n";
  Weir weir("", upstream +
                    "workers: 2\n"
                    "chain: [{buffer: {capacity: 100, max_wait: 1m}}, {concurrency_limit: {limit: "
                    "8}}]\n");
  expect_fine(weir, "parallel", 100);
  ASSERT_TRUE(no_tunnels(weir));
  const Samples s = weir.metrics();
  EXPECT_EQ(s.sum("weir_requests_total", {{"code", "101"}, {"source", "service"}}), 100);
  EXPECT_EQ(s.value("weir_tunnels_ended_total", {{"result", "closed"}}), 100);
  expect_balanced(s);
}

TEST(WebSocket, AnIdleOneIsClosed) {
  WebSocketService service;
  Weir weir(service.address().text(), "upgrades: {idle_timeout: 300ms}\nchain: []\n");
  expect_fine(weir, "idle");
  EXPECT_TRUE(service.process().wait_for("closed 1006"));
  ASSERT_TRUE(no_tunnels(weir));
  EXPECT_EQ(weir.metrics().value("weir_tunnels_ended_total", {{"result", "idle_timeout"}}), 1);
}

TEST(WebSocket, OneTooManyGets503AndAFreedPlaceIsTaken) {
  WebSocketService service;
  Weir weir(service.address().text(), "upgrades: {max: 3}\nchain: []\n");
  expect_fine(weir, "full", 3);
  const Samples s = weir.metrics();
  EXPECT_GE(s.sum("weir_rejected_total", {{"filter", "weir"}, {"reason", "upgrades"}}), 1);
  EXPECT_EQ(s.value("weir_tunnels_total", {{"protocol", "websocket"}}), 4);
}

TEST(WebSocket, ADrainLeavesItOpenUntilItsTimeout) {
  WebSocketService service;
  Weir weir(service.address().text(), "drain: {timeout: 1s}\nchain: []\n");
  const auto peer = start_websocket_peer({"stay", url_of(weir)});
  ASSERT_TRUE(peer->wait_for("open"));
  EXPECT_EQ(weir.stop(), 3) << "drain cut short";
  EXPECT_TRUE(peer->wait_for("code 1006"));
}

// Served as the ordinary request that it is as well.
TEST(WebSocket, IsNoTunnelWhereItIsNotOnTheList) {
  WebSocketService service;
  Weir weir(service.address().text(), "upgrades: {protocols: []}\nchain: []\n");
  const auto peer = start_websocket_peer({"echo", url_of(weir)});
  EXPECT_EQ(peer->wait(), 1);
  EXPECT_EQ(weir.metrics().sum("weir_tunnels_total"), 0);
}

}  // namespace
}  // namespace weir::testing
