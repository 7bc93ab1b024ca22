// What a peer may not do: make weir hold, do or wait for more than its bounds say.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <semaphore>
#include <string>
#include <vector>

#include "tests/e2e/fixture.h"
#include "tests/support/raw_service.h"

namespace weir::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

TEST(Bounds, MoreInterimResponsesThanAnyServiceSendsAreMalformed) {
  RawService service([](RawService::Connection& c) {
    c.read_until();
    std::string heads;
    for (int i = 0; i < 1001; ++i) heads += "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    c.write(heads + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    c.read_until();
  });
  Weir weir(service.text(), "chain: []\n");
  Socket client = Socket::connect(weir.address());
  client.write_all(kGet);
  std::string text;
  client.read_until(text, "upstream_malformed\",");
  EXPECT_THAT(text, StartsWith("HTTP/1.1 103 "));
  EXPECT_THAT(text, HasSubstr("HTTP/1.1 502 "));
}

TEST(Bounds, InterimResponsesOfMoreBytesThanAMegabyteAreMalformed) {
  RawService service([](RawService::Connection& c) {
    c.read_until();
    const std::string large(7000, 'x');
    for (int i = 0; i < 200; ++i) c.write("HTTP/1.1 103 Early Hints\r\nX: " + large + "\r\n\r\n");
    c.read_until();
  });
  Weir weir(service.text(), "chain: []\n");
  Socket client = Socket::connect(weir.address());
  client.write_all(kGet);
  std::string text;
  client.read_until(text, "upstream_malformed\",");
  EXPECT_THAT(text, HasSubstr("HTTP/1.1 502 "));
}

