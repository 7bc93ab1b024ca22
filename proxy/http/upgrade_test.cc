#include "proxy/http/upgrade.h"

#include <vector>

#include <gtest/gtest.h>

#include "proxy/http1/head_parser.h"

namespace weir {
namespace {

const std::vector<std::string> kAllowed = {"websocket", "foo"};

// The text must live as long as the head.
Head request(const std::string& text) {
  Head head;
  EXPECT_EQ(read_request_head(text, head), MessageError::none) << text;
  return head;
}

bool asks(const std::string& fields, const std::string& version = "1.1") {
  const std::string text = "GET / HTTP/" + version + "\r\nHost: h\r\n" + fields + "\r\n";
  const Head head = request(text);
  return asks_upgrade(head, kAllowed);
}

TEST(Upgrade, IsAskedForByBothFields) {
  EXPECT_TRUE(asks("Upgrade: websocket\r\nConnection: Upgrade\r\n"));
  EXPECT_TRUE(asks("Connection: keep-alive, UPGRADE\r\nUpgrade: bar, WebSocket\r\n"));
  EXPECT_TRUE(asks("Connection: close\r\nConnection: upgrade\r\nUpgrade: a\r\nUpgrade: foo/2\r\n"));
  EXPECT_TRUE(asks("Upgrade: foo\r\nConnection: upgrade\r\nContent-Length: 0\r\n"));
  EXPECT_FALSE(asks("Upgrade: websocket\r\n"));
  EXPECT_FALSE(asks("Connection: upgrade\r\n"));
  EXPECT_FALSE(asks("Upgrade: websocket\r\nConnection: x-upgrade\r\n"));
  EXPECT_FALSE(asks("Upgrade: h2c, TLS/1.0\r\nConnection: upgrade\r\n"));
  EXPECT_FALSE(asks("Upgrade: websocketx\r\nConnection: upgrade\r\n"));
}

TEST(Upgrade, GoesWithABodyAndIsIgnoredInHttp10) {
  EXPECT_TRUE(asks("Upgrade: foo\r\nConnection: upgrade\r\nContent-Length: 1\r\n"));
  EXPECT_TRUE(asks("Upgrade: foo\r\nConnection: upgrade\r\nTransfer-Encoding: chunked\r\n"));
  EXPECT_FALSE(asks("Upgrade: foo\r\nConnection: upgrade\r\n", "1.0"));
}

TEST(Upgrade, OnlyWhatIsAllowedGoesOn) {
  const std::string text =
      "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: h2c, WebSocket\r\nUpgrade: bar, foo/2\r\n\r\n";
  WriteScratch scratch;
  HeadWriter out(scratch);
  write_offered(out, request(text), kAllowed);
  EXPECT_EQ(out.text(), "Upgrade: WebSocket, foo/2\r\n");
}

bool switches(const std::string& fields, const std::string& offered = "websocket, bar",
              const std::string& version = "1.1") {
  const std::string asked = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: " + offered + "\r\n\r\n";
  const std::string text = "HTTP/" + version + " 101 Switching\r\n" + fields + "\r\n";
  Head response;
  EXPECT_EQ(read_response_head(text, response), MessageError::none) << text;
  return switches_as_asked(request(asked), response, kAllowed);
}

TEST(Upgrade, ThatWasAskedForIsSwitchedTo) {
  EXPECT_TRUE(switches("Connection: Upgrade\r\nUpgrade: WebSocket\r\n"));
  EXPECT_TRUE(switches("Connection: x, upgrade\r\nUpgrade: foo\r\n", "foo/2"));
}

TEST(Upgrade, AnythingElseIsNoSwitch) {
  EXPECT_FALSE(switches("Connection: Upgrade\r\n")) << "to what?";
  EXPECT_FALSE(switches("Upgrade: websocket\r\n")) << "no Connection";
  EXPECT_FALSE(switches("Connection: Upgrade\r\nUpgrade: foo\r\n")) << "allowed, not asked for";
  EXPECT_FALSE(switches("Connection: Upgrade\r\nUpgrade: bar\r\n")) << "asked for, not let through";
  EXPECT_FALSE(switches("Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n"));
  EXPECT_FALSE(switches("Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n"));
  EXPECT_FALSE(switches("Connection: Upgrade\r\nUpgrade: websocket\r\n", "websocket", "1.0"));
  EXPECT_FALSE(switches("Connection: Upgrade\r\nUpgrade: ,\r\n"));
}

}  // namespace
}  // namespace weir
