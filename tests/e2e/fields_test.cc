// Which header fields go through, which stay, which are added. Byte for byte, where that matters.
#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Fields, HopByHopFieldsEndHere) {
  Service service([](const ServiceRequest&) {
    Reply reply;
    reply.headers = {{"Connection", "x-hop"},
                     {"X-Hop", "1"},
                     {"Keep-Alive", "timeout=9"},
                     {"Proxy-Authenticate", "Basic"},
                     {"X-Stays", "yes"}};
    return reply;
  });
  Weir weir(service.text(), "chain: []\n");
  Response r = weir.get("/", {{"Connection", "keep-alive, X-Mine"},
                              {"X-Mine", "secret"},
                              {"Keep-Alive", "timeout=5"},
                              {"TE", "trailers"},
                              {"Proxy-Connection", "keep-alive"},
                              {"Upgrade", "h2c"},
                              {"X-Goes", "on"}});
  EXPECT_EQ(r.status, 200);
  ServiceRequest seen = service.last_request();
  for (const char* name : {"x-mine", "keep-alive", "proxy-connection", "upgrade"}) {
    EXPECT_EQ(seen.headers.find(name), std::nullopt) << name;
  }
  EXPECT_EQ(seen.headers["x-goes"], "on");
  for (const char* name : {"x-hop", "keep-alive"}) {
    EXPECT_EQ(r.headers.find(name), std::nullopt) << name;
  }
  EXPECT_EQ(r.headers["x-stays"], "yes");
}

TEST(Fields, ServiceLearnsWhoAskedAndThroughWhom) {
  Service service;
  Weir weir(service.text(), "chain: []\n");
  ASSERT_EQ(weir.get("/", {{"Host", "shop.example"},
                           {"X-Forwarded-For", "6.6.6.6"},
                           {"X-Forwarded-Proto", "https"}})
                .status,
            200);
  Headers seen = service.last_request().headers;
  EXPECT_EQ(seen["host"], "shop.example") << "preserved";
  EXPECT_EQ(seen["x-forwarded-for"], "127.0.0.1") << "not believed: no trusted_proxies";
  EXPECT_EQ(seen.count("x-forwarded-for"), 1u);
  EXPECT_EQ(seen["x-forwarded-host"], "shop.example");
  EXPECT_EQ(seen["x-forwarded-proto"], "http");
  EXPECT_THAT(seen["via"], HasSubstr("1.1 weir"));
}

TEST(Fields, ForwardedForOfATrustedProxyIsKept) {
  Service service;
  Weir weir(service.text(), "chain: []\ntrusted_proxies: [127.0.0.0/8]\n");
  ASSERT_EQ(weir.get("/", {{"X-Forwarded-For", "6.6.6.6"}}).status, 200);
  EXPECT_EQ(service.last_request().headers["x-forwarded-for"], "6.6.6.6, 127.0.0.1");
}

TEST(Fields, HostCanBeReplaced) {
  Service service;
  WeirOptions options;
  options.config = "chain: []\nupstream: {address: \"" + service.text() + "\", host: inner.test}\n";
  Weir weir(options);
  ASSERT_EQ(weir.get("/", {{"Host", "outer.test"}}).status, 200);
  EXPECT_EQ(service.last_request().headers["host"], "inner.test");
  EXPECT_EQ(service.last_request().headers["x-forwarded-host"], "outer.test");
}

TEST(Fields, AnswersSayViaOnce) {
  Service service;
  Weir weir(service.text(), "chain: []\n");
  Response r = weir.get();
  EXPECT_THAT(r.headers["via"], HasSubstr("1.1 weir"));
  EXPECT_EQ(r.headers.count("date"), 1u);
}

TEST(Fields, SoundRequestIdIsKeptAndUnsoundOneReplaced) {
  Service service;
  Weir weir(service.text(), "chain: []\n");
  Response given = weir.get("/", {{"x-request-id", "abc-123"}});
  EXPECT_EQ(given.headers["x-request-id"], "abc-123");
  EXPECT_EQ(service.last_request().headers["x-request-id"], "abc-123");

  Response made = weir.get();
  EXPECT_NE(made.headers["x-request-id"], "");
  EXPECT_EQ(made.headers["x-request-id"], service.last_request().headers["x-request-id"]);

  Response replaced = weir.get("/", {{"x-request-id", std::string(129, 'a')}});
  EXPECT_NE(replaced.headers["x-request-id"], std::string(129, 'a'));
  EXPECT_EQ(service.last_request().headers.count("x-request-id"), 1u);
}

TEST(Fields, RequestIsRewrittenInFullAndNothingElse) {
  RawService service([](RawService::Connection& c) {
    c.read_until();
    c.write("HTTP/1.1 200 OK\r\nX-Odd:\t spaced \r\nContent-Length: 2\r\n\r\nok");
    c.read_until();
  });
  Weir weir(service.text(), "chain: []\n");
  Socket socket = Socket::connect(weir.address());
  socket.write_all("GET /p?q HTTP/1.1\r\nHost: h\r\nX-A:  1 \r\nx-a: 2\r\nCookie: c=d\r\n\r\n");
  std::string answer;
  ASSERT_EQ(socket.read_until(answer, "\r\n\r\nok"), Socket::Status::ok);
  std::string seen = service.all_received();
  EXPECT_THAT(seen, StartsWith("GET /p?q HTTP/1.1\r\n"));
  EXPECT_THAT(seen, HasSubstr("X-A: 1\r\n"));
  EXPECT_THAT(seen, HasSubstr("x-a: 2\r\n"));
  EXPECT_THAT(seen, HasSubstr("Cookie: c=d\r\n"));
  EXPECT_THAT(seen, Not(HasSubstr("Connection: close")));
  EXPECT_THAT(answer, HasSubstr("X-Odd: spaced\r\n"));
}

}  // namespace
}  // namespace weir::testing
