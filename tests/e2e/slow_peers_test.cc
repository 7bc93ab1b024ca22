// Peers that are too slow, or too many: what bounds them, and who is not caught by it.
#include <algorithm>
#include <future>
#include <thread>

#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

// The next answer on this connection; its status is 0 if there was none.
Response next_answer(Socket& socket) {
  std::string answer;
  if (socket.read_until(answer, "\r\n\r\n") != Socket::Status::ok) return {};
  const std::size_t end = answer.find("\r\n\r\n") + 4;
  const std::size_t length = std::stoul(parse_response(answer).headers["content-length"]);
  char some[512];
  while (answer.size() < end + length) {
    const Socket::Got got = socket.read_some(some, sizeof some);
    if (got.status != Socket::Status::ok) return {};
    answer.append(some, got.bytes);
  }
  return parse_response(answer);
}

Response ask(Socket& socket, const std::string& request = kGet) {
  socket.write_all(request);
  return next_answer(socket);
}

// The stable word in weir's own answer.
std::string reason_of(const Response& response) {
  const std::string mark = "\"reason\":\"";
  const std::size_t at = response.body.find(mark);
  if (at == std::string::npos) return {};
  const std::size_t from = at + mark.size();
  return response.body.substr(from, response.body.find('"', from) - from);
}

