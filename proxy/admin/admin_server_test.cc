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