// They come in one piece, more than a turn takes and more than the client's socket holds.
TEST(Bounds, EveryInterimResponseArrivesInItsOrder) {
  RawService service([](RawService::Connection& c) {
    c.read_until();
    std::string heads;
    for (int i = 0; i < 900; ++i) {
      heads += "HTTP/1.1 103 Early Hints\r\nN: " + std::to_string(i) +
               "\r\nX: " + std::string(1000, 'x') + "\r\n\r\n";
    }
    c.write(heads + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    c.read_until();
  });
  Weir weir(service.text(), "chain: []\n");
  Socket client = Socket::connect(weir.address(), 4 << 10);
  client.write_all(kGet);
  std::string text;
  EXPECT_EQ(client.read_until(text, "\r\n\r\nok"), Socket::Status::ok);
  std::size_t at = 0;
  for (int i = 0; i < 900 && at != std::string::npos; ++i) {
    at = text.find("\r\nN: " + std::to_string(i) + "\r\n", at);
    EXPECT_NE(at, std::string::npos) << i;
  }
  EXPECT_NE(text.find("HTTP/1.1 200 OK", std::min(at, text.size())), std::string::npos);
}

// The service is let go, whether or not it had been stopped for a client that did not read.
TEST(Bounds, NobodyReadsInterimResponsesForAClientThatHasLeft) {
  for (const int receive_buffer : {0, 4 << 10}) {
    std::atomic<bool> let_go = false;
    RawService service([&](RawService::Connection& c) {
      c.read_until();
      const std::string head =
          "HTTP/1.1 103 Early Hints\r\nX: " + std::string(3000, 'x') + "\r\n\r\n";
      while (c.socket().write_all(head).status == Socket::Status::ok) {
      }
      let_go = true;
    });
    Weir weir(service.text(), "chain: [timeout: {head: 5m}]\n");
    Socket client = Socket::connect(weir.address(), receive_buffer);
    client.write_all(kGet);
    std::string text;
    client.read_until(text, "\r\n\r\n");
    client.reset();
    EXPECT_TRUE(weir.idle());
    EXPECT_TRUE(eventually([&] { return let_go.load(); }));
  }
}

// Both are there when weir looks: the one request is answered behind a few of the many.
TEST(Bounds, ManyPipelinedRequestsHaveTheSameTurnAsOne) {
  Service service;
  TempDir folder;
  const std::string log = folder.file("access.log");
  Weir weir(service.text(),
            "access_log: {to: " + log +
                "}\nchain: [token_bucket: {key: client_ip, rate: 1/h, burst: 1}]\n");
  ASSERT_EQ(weir.get().status, 200);
  Socket many = Socket::connect(weir.address()), one = Socket::connect(weir.address());
  // Both connections are known to weir.
  for (Socket* each : {&many, &one}) {
    std::string text;
    each->write_all("GET /known HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_EQ(each->read_until(text, "\r\n\r\n"), Socket::Status::ok);
  }
  std::string requests;
  for (int i = 0; i < 1000; ++i) requests += "GET /many HTTP/1.1\r\nHost: h\r\n\r\n";
  ::kill(weir.process().pid(), SIGSTOP);
  many.write_all(requests);
  one.write_all("GET /one HTTP/1.1\r\nHost: h\r\n\r\n");
  ::kill(weir.process().pid(), SIGCONT);
  const auto place = [&](const std::string& path) { return read_file(log).find(path); };
  ASSERT_TRUE(eventually([&] { return place("/one") != std::string::npos; }));
  const std::string before = read_file(log).substr(0, place("/one"));
  std::size_t answered = 0;
  for (std::size_t at = 0; (at = before.find("/many", at)) != std::string::npos; ++at) ++answered;
  EXPECT_LE(answered, 8U);
}

TEST(Bounds, EveryOneOfManyPipelinedRequestsIsAnswered) {
  Service service;
  Weir weir(service.text(), "chain: [token_bucket: {key: client_ip, rate: 1/h, burst: 1}]\n");
  Socket client = Socket::connect(weir.address());
  std::string requests;
  for (int i = 0; i < 500; ++i) requests += kGet;
  client.write_all(requests + "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  std::string text;
  EXPECT_EQ(client.read_to_end(text), Socket::Status::ok);
  int answers = 0;
  for (std::size_t at = 0; (at = text.find("HTTP/1.1 ", at)) != std::string::npos; ++at) ++answers;
  EXPECT_EQ(answers, 501);
}

TEST(Bounds, WhatATimeoutCutsIsReset) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest&) {
    Reply reply;
    reply.body = std::string(64 << 10, 'x');
    reply.hold_body = hold;
    reply.hold_at = 1000;
    return reply;
  });
  Weir weir(service.text(), "chain: [timeout: {total: 200ms}]\n");
  Socket client = Socket::connect(weir.address());
  client.write_all(kGet);
  std::string text;
  EXPECT_EQ(client.read_to_end(text), Socket::Status::reset);
  EXPECT_THAT(text, StartsWith("HTTP/1.1 200"));
}

TEST(Bounds, ADownloadThatIsReadSlowlyButSteadilyIsNotCut) {
  Service service([](const ServiceRequest&) {
    Reply reply;
    reply.body = std::string(2 << 20, 'x');
    return reply;
  });
  Weir weir(service.text(), "limits: {send_timeout: 1s}\nchain: []\n");
  Socket client = Socket::connect(weir.address(), 16 << 10);
  client.write_all(kGet);
  // A little at a time, for as long as three times the bound.
  std::size_t got = 0;
  std::array<char, 8 << 10> room;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(3);
  while (std::chrono::steady_clock::now() < end) {
    got += client.read_some(room.data(), room.size()).bytes;
    // Until the socket has more, or a moment has passed: no data is a reason to look again.
    std::string none;
    client.read_until(none, "never", milliseconds(20));
    got += none.size();
    if (none.size() > (64 << 10)) break;
  }
  std::string rest;
  while (got < (2 << 20)) {
    const auto read = client.read_some(room.data(), room.size());
    if (read.status != Socket::Status::ok) break;
    got += read.bytes;
  }
  EXPECT_GE(got, std::size_t{2 << 20});
}

