// What goes through: methods, bodies of every framing in both directions, connections kept.
#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

constexpr const char* kOpen = "chain: []\n";

Service::Handler echo() {
  return [](const ServiceRequest& r) { return Reply::text(200, r.method + " " + r.body); };
}

TEST(Forward, MethodsTargetsAndBodiesArriveAsSent) {
  Service service(echo());
  Weir weir(service.text(), kOpen);
  Client client(weir.address());
  for (std::string method : {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    std::string body = method == "GET" || method == "OPTIONS" ? "" : "body of " + method;
    Response r = client.request({method, "/a%20b/../c?q=%7e&x", {}, body});
    EXPECT_EQ(r.status, 200) << method << ": " << r.reason;
    EXPECT_EQ(r.body, method + " " + body);
    EXPECT_EQ(service.last_request().target, "/a%20b/../c?q=%7e&x");
  }
  EXPECT_EQ(client.connections(), 1);
  EXPECT_EQ(service.counts().connections, 1u) << "the connection to the service is kept";
}

TEST(Forward, HeadHasTheFieldsAndNoBody) {
  Service service([](const ServiceRequest&) { return Reply::text(200, "0123456789"); });
  Weir weir(service.text(), kOpen);
  Client client(weir.address());
  Response head = client.request({"HEAD"});
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers["content-length"], "10");
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(client.get("/").body, "0123456789") << "the connection is still in step";
  EXPECT_EQ(client.connections(), 1);
}

// The Via that every proxy has to add; docs/operating.md says what to do about it.
TEST(Forward, NginxBehindWeirCompressesIfItIsToldToCompressForProxies) {
  Nginx nginx;
  Weir weir(nginx.text(), kOpen);
  const Headers takes = {{"Accept-Encoding", "gzip"}};
  EXPECT_EQ(fetch(nginx.address(), {"GET", "/gzip", takes}).headers["content-encoding"], "gzip");
  EXPECT_FALSE(weir.get("/gzip", takes).headers.find("content-encoding"));
  EXPECT_EQ(weir.get("/gzip/proxied", takes).headers["content-encoding"], "gzip");
}

TEST(Forward, AnswersWithoutBodiesKeepTheConnectionInStep) {
  Service service([](const ServiceRequest& r) {
    return r.target == "/" ? Reply::text(200, "end") : Reply::text(std::stoi(r.target.substr(1)));
  });
  Weir weir(service.text(), kOpen);
  Client client(weir.address());
  EXPECT_EQ(client.get("/204").status, 204);
  EXPECT_EQ(client.get("/304").status, 304);
  EXPECT_EQ(client.get("/").body, "end");
  EXPECT_EQ(client.connections(), 1);
}

