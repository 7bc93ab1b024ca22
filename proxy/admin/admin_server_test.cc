#include "proxy/admin/admin_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/client.h"
#include "tests/support/socket.h"

namespace weir {
namespace {

using testing::Client;
using ::testing::HasSubstr;
using testing::Response;
using testing::Socket;
using ::testing::StartsWith;

Endpoint any_port() {
  Endpoint endpoint;
  endpoint.host = "127.0.0.1";
  endpoint.text = "127.0.0.1:0";
  return endpoint;
}

std::vector<Page> pages() {
  return {{"/text", "a text", false,
           [](const Query&) {
             AdminReply reply = problem(200, std::string(5000, 'x'));
             reply.compress = true;
             return reply;
           }},
          {"/large", "more than sockets hold", false,
           [](const Query&) { return problem(200, std::string(5 << 20, 'x')); }},
          {"/change", "a change", true, [](const Query&) { return problem(202, "done"); }}};
}

class AdminServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto started = AdminServer::start(any_port(), pages());
    ASSERT_TRUE(started.server) << started.error;
    server = std::move(started.server);
    address.port = server->port();
  }
  // Everything that comes back for these bytes until the server closes.
  std::string raw(const std::string& bytes) {
    Socket socket = Socket::connect(address);
    socket.write_all(bytes);
    std::string answer;
    EXPECT_EQ(socket.read_to_end(answer), Socket::Status::ok);
    return answer;
  }
  std::unique_ptr<AdminServer> server;
  testing::Address address;
};

TEST_F(AdminServerTest, KeepsConnectionsAlive) {
  Client client(address);
  for (int i = 0; i < 3; ++i) {
    const Response response = client.get("/text");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body.size(), 5001U);
  }
  EXPECT_EQ(client.connections(), 1);
}

TEST_F(AdminServerTest, HeadHasTheFieldsAndNoBody) {
  const std::string answer =
      raw("HEAD /text HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 5001\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST_F(AdminServerTest, CompressesOnlyWhenAsked) {
  const std::string plain =
      raw("GET /text HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(plain, HasSubstr("Vary: Accept-Encoding"));
  EXPECT_THAT(plain, ::testing::Not(HasSubstr("Content-Encoding")));
  const std::string packed =
      raw("GET /text HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: br\r\nAccept-Encoding: "
          "gzip;q=0.5\r\n"
          "Connection: close\r\n\r\n");
  EXPECT_THAT(packed, HasSubstr("Content-Encoding: gzip"));
  EXPECT_LT(packed.size(), 600U);
}

TEST_F(AdminServerTest, PipelinedRequestsAreAnsweredInOrder) {
  const std::string answer =
      raw("GET /nope HTTP/1.1\r\nHost: localhost\r\n\r\n"
          "POST /change HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi"
          "GET /text HTTP/1.0\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 404"));
  EXPECT_LT(answer.find("HTTP/1.1 202"), answer.find("HTTP/1.1 200"));
  EXPECT_NE(answer.find("HTTP/1.1 200"), std::string::npos);
}

TEST_F(AdminServerTest, GarbageIsRefusedAndTheNextClientServed) {
  EXPECT_THAT(raw("\x16\x03\x01 garbage\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(raw("GET /text HTTP/1.1\r\nA: " + std::string(10'000, 'a') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(raw("POST /change HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_EQ(Client(address).get("/text").status, 200);
}

TEST_F(AdminServerTest, ManyIdleConnectionsDoNotLockOthersOut) {
  std::vector<std::unique_ptr<Client>> clients;
  for (std::size_t i = 0; i < AdminServer::kMaxConnections; ++i) {
    clients.push_back(std::make_unique<Client>(address));
    ASSERT_EQ(clients.back()->get("/text").status, 200);
  }
  Client another(address);
  EXPECT_EQ(another.get("/text").status, 200);
  EXPECT_TRUE(clients.front()->socket().wait_for_close());
}

// The place of one that has sent half a request goes to the newcomer, and so on.
TEST_F(AdminServerTest, HalfRequestsDoNotLockOthersOut) {
  std::vector<Socket> crowd;
  for (std::size_t i = 0; i < 2 * AdminServer::kMaxConnections; ++i) {
    crowd.push_back(Socket::connect(address));
    crowd.back().write_all("GET /text HTTP/1.1\r\nHost:");
  }
  EXPECT_EQ(Client(address).get("/text").status, 200);
  EXPECT_TRUE(crowd.front().wait_for_close());
}

// Nor do those that do not read their answers.
TEST_F(AdminServerTest, UnreadAnswersDoNotLockOthersOut) {
  std::vector<Socket> crowd;
  for (std::size_t i = 0; i < AdminServer::kMaxConnections; ++i) {
    crowd.push_back(Socket::connect(address, 4 << 10));
    crowd.back().write_all("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Client(address).get("/text").status, 200);
}

TEST_F(AdminServerTest, ConnectionsOfTheBusiestAddressGoFirst) {
  Socket lone = Socket::connect_from("127.0.0.2", address);  // the one that is idle for longest
  const std::string ask = "GET /change HTTP/1.1\r\nHost: localhost\r\n\r\n";
  std::string answer;
  lone.write_all(ask);
  ASSERT_EQ(lone.read_until(answer, "takes POST.\n"), Socket::Status::ok);
  std::vector<Socket> crowd;
  for (std::size_t i = 0; i < 2 * AdminServer::kMaxConnections; ++i) {
    crowd.push_back(Socket::connect(address));
    crowd.back().write_all("GET /text HTTP/1.1\r\nHost:");
  }
  ASSERT_TRUE(crowd.front().wait_for_close());
  answer.clear();
  lone.write_all(ask);
  EXPECT_EQ(lone.read_until(answer, "takes POST.\n"), Socket::Status::ok);
}

TEST_F(AdminServerTest, HeadOfAChangeIsAnsweredAndTheConnectionGoesOn) {
  const std::string answer =
      raw("HEAD /change HTTP/1.1\r\nHost: localhost\r\n\r\n"
          "HEAD /text HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"));
  EXPECT_THAT(answer, HasSubstr("Allow: POST\r\n"));
  const std::size_t end = answer.find("\r\n\r\n") + 4;
  EXPECT_THAT(answer.substr(end), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(AdminServerTest, AClientThatWaitsFor100IsToldToContinue) {
  Socket socket = Socket::connect(address);
  socket.write_all(
      "POST /change HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
      "Expect: 100-continue\r\n\r\n");
  std::string answer;
  ASSERT_EQ(socket.read_until(answer, "\r\n\r\n"), Socket::Status::ok);
  EXPECT_EQ(answer, "HTTP/1.1 100 Continue\r\n\r\n");
  socket.write_all("hi");
  EXPECT_EQ(socket.read_until(answer, "done"), Socket::Status::ok);
}

TEST_F(AdminServerTest, PortTakenIsOneLineThatNamesTheSetting) {
  Endpoint taken = any_port();
  taken.port = server->port();
  taken.text = "127.0.0.1:" + std::to_string(taken.port);
  const auto second = AdminServer::start(taken, pages());
  EXPECT_FALSE(second.server);
  EXPECT_EQ(second.error,
            "cannot listen on " + taken.text + " (admin.listen): Address already in use");
}

TEST_F(AdminServerTest, EndsWhileConnectionsAreOpen) {
  Client client(address);
  ASSERT_EQ(client.get("/text").status, 200);
  server.reset();
  EXPECT_TRUE(client.socket().wait_for_close());
}

}  // namespace
}  // namespace weir
