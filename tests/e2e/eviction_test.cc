// Which connections give way when limits.max_connections are open.
#include <string>
#include <vector>

#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

using ::testing::StartsWith;

constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

// The whole answer, so that nothing of it is taken for the next one.
std::string ask(Socket& socket) {
  std::string answer;
  socket.write_all(kGet);
  socket.read_until(answer, "\r\n\r\n");
  const std::size_t length = answer.find("Content-Length: ");
  if (length == std::string::npos) return answer;
  const std::size_t body = answer.find("\r\n\r\n") + 4;
  const std::size_t end = body + std::stoul(answer.substr(length + 16));
  char byte = 0;
  while (answer.size() < end && socket.read_some(&byte, 1).status == Socket::Status::ok) {
    answer += byte;
  }
  return answer;
}

bool has_connections(const Weir& weir, double count) {
  return weir.metrics_reach([count](const Samples& s) {
    return s.value("weir_connections_active", {{"side", "downstream"}}) == count;
  });
}

// Each owes the rest of a body that weir has refused.
TEST(Eviction, AnAnsweredRequestThatOwesItsRestGivesWay) {
  Service service;
  Weir weir(service.text(),
            "limits: {max_connections: 4}\nworkers: 1\n"
            "tenants: {refused: {deny: true}}\n");
  std::vector<Socket> crowd;
  for (int i = 0; i < 4; ++i) {
    crowd.push_back(Socket::connect(weir.address()));
    crowd.back().write_all(
        "POST / HTTP/1.1\r\nHost: h\r\nx-tenant: refused\r\nContent-Length: 1000\r\n\r\n");
    std::string answer;
    crowd.back().read_until(answer, "\r\n\r\n");
    ASSERT_THAT(answer, StartsWith("HTTP/1.1 403 "));
  }
  Socket newcomer = Socket::connect_from("127.0.0.3", weir.address());
  EXPECT_THAT(ask(newcomer), StartsWith("HTTP/1.1 200 "));
}

TEST(Eviction, ARequestUnderWayDoesNot) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest&) { return Reply::held(hold); });
  Weir weir(service.text(), "limits: {max_connections: 2}\nworkers: 1\nchain: []\n");
  std::vector<Socket> crowd;
  for (int i = 0; i < 2; ++i) {
    crowd.push_back(Socket::connect(weir.address()));
    crowd.back().write_all(kGet);
  }
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 2; }));
  for (int i = 0; i < 3; ++i) {
    Socket newcomer = Socket::connect_from("127.0.0.3", weir.address());
    EXPECT_THAT(ask(newcomer), StartsWith("HTTP/1.1 503 "));
  }
  hold->open();
  for (Socket& socket : crowd) {
    std::string answer;
    socket.read_until(answer, "\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  }
}

// Of the busiest address half a head goes before another address's idle connection.
TEST(Eviction, TheBusiestAddressGoesFirstWhateverItsConnectionsDo) {
  Service service;
  Weir weir(service.text(), "limits: {max_connections: 6}\nworkers: 1\nchain: []\n");
  Socket lone = Socket::connect_from("127.0.0.2", weir.address());
  EXPECT_THAT(ask(lone), StartsWith("HTTP/1.1 200 "));
  std::vector<Socket> crowd;
  for (int i = 0; i < 5; ++i) {
    crowd.push_back(Socket::connect(weir.address()));
    crowd.back().write_all("GET / HTTP/1.1\r\nHost:");
  }
  ASSERT_TRUE(has_connections(weir, 6));
  for (int i = 0; i < 3; ++i) {
    Socket newcomer = Socket::connect_from("127.0.0.3", weir.address());
    EXPECT_THAT(ask(newcomer), StartsWith("HTTP/1.1 200 "));
  }
  EXPECT_THAT(ask(lone), StartsWith("HTTP/1.1 200 "));
}

// A look goes over all connections, so one makes room for several newcomers.
TEST(Eviction, ClosesAFewAtOnce) {
  Service service;
  Weir weir(service.text(), "limits: {max_connections: 64}\nworkers: 1\nchain: []\n");
  std::vector<Socket> crowd;
  for (int i = 0; i < 64; ++i) {
    crowd.push_back(Socket::connect(weir.address()));
    EXPECT_THAT(ask(crowd.back()), StartsWith("HTTP/1.1 200 "));
  }
  Socket newcomer = Socket::connect_from("127.0.0.3", weir.address());
  EXPECT_THAT(ask(newcomer), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(weir.metrics().value("weir_connections_evicted_total"), 8);
}

}  // namespace
}  // namespace weir::testing