// A reset while the request is sent is no end of the answer (RFC 9112 §8).
TEST(Bounds, AnAnswerThatAResetEndsIsNotTakenForWhole) {
  RawService service([](RawService::Connection& c) {
    c.read_until();
    c.write("HTTP/1.1 200 OK\r\n\r\npart");
    c.read_exactly(1000);
    c.socket().reset();
  });
  Weir weir(service.text(), "chain: []\n");
  Socket client = Socket::connect(weir.address());
  client.write_all("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 8388608\r\n\r\n");
  for (int i = 0; i < 128; ++i) {
    if (client.write_all(std::string(64 << 10, 'x')).status != Socket::Status::ok) break;
  }
  std::string text;
  client.read_to_end(text);
  EXPECT_EQ(text.find("\r\n0\r\n\r\n"), std::string::npos) << text;
}

// What came in time is seen before its time is up, though weir itself stood still.
TEST(Bounds, ARequestThatCameInTimeIsServedAfterWeirWasStopped) {
  Service service;
  Weir weir(service.text(), "limits: {head_timeout: 300ms}\nchain: [timeout: {head: 300ms}]\n");
  Socket client = Socket::connect(weir.address());
  client.write_all("GET / HTTP/1.1\r\n");
  Client other(weir.address());
  ASSERT_EQ(other.get().status, 200);
  ::kill(weir.process().pid(), SIGSTOP);
  client.write_all("Host: h\r\n\r\n");
  std::string none;
  client.read_until(none, "never", milliseconds(600));  // longer than the bound
  ::kill(weir.process().pid(), SIGCONT);
  std::string text;
  client.read_until(text, "\r\n\r\n");
  EXPECT_THAT(text, StartsWith("HTTP/1.1 200"));
}

// Only one of these two bodies is kept, so only its request can be tried again.
TEST(Bounds, BodiesKeptForAnotherAttemptShareOneBound) {
  const std::string body(60'000, 'x');
  std::counting_semaphore<> may_fail(0);
  RawService service([&](RawService::Connection& c) {
    c.read_until();
    c.read_exactly(body.size());
    if (c.index() >= 2) return c.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    may_fail.acquire();
  });
  Weir weir(service.text(),
            "limits: {buffered_bytes: 64KiB}\n"
            "chain: [retry: {attempts: 2, retry_on: [reset], max_body: 64KiB}]\n");
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 2; ++i) {
    clients.push_back(std::make_unique<Client>(weir.address()));
    clients.back()->send({"PUT", "/", {}, body});
  }
  ASSERT_TRUE(eventually([&] { return service.all_received().size() > 2 * body.size(); }));
  may_fail.release(2);
  std::vector<int> statuses;
  for (const auto& client : clients) statuses.push_back(client->read("PUT").status);
  EXPECT_THAT(statuses, ::testing::UnorderedElementsAre(200, 502));
}

// The next request gets its own answer, whatever comes late behind the answer to HEAD.
TEST(Bounds, ABodyBehindTheAnswerToHeadIsNobodysAnswer) {
  RawService service([](RawService::Connection& c) {
    for (;;) {
      const std::string head = c.read_until();
      if (head.empty()) return;
      if (head.starts_with("HEAD")) {
        c.write("HTTP/1.1 200 OK\r\nContent-Length: 34\r\n\r\n");
        c.read_exactly(1);  // until the next request comes, if one comes
        c.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
      } else {
        c.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood");
      }
    }
  });
  Weir weir(service.text(), "chain: []\n");
  Client client(weir.address());
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(client.request({.method = "HEAD"}).status, 200);
    EXPECT_EQ(client.get().body, "good");
  }
}

TEST(Bounds, HalfRequestsOnTheTelemetryPortDoNotKeepAProbeOut) {
  Service service;
  Weir weir(service.text(), "telemetry: {listen: 127.0.0.1:0}\nchain: []\n");
  std::vector<Socket> crowd;
  for (int i = 0; i < 200; ++i) {
    crowd.push_back(Socket::connect(weir.admin()));
    crowd.back().write_all("GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ");
    if (i % 20 != 0) continue;
    EXPECT_EQ(fetch(weir.admin(), {"GET", "/live"}).status, 200) << i;
  }
}

}  // namespace
}  // namespace weir::testing