TEST(SlowPeers, ABodyThatComesMoreSlowlyThanTheMinimumIs408) {
  Service service;
  Weir weir(service.text(), "chain: []\nlimits: {min_body_rate: 1KiB, body_timeout: 2s}\n");
  Socket client = Socket::connect(weir.address());
  client.write_all("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
  std::string answer;
  // Never silent, and never fast enough.
  const Deadline deadline(kPatience);
  while (answer.empty() && !deadline.over()) {
    client.write_all("x");
    client.read_until(answer, "\r\n\r\n", milliseconds(50));
  }
  client.read_to_end(answer);
  const Response response = parse_response(answer);
  EXPECT_EQ(response.status, 408);
  EXPECT_EQ(reason_of(response), "body_too_slow");
  EXPECT_EQ(weir.metrics().value("weir_bad_requests_total", {{"reason", "body_too_slow"}}), 1);
  EXPECT_EQ(service.counts().bodies, 0U);
}

TEST(SlowPeers, ABodyThatIsFastEnoughMayTakeAsLongAsItNeeds) {
  Service service;
  Weir weir(service.text(), "chain: []\nlimits: {min_body_rate: 1KiB, body_timeout: 1s}\n");
  Socket client = Socket::connect(weir.address());
  const std::string piece(4096, 'x');
  client.write_all(
      "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 40960\r\n\r\n");
  for (int i = 0; i < 10; ++i) {
    client.write_all(piece);
    std::this_thread::sleep_for(milliseconds(200));
  }
  std::string answer;
  client.read_to_end(answer);
  EXPECT_EQ(parse_response(answer).status, 200) << answer;
}

// While weir itself does not read, since the service does not, the client's clock stands still.
TEST(SlowPeers, AClientThatIsHeldUpByTheServiceIsNotSlow) {
  auto hold = std::make_shared<Hold>();
  ServiceOptions options;
  options.hold_bodies = hold;
  options.receive_buffer = 64 << 10;
  Service service(
      [](const ServiceRequest& r) { return Reply::text(200, std::to_string(r.body.size())); },
      options);
  Weir weir(service.text(), "chain: []\nlimits: {min_body_rate: 1MiB, body_timeout: 300ms}\n");
  const std::string body(24 << 20, 'x');
  Socket client = Socket::connect(weir.address());
  client.write_all("POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: " +
                   std::to_string(body.size()) + "\r\n\r\n");
  std::size_t sent = client.write_all(body, milliseconds(1'000)).bytes;
  ASSERT_LT(sent, body.size());
  hold->open();
  EXPECT_EQ(client.write_all(std::string_view(body).substr(sent)).status, Socket::Status::ok);
  std::string answer;
  client.read_to_end(answer);
  EXPECT_EQ(parse_response(answer).body, std::to_string(body.size())) << answer;
}

TEST(SlowPeers, AClientThatDoesNotReadItsAnswerIsReset) {
  Nginx nginx;
  Weir weir(nginx.text(), "chain: []\nlimits: {send_timeout: 500ms}\n");
  Socket client = Socket::connect(weir.address(), 64 << 10);
  client.write_all("GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(weir.metrics_reach([](const Samples& s) {
    return s.value("weir_responses_truncated_total", {{"side", "downstream"}}) == 1 &&
           s.value("weir_connections_active", {{"side", "downstream"}}) == 0;
  }));
  std::string answer;
  EXPECT_EQ(client.read_to_end(answer), Socket::Status::reset);
  EXPECT_LT(answer.size(), Nginx::kBigFile);
}

TEST(SlowPeers, AClientThatDoesNotReadTheEndOfItsAnswerIsReset) {
  Service service(
      [](const ServiceRequest&) { return Reply::text(200, std::string(6 << 20, 'x')); });
  Weir weir(service.text(), "chain: []\nlimits: {send_timeout: 500ms}\n");
  Socket client = Socket::connect(weir.address(), 4 << 10);
  client.write_all(kGet);
  EXPECT_TRUE(weir.metrics_reach([](const Samples& s) {
    return s.sum("weir_arrivals_total") == 1 &&
           s.value("weir_connections_active", {{"side", "downstream"}}) == 0;
  }));
}

TEST(SlowPeers, AClientThatReadsSlowlyIsServed) {
  Nginx nginx;
  Weir weir(nginx.text(), "chain: []\nlimits: {send_timeout: 1s}\n");
  Socket client = Socket::connect(weir.address(), 256 << 10);
  client.write_all("GET /big HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  std::string answer;
  std::vector<char> some(1 << 20);
  for (int i = 0; i < 12; ++i) {
    const Socket::Got got = client.read_some(some.data(), some.size());
    ASSERT_EQ(got.status, Socket::Status::ok);
    answer.append(some.data(), got.bytes);
    std::this_thread::sleep_for(milliseconds(200));
  }
  EXPECT_EQ(client.read_to_end(answer), Socket::Status::ok);
  EXPECT_EQ(parse_response(answer).body.size(), Nginx::kBigFile);
}

TEST(ConnectionsPerClient, MoreAreAnsweredAndClosed) {
  Service service;
  Weir weir(service.text(), "limits: {max_connections_per_client: 2}\n");
  const Labels refused = {{"reason", "client_connections"}};
  EXPECT_EQ(weir.metrics().value("weir_connections_refused_total", refused), 0);
  const auto connect = [&] { return Socket::connect_from("127.0.0.7", weir.address()); };
  Socket first = connect();
  Socket second = connect();
  EXPECT_EQ(ask(first).status, 200);
  EXPECT_EQ(ask(second).status, 200);
  Socket third = connect();
  std::string answer;
  EXPECT_EQ(third.read_to_end(answer), Socket::Status::ok) << "without a request";
  const Response response = parse_response(answer);
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(reason_of(response), "client_connections");
  EXPECT_EQ(response.headers["retry-after"], "1");
  EXPECT_EQ(weir.get().status, 200) << "another address";
  EXPECT_EQ(weir.metrics().value("weir_connections_refused_total", refused), 1);
  EXPECT_EQ(ask(first).status, 200) << "the open ones go on";
  first.close();
  EXPECT_TRUE(eventually([&] {
    Socket again = connect();
    return ask(again).status == 200;
  }));
}

TEST(ConnectionsPerClient, TheLimitIsExactWithManyWorkers) {
  Service service;
  Weir weir(service.text(), "workers: 4\nlimits: {max_connections_per_client: 20}\n");
  std::vector<std::future<Socket>> coming;
  for (int i = 0; i < 60; ++i) {
    coming.push_back(std::async(std::launch::async,
                                [&] { return Socket::connect_from("127.0.0.9", weir.address()); }));
  }
  std::vector<Socket> sockets;
  for (auto& each : coming) sockets.push_back(each.get());
  int served = 0;
  for (Socket& socket : sockets) served += ask(socket).status == 200 ? 1 : 0;
  EXPECT_EQ(served, 20);
}

TEST(ConnectionsPerClient, BehindATrustedProxyRequestsAreCountedByTheAddressThatItNames) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest&) { return Reply::held(hold); });
  Weir weir(service.text(),
            "chain: []\ntrusted_proxies: [127.0.0.0/8]\nlimits: {max_connections_per_client: 2}\n");
  const auto request = [](const std::string& client) {
    return client.empty() ? std::string(kGet)
                          : "GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: " + client + "\r\n\r\n";
  };
  std::vector<Socket> waiting;
  // Two of each of two clients, one of them a /64, and four of the proxy's own.
  for (const char* client :
       {"198.51.100.7", "198.51.100.7", "2001:db8::1", "2001:db8::2:1", "", "", "", ""}) {
    waiting.push_back(Socket::connect(weir.address()));
    waiting.back().write_all(request(client));
  }
  EXPECT_TRUE(eventually([&] { return hold->waiting() == 8; }));
  for (const char* client : {"198.51.100.7", "2001:db8::3"}) {
    Socket more = Socket::connect(weir.address());
    const Response refused = ask(more, request(client));
    EXPECT_EQ(refused.status, 503) << client;
    EXPECT_EQ(reason_of(refused), "client_connections");
  }
  Samples s = weir.metrics();
  expect_balanced(s);
  EXPECT_EQ(s.sum("weir_rejected_total", {{"filter", "weir"}, {"reason", "client_connections"}}),
            2);
  EXPECT_EQ(s.sum("weir_connections_refused_total"), 0);
  hold->open();
  EXPECT_TRUE(weir.idle());
  EXPECT_EQ(next_answer(waiting[0]).status, 200);
  // One after the other is one at a time, on any connection.
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask(waiting[0], request("198.51.100.9")).status, 200);
}