TEST(Forward, AnswersOfEveryFramingComeWhole) {
  std::string body = pattern_bytes(300'000);
  Service service([&](const ServiceRequest& r) {
    Reply reply = Reply::text(200, body);
    if (r.target == "/chunked") reply.framing = Reply::Framing::chunked;
    if (r.target == "/until-close") reply.framing = Reply::Framing::until_close;
    return reply;
  });
  Weir weir(service.text(), kOpen);
  Client client(weir.address());
  for (std::string target : {"/length", "/chunked", "/until-close", "/length"}) {
    Response r = client.get(target);
    EXPECT_EQ(r.status, 200) << target << ": " << r.reason;
    EXPECT_TRUE(r.complete) << target;
    EXPECT_EQ(r.body == body, true) << target << ": " << r.body.size() << " bytes";
  }
}

TEST(Forward, RequestBodiesOfBothFramingsComeWhole) {
  Service service([](const ServiceRequest& r) {
    return Reply::text(r.body == pattern_bytes(r.body.size()) ? 200 : 500,
                       std::to_string(r.body.size()));
  });
  Weir weir(service.text(), kOpen);
  Client client(weir.address());
  for (std::size_t size : {0, 1, 1'000, 70'000, 3'000'000}) {
    for (bool chunked : {false, true}) {
      Response r = client.request({"PUT", "/", {}, pattern_bytes(size), chunked});
      EXPECT_EQ(r.status, 200) << r.reason;
      EXPECT_EQ(r.body, std::to_string(size)) << (chunked ? "chunked" : "content-length");
    }
  }
  EXPECT_EQ(client.connections(), 1);
  EXPECT_EQ(service.counts().malformed, 0u);
}

TEST(Forward, PipelinedRequestsAreAnsweredInOrder) {
  Service service([](const ServiceRequest& r) { return Reply::text(200, r.target + ";"); });
  Weir weir(service.text(), kOpen);
  Socket socket = Socket::connect(weir.address());
  std::string requests;
  for (int i = 0; i < 20; ++i) {
    std::string body = i % 3 == 0 ? "body" : "";
    requests += (body.empty() ? "GET /" : "POST /") + std::to_string(i) +
                " HTTP/1.1\r\nHost: h\r\n" + (body.empty() ? "" : "Content-Length: 4\r\n") +
                (i == 19 ? "Connection: close\r\n" : "") + "\r\n" + body;
  }
  socket.write_all(requests);
  std::string answers;
  EXPECT_EQ(socket.read_to_end(answers), Socket::Status::ok);
  for (int i = 0; i < 20; ++i) {
    Response r = parse_response(answers, &answers);
    EXPECT_EQ(r.status, 200);
    EXPECT_EQ(r.body, "/" + std::to_string(i) + ";");
  }
  EXPECT_EQ(answers, "");
}

TEST(Forward, RequestThatComesByteForByteIsTheSame) {
  Service service(echo());
  Weir weir(service.text(), kOpen);
  Socket socket = Socket::connect(weir.address());
  for (char byte : std::string("POST /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")) {
    socket.write_all({&byte, 1});
  }
  std::string answer;
  socket.read_to_end(answer);
  EXPECT_EQ(parse_response(answer).body, "POST abc");
}

// docs/decisions/0006-client-that-closes-its-side.md
TEST(Forward, ClientThatClosesItsSendingSideHasLeft) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest&) { return Reply::held(hold, "late"); });
  Weir weir(service.text(), "chain:\n  - concurrency_limit: {limit: 1}\n");
  Socket socket = Socket::connect(weir.address());
  socket.write_all("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
  socket.half_close();
  std::string answer;
  EXPECT_EQ(socket.read_to_end(answer), Socket::Status::ok) << "closed while the service works";
  EXPECT_EQ(answer, "");

  const Labels gone = {{"code", "499"}};
  EXPECT_TRUE(eventually([&] { return service.counts().given_up == 1; })) << "the service is told";
  EXPECT_TRUE(weir.idle());
  Samples s = weir.metrics();
  EXPECT_EQ(s.sum("weir_requests_total", gone), 1);
  EXPECT_EQ(s.value("weir_permits_in_use", {{"filter", "concurrency_limit"}}), 0);
  EXPECT_EQ(service.counts().begun, 1u);
  hold->open();
  EXPECT_EQ(weir.get().status, 200);
  expect_balanced(weir.metrics());
}

TEST(Forward, InterimAnswersReachTheClient) {
  Service service([](const ServiceRequest&) {
    Reply reply;
    reply.interim = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n";
    return reply;
  });
  Weir weir(service.text(), kOpen);
  Response r = weir.get();
  EXPECT_EQ(r.status, 200);
  EXPECT_THAT(r.interim, ::testing::ElementsAre(103));
}

TEST(Forward, ExpectContinueIsAnsweredBeforeTheBodyIsSent) {
  Service service([](const ServiceRequest& r) { return Reply::text(200, r.body); });
  Weir weir(service.text(), kOpen);
  Socket socket = Socket::connect(weir.address());
  socket.write_all(
      "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  std::string interim;
  ASSERT_EQ(socket.read_until(interim, "\r\n\r\n"), Socket::Status::ok);
  EXPECT_THAT(interim, ::testing::StartsWith("HTTP/1.1 100"));
  socket.write_all("body");
  std::string answer;
  socket.read_until(answer, "body");
  EXPECT_EQ(parse_response(answer).body, "body");
}

TEST(Forward, OldClientsAreAnsweredAndClosed) {
  Service service([](const ServiceRequest&) {
    Reply reply = Reply::text(200, "hello");
    reply.framing = Reply::Framing::chunked;
    return reply;
  });
  Weir weir(service.text(), kOpen);
  Socket socket = Socket::connect(weir.address());
  socket.write_all("GET / HTTP/1.0\r\nHost: h\r\n\r\n");
  std::string answer;
  EXPECT_EQ(socket.read_to_end(answer), Socket::Status::ok);
  EXPECT_THAT(answer, ::testing::HasSubstr(" 200 "));
  EXPECT_THAT(answer, ::testing::Not(::testing::HasSubstr("chunked")));
  EXPECT_THAT(answer, ::testing::EndsWith("\r\n\r\nhello"));
}

}  // namespace
}  // namespace weir::testing
