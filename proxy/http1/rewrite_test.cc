#include "proxy/http1/rewrite.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "proxy/http1/head_parser.h"

namespace weir {
namespace {

const std::vector<std::string> kDeciding = {"x-tenant", "y_kind"};

std::string rewritten(const std::string& text, bool trusted = false, std::string_view host = {}) {
  Head head;
  Target target;
  Framing framing;
  EXPECT_EQ(read_request_head(text, head), MessageError::none);
  EXPECT_EQ(read_target(head, target, true), MessageError::none);
  EXPECT_EQ(request_framing(head, framing), MessageError::none);
  WriteScratch scratch(16);
  HeadWriter out(scratch);
  write_request_head(out, {head,
                           target,
                           framing,
                           host.empty() ? target.authority : host,
                           "10.0.0.1",
                           trusted,
                           "id-1",
                           "edge",
                           false,
                           {},
                           kDeciding});
  return std::string(out.text());
}

constexpr std::string_view kAdded =
    "X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\n"
    "Via: 1.1 edge\r\nx-request-id: id-1\r\n\r\n";

TEST(RewriteRequest, PassesFieldsInTheirOrder) {
  EXPECT_EQ(rewritten("GET /x?y HTTP/1.1\r\nB: 1\r\nHost: a\r\nA: 2\r\nB: 3\r\n\r\n"),
            "GET /x?y HTTP/1.1\r\nHost: a\r\nB: 1\r\nA: 2\r\nB: 3\r\n" + std::string(kAdded));
}

TEST(RewriteRequest, WritesAHigherVersionAsHttp11) {
  EXPECT_EQ(rewritten("GET / HTTP/1.2\r\nHost: a\r\nA: 1\r\n\r\n"),
            "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\n" + std::string(kAdded));
}

TEST(RewriteRequest, DropsWhatIsOfThisHop) {
  EXPECT_EQ(rewritten("GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Mine\r\nX-Mine: 1\r\n"
                      "Keep-Alive: 5\r\nProxy-Connection: x\r\nTE: trailers\r\nUpgrade: h2c\r\n"
                      "HTTP2-Settings: x\r\nTrailer: x\r\nX-Yours: 1\r\n\r\n"),
            "GET / HTTP/1.1\r\nHost: a\r\nX-Yours: 1\r\n" + std::string(kAdded));
}

// Lines that stand together are copied in one piece: not what lies between them, and not as they
// came where they came oddly.
TEST(RewriteRequest, WritesFieldsInTheUsualForm) {
  EXPECT_EQ(rewritten("GET / HTTP/1.1\r\nA: 1\r\nB:2\r\nC:  3\r\nTE: x\r\nD: 4 \r\nE:\t5\r\nF:\r\n"
                      "Host: a\r\nG: \r\nI: 6\r\nKeep-Alive: 1\r\nJ: 7\r\n\r\n"),
            "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\nF: \r\nG: \r\n"
            "I: 6\r\nJ: 7\r\n" +
                std::string(kAdded));
}

// The same where the request line and Host, first, go on as they came, or do not.
TEST(RewriteRequest, BeginsAsItCameOrInTheUsualForm) {
  const std::string fields = "A: 1\r\nTE: x\r\nB:2\r\nContent-Length: 3\r\nC: 4\r\n";
  const std::string kept = "A: 1\r\nB: 2\r\nContent-Length: 3\r\nC: 4\r\n" + std::string(kAdded);
  const std::string line = "PUT /x?y HTTP/1.1\r\n";
  EXPECT_EQ(rewritten(line + "hosT: a\r\n" + fields + "\r\n"), line + "hosT: a\r\n" + kept);
  EXPECT_EQ(rewritten(line + "hosT:a\r\n" + fields + "\r\n"), line + "hosT: a\r\n" + kept);
  EXPECT_EQ(rewritten(line + "hosT: a\r\nConnection: host\r\n" + fields + "\r\n"),
            line + "Host: a\r\n" + kept);
  EXPECT_EQ(rewritten("PUT http://a/x?y HTTP/1.1\r\nhosT: a\r\n" + fields + "\r\n"),
            line + "Host: a\r\n" + kept);
  EXPECT_EQ(rewritten(line + "TE: x\r\nhosT: a\r\n" + fields + "\r\n"),
            line + "Host: a\r\n" + kept);
}

TEST(RewriteRequest, SendsAnotherHostIfItIsToldTo) {
  const std::string text = "GET / HTTP/1.1\r\nhost: a\r\nA: 1\r\n\r\n";
  EXPECT_TRUE(rewritten(text, false, "b").starts_with("GET / HTTP/1.1\r\nHost: b\r\nA: 1\r\n"));
}

TEST(RewriteRequest, ConnectionCannotRemoveWhatWeirWrites) {
  const std::string out = rewritten(
      "PUT / HTTP/1.1\r\nHost: a\r\nConnection: host, content-length, x-forwarded-for\r\n"
      "Content-Length: 3\r\n\r\n");
  EXPECT_EQ(out, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n" + std::string(kAdded));
}

TEST(RewriteRequest, DropsWhatOnlyATrustedProxyMaySay) {
  std::string claims;
  for (const char* name : {"Forwarded",
                           "forwarded-for",
                           "X-Forwarded",
                           "X-Forwarded-By",
                           "X-Forwarded-Port",
                           "X-Forwarded-Prefix",
                           "X-Forwarded-Protocol",
                           "X-Forwarded-Scheme",
                           "X-Forwarded-Server",
                           "X-Forwarded-Ssl",
                           "X-Original-Forwarded-For",
                           "X-Real-IP",
                           "Client-IP",
                           "X-Client-IP",
                           "True-Client-IP",
                           "X-True-Client-IP",
                           "X-Cluster-Client-IP",
                           "X-Remote-Addr",
                           "X-Remote-IP",
                           "CF-Connecting-IP",
                           "CF-Connecting-IPv6",
                           "CF-Pseudo-IPv4",
                           "Fastly-Client-IP",
                           "Fly-Client-IP",
                           "X-AppEngine-User-IP",
                           "X-Azure-ClientIP",
                           "X-Azure-SocketIP",
                           "X-Envoy-External-Address",
                           "X-Scheme",
                           "X-Url-Scheme",
                           "Front-End-Https",
                           "X-Original-Host",
                           "X-Original-URL",
                           "X-REWRITE-URL"}) {
    claims += std::string(name) + ": 1\r\n";
  }
  const std::string begin = "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\n";
  EXPECT_EQ(rewritten(begin + claims + "B: 2\r\n\r\n"), begin + "B: 2\r\n" + std::string(kAdded));
  EXPECT_TRUE(rewritten(begin + claims + "\r\n", true).starts_with(begin + claims));
}

// For CGI and WSGI `_` and `-` are one.
TEST(RewriteRequest, DropsOtherSpellingsOfWhatWeirWritesOrDecidesBy) {
  const std::string begin = "GET / HTTP/1.1\r\nHost: a\r\n";
  const std::string dropped =
      "X_Forwarded_For: 1\r\nX-Forwarded_Proto: 1\r\nx_request_id: 1\r\nContent_Length: 1\r\n"
      "Transfer_Encoding: chunked\r\nX_Real_IP: 1\r\nX_Tenant: 1\r\n";
  const std::string kept = "y_kind: 2\r\nX-Tenant: 2\r\nmy_own: 2\r\n_: 2\r\n";
  for (const bool trusted : {false, true}) {
    const std::string out = rewritten(begin + dropped + kept + "\r\n", trusted);
    EXPECT_TRUE(out.starts_with(begin + kept)) << out;
  }
}

TEST(RewriteRequest, WritesOneFramingField) {
  EXPECT_EQ(rewritten("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 007\r\n\r\n"),
            "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n" + std::string(kAdded));
  EXPECT_EQ(rewritten("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"),
            "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n" + std::string(kAdded));
  EXPECT_EQ(rewritten("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"),
            "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" + std::string(kAdded));
}

TEST(RewriteRequest, TurnsAbsoluteIntoOriginForm) {
  EXPECT_TRUE(rewritten("GET http://a/b?c HTTP/1.1\r\nHost: a\r\n\r\n")
                  .starts_with("GET /b?c HTTP/1.1\r\nHost: a\r\n"));
  EXPECT_TRUE(rewritten("GET http://a?c HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("GET /?c HTTP"));
  EXPECT_TRUE(rewritten("GET http://a HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("GET / HTTP"));
  EXPECT_TRUE(
      rewritten("OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("OPTIONS * HTTP"));
}

TEST(RewriteRequest, CountsHopsDown) {
  const struct {
    std::string method, came, goes;
  } cases[] = {
      {"OPTIONS", "3", "2"},
      {"OPTIONS", "1", "0"},
      {"TRACE", "10", "9"},
      {"TRACE", "007", "6"},
      // Answered where it came in, or of no number: as it came.
      {"TRACE", "0", "0"},
      {"TRACE", "", ""},
      {"TRACE", "-1", "-1"},
      {"TRACE", "1 2", "1 2"},
      {"TRACE", "99999999999", "99999999999"},
      // It counts nothing for these.
      {"GET", "3", "3"},
      {"trace", "3", "3"},
      {"TRACER", "3", "3"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(rewritten(c.method + " / HTTP/1.1\r\nHost: a\r\nA: 1\r\nmax-FORWARDS: " + c.came +
                        "\r\nB: 2\r\n\r\n"),
              c.method + " / HTTP/1.1\r\nHost: a\r\nA: 1\r\nmax-FORWARDS: " + c.goes +
                  "\r\nB: 2\r\n" + std::string(kAdded));
  }
}

TEST(RewriteRequest, BelievesForwardedFieldsOfTrustedProxiesOnly) {
  const std::string text =
      "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2\r\n"
      "X-Forwarded-Proto: https\r\nX-Forwarded-Host: b\r\n\r\n";
  EXPECT_EQ(rewritten(text), "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(kAdded));
  EXPECT_EQ(rewritten(text, true),
            "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: b\r\n"
            "X-Forwarded-For: 1.1.1.1, 2.2.2.2, 10.0.0.1\r\nVia: 1.1 edge\r\n"
            "x-request-id: id-1\r\n\r\n");
}

std::string answered(const std::string& text, Framing framing, bool describes = false,
                     bool close = false, bool keep = false) {
  Head head;
  EXPECT_EQ(read_response_head(text, head), MessageError::none);
  WriteScratch scratch;
  HeadWriter out(scratch);
  OutgoingResponse response{head, framing, describes, close, keep, "id", "edge", "today"};
  write_response_head(out, response);
  return std::string(out.text());
}

TEST(RewriteResponse, DropsHopsAndFramesAnew) {
  EXPECT_EQ(answered("HTTP/1.0 200 Fine\r\nConnection: x-a\r\nX-A: 1\r\nX-B: 2\r\nDate: d\r\n"
                     "x-request-id: theirs\r\n\r\n",
                     {Framing::Kind::chunked, 0}),
            "HTTP/1.1 200 Fine\r\nX-B: 2\r\nDate: d\r\nTransfer-Encoding: chunked\r\n"
            "Via: 1.0 edge\r\nx-request-id: id\r\n\r\n");
}

TEST(RewriteResponse, KeepsTheLengthOfABodyThatIsNotSent) {
  const std::string text = "HTTP/1.1 304 Same\r\nContent-Length: 9\r\nDate: d\r\n\r\n";
  EXPECT_NE(answered(text, {}, true).find("Content-Length: 9\r\n"), std::string::npos);
  const std::string none = "HTTP/1.1 204 No\r\nContent-Length: 9\r\nDate: d\r\n\r\n";
  EXPECT_EQ(answered(none, {}).find("Content-Length"), std::string::npos);
}

TEST(RewriteResponse, A426SaysWhatToUpgradeTo) {
  const std::string fields =
      "Upgrade: a\r\nConnection: upgrade\r\nUpgrade: b\r\nContent-Length: 0\r\nDate: d\r\n\r\n";
  const std::string told =
      "HTTP/1.1 426 No\r\nContent-Length: 0\r\nDate: d\r\nUpgrade: a\r\n"
      "Upgrade: b\r\n";
  const std::string end = "Via: 1.1 edge\r\nx-request-id: id\r\n\r\n";
  EXPECT_EQ(answered("HTTP/1.1 426 No\r\n" + fields, {}), told + "Connection: upgrade\r\n" + end);
  EXPECT_EQ(answered("HTTP/1.1 426 No\r\n" + fields, {}, false, true),
            told + "Connection: upgrade, close\r\n" + end);
  EXPECT_EQ(answered("HTTP/1.1 200 OK\r\n" + fields, {}).find("Upgrade"), std::string::npos);
}

TEST(RewriteResponse, WritesAHigherVersionAsHttp11) {
  EXPECT_EQ(answered("HTTP/1.3 200 OK\r\nContent-Length: 0\r\nDate: d\r\n\r\n", {}),
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nDate: d\r\nVia: 1.1 edge\r\n"
            "x-request-id: id\r\n\r\n");
}

TEST(RewriteResponse, SaysWhatBecomesOfTheConnection) {
  const std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  EXPECT_NE(answered(text, {}, false, true).find("Connection: close\r\n"), std::string::npos);
  EXPECT_NE(answered(text, {}, false, false, true).find("Connection: keep-alive\r\n"),
            std::string::npos);
  EXPECT_NE(answered(text, {}).find("Content-Length: 0\r\nDate: today\r\nVia"), std::string::npos);
}

}  // namespace
}  // namespace weir