TEST(ConnectionsPerClient, UnixSocketsAreExempt) {
  Service service;
  TempDir folder;
  WeirOptions options;
  options.upstream = service.text();
  options.config = "listen: unix:" + folder.file("weir.sock") +
                   "\nadmin: {listen: 127.0.0.1:0}\nlimits: {max_connections_per_client: 1}\n";
  Weir weir(options);
  Socket first = Socket::connect(weir.address());
  Socket second = Socket::connect(weir.address());
  EXPECT_EQ(ask(first).status, 200);
  EXPECT_EQ(ask(second).status, 200);
}

TEST(Connections, BeyondAllThatThereMayBeAreAnsweredAndClosed) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest&) { return Reply::held(hold); });
  Weir weir(service.text(), "limits: {max_connections: 1}\n");
  Socket first = Socket::connect(weir.address());
  first.write_all("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
  Socket second = Socket::connect(weir.address());
  const Response refused = ask(second);
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(reason_of(refused), "max_connections");
  EXPECT_EQ(weir.metrics().value("weir_connections_refused_total", {{"reason", "max_connections"}}),
            1);
}

TEST(Connections, AnIdleOneOfTheBusiestAddressGivesWayToANewcomer) {
  Service service;
  Weir weir(service.text(), "limits: {max_connections: 8}\n");
  Socket lone = Socket::connect_from("127.0.0.2", weir.address());
  EXPECT_EQ(ask(lone).status, 200);
  std::vector<Socket> crowd;
  for (int i = 0; i < 7; ++i) {
    crowd.push_back(Socket::connect(weir.address()));
    EXPECT_EQ(ask(crowd.back()).status, 200);
  }
  Socket newcomer = Socket::connect_from("127.0.0.3", weir.address());
  EXPECT_EQ(ask(newcomer).status, 200);
  EXPECT_TRUE(crowd.front().wait_for_close()) << "the one that has been idle for longest";
  EXPECT_EQ(ask(crowd.back()).status, 200);
  EXPECT_EQ(ask(lone).status, 200) << "it was idle for longer, but its address has one only";
  EXPECT_EQ(weir.metrics().value("weir_connections_evicted_total"), 1);
  EXPECT_EQ(weir.metrics().sum("weir_connections_refused_total"), 0);
}

TEST(Connections, HalfAHeadGivesWayToo) {
  Service service;
  Weir weir(service.text(), "limits: {max_connections: 4}\n");
  std::vector<Socket> crowd;
  for (int i = 0; i < 4; ++i) {
    crowd.push_back(Socket::connect(weir.address()));
    crowd.back().write_all("GET / HTTP/1.1\r\nHost:");
  }
  ASSERT_TRUE(weir.metrics_reach([](const Samples& s) {
    return s.value("weir_connections_active", {{"side", "downstream"}}) == 4;
  }));
  Socket newcomer = Socket::connect_from("127.0.0.3", weir.address());
  EXPECT_EQ(ask(newcomer).status, 200);
}

TEST(Refusals, XRatelimitOnWishSaysWhatRatelimitSays) {
  Service service;
  const std::string quota =
      "tenants: {acme: {rate: 5/h, burst: 1}}\nchain: [token_bucket: {key: tenant}]\n";
  for (const bool wished : {false, true}) {
    Weir weir(service.text(), quota + (wished ? "x_ratelimit: true\n" : ""));
    EXPECT_EQ(weir.get("/", {{"x-tenant", "acme"}}).status, 200);
    Response refused = weir.get("/", {{"x-tenant", "acme"}});
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.headers["ratelimit-policy"], "\"acme\";q=5;w=3600");
    const std::string reset = refused.headers["retry-after"];
    EXPECT_EQ(refused.headers["ratelimit"], "\"acme\";r=0;t=" + reset);
    EXPECT_EQ(refused.headers["x-ratelimit-limit"], wished ? "5" : "");
    EXPECT_EQ(refused.headers["x-ratelimit-remaining"], wished ? "0" : "");
    EXPECT_EQ(refused.headers["x-ratelimit-reset"], wished ? reset : "");
  }
}

// It came together with the head, so nothing has been promised to the client yet.
TEST(Faults, ABodyThatBeginsMalformedIsA502) {
  RawService service([](RawService::Connection& c) {
    c.read_until();
    c.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n");
  });
  Weir weir(service.text(), "chain: []\n");
  const Response response = weir.get();
  EXPECT_EQ(response.status, 502);
  EXPECT_EQ(reason_of(response), "upstream_malformed");
  EXPECT_EQ(weir.metrics().value("weir_upstream_attempts_total", {{"result", "malformed"}}), 1);
}

}  // namespace
}  // namespace weir::testing
