#include "proxy/http/framing.h"

#include <string>

#include <gtest/gtest.h>

#include "proxy/http/target.h"
#include "proxy/http1/head_parser.h"
#include "proxy/http1/parser.h"

namespace weir {
namespace {

using Kind = Framing::Kind;

struct Case {
  std::string_view fields;
  MessageError expected;
  Kind kind = Kind::none;
  std::uint64_t length = 0;
};

TEST(Framing, OfRequests) {
  const Case cases[] = {
      {"", MessageError::none},
      {"Content-Length: 0\r\n", MessageError::none},
      {"Content-Length: 17\r\n", MessageError::none, Kind::length, 17},
      {"Content-Length: 007\r\n", MessageError::none, Kind::length, 7},
      {"Transfer-Encoding: chunked\r\n", MessageError::none, Kind::chunked},
      {"Transfer-Encoding: ChunKed\r\n", MessageError::none, Kind::chunked},
      {"Content-Length: 1\r\nContent-Length: 1\r\n", MessageError::duplicate_content_length},
      {"Content-Length: 1\r\nContent-Length: 2\r\n", MessageError::duplicate_content_length},
      {"Content-Length: 1, 1\r\n", MessageError::bad_content_length},
      {"Content-Length: +1\r\n", MessageError::bad_content_length},
      {"Content-Length: -1\r\n", MessageError::bad_content_length},
      {"Content-Length: 1 2\r\n", MessageError::bad_content_length},
      {"Content-Length: 0x1\r\n", MessageError::bad_content_length},
      {"Content-Length:\r\n", MessageError::bad_content_length},
      {"Content-Length: 9999999999999999999\r\n", MessageError::bad_content_length},
      {"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", MessageError::length_and_encoding},
      {"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", MessageError::length_and_encoding},
      {"Transfer-Encoding:\t chunked \t\r\n", MessageError::none, Kind::chunked},
      {"Content-Length:\t17\t\r\nA: b\tc\t\r\n", MessageError::none, Kind::length, 17},
      {"Transfer-Encoding: gzip, chunked\r\n", MessageError::unknown_transfer_coding},
      {"Transfer-Encoding: x;a=b , chunked\r\n", MessageError::unknown_transfer_coding},
      {"Transfer-Encoding: gzip\r\n", MessageError::unknown_transfer_coding},
      {"Transfer-Encoding: chunked, gzip\r\n", MessageError::bad_transfer_encoding},
      {"Transfer-Encoding: gzip, chunked, x\r\n", MessageError::bad_transfer_encoding},
      {"Transfer-Encoding: g zip, chunked\r\n", MessageError::bad_transfer_encoding},
      {"Transfer-Encoding: ,\r\n", MessageError::bad_transfer_encoding},
      {"Transfer-Encoding: chunked, chunked\r\n", MessageError::bad_transfer_encoding},
      {"Transfer-Encoding: identity\r\n", MessageError::unknown_transfer_coding},
      {"Transfer-Encoding: chunked;a=b\r\n", MessageError::bad_transfer_encoding},
      {"Transfer-Encoding:\r\n", MessageError::bad_transfer_encoding},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
       MessageError::duplicate_transfer_encoding},
  };
  for (const Case& c : cases) {
    const std::string text = "POST / HTTP/1.1\r\n" + std::string(c.fields) + "\r\n";
    Head head;
    ASSERT_EQ(read_request_head(text, head), MessageError::none) << c.fields;
    Framing framing;
    EXPECT_EQ(to_string(request_framing(head, framing)), to_string(c.expected)) << c.fields;
    if (c.expected != MessageError::none) continue;
    EXPECT_EQ(framing.kind, c.kind) << c.fields;
    EXPECT_EQ(framing.length, c.length) << c.fields;
    EXPECT_TRUE(llhttp_agrees_on_request(head, framing)) << c.fields;
    // The same of a higher version of HTTP/1.
    std::string higher = text;
    higher.replace(higher.find("HTTP/1.1"), 8, "HTTP/1.7");
    ASSERT_EQ(read_request_head(higher, head), MessageError::none) << c.fields;
    EXPECT_TRUE(llhttp_agrees_on_request(head, framing)) << c.fields;
  }
}

TEST(Framing, NoEncodingInHttp10) {
  Head head;
  ASSERT_EQ(read_request_head("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", head),
            MessageError::none);
  Framing framing;
  EXPECT_EQ(request_framing(head, framing), MessageError::transfer_encoding_in_http10);
}

struct ResponseCase {
  std::string_view text;
  bool to_head;
  Kind kind;
};

TEST(Framing, OfResponses) {
  const ResponseCase cases[] = {
      {"HTTP/1.1 200 OK\r\n\r\n", false, Kind::until_close},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, Kind::none},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, Kind::length},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, Kind::none},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false, Kind::chunked},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true, Kind::none},
      {"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", false, Kind::none},
      {"HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n", false, Kind::none},
      {"HTTP/1.1 100 Go\r\n\r\n", false, Kind::none},
      {"HTTP/1.0 200 OK\r\n\r\n", false, Kind::until_close},
      {"HTTP/1.2 200 OK\r\nTransfer-Encoding: chunked\t\r\n\r\n", false, Kind::chunked},
      {"HTTP/1.1 200 OK\r\nContent-Length:\t5 \t\r\n\r\n", false, Kind::length},
  };
  for (const ResponseCase& c : cases) {
    Head head;
    ASSERT_EQ(read_response_head(c.text, head), MessageError::none) << c.text;
    Framing framing;
    EXPECT_EQ(response_framing(head, c.to_head, framing), MessageError::none) << c.text;
    EXPECT_EQ(framing.kind, c.kind) << c.text;
    EXPECT_TRUE(llhttp_agrees_on_response(head, framing, c.to_head)) << c.text;
  }
}

TEST(Framing, ABodyIsAnnouncedByEitherField) {
  const auto announces = [](std::string_view fields) {
    const std::string text = "HTTP/1.1 304 N\r\n" + std::string(fields) + "\r\n";
    Head head;
    EXPECT_EQ(read_response_head(text, head), MessageError::none);
    return announces_body(head);
  };
  EXPECT_TRUE(announces("Content-Length: 1\r\n"));
  EXPECT_TRUE(announces("Transfer-Encoding: chunked\r\n"));
  EXPECT_FALSE(announces("Content-Length: 0\r\n"));
  EXPECT_FALSE(announces("Content-Length: 00\r\n"));
  EXPECT_FALSE(announces(""));
}

TEST(Framing, GoesOutAsOneField) {
  EXPECT_EQ(outward_response_framing({Kind::until_close, 0}, true).kind, Kind::chunked);
  EXPECT_EQ(outward_response_framing({Kind::until_close, 0}, false).kind, Kind::until_close);
  EXPECT_EQ(outward_response_framing({Kind::chunked, 0}, false).kind, Kind::until_close);
  EXPECT_EQ(outward_response_framing({Kind::length, 3}, false).length, 3U);
}

TEST(Framing, KnowsWhoCloses) {
  const auto closes = [](std::string_view version, std::string_view field) {
    const std::string text = "GET / " + std::string(version) + "\r\n" + std::string(field) + "\r\n";
    Head head;
    EXPECT_EQ(read_request_head(text, head), MessageError::none);
    return says_close(head);
  };
  EXPECT_FALSE(closes("HTTP/1.1", ""));
  EXPECT_TRUE(closes("HTTP/1.1", "Connection: Close\r\n"));
  EXPECT_TRUE(closes("HTTP/1.1", "Connection: x-a\r\nConnection: , close\r\n"));
  EXPECT_TRUE(closes("HTTP/1.0", ""));
  EXPECT_FALSE(closes("HTTP/1.0", "Connection: keep-alive\r\n"));
}

TEST(Parser, TakesAnyMethod) {
  Head head;
  ASSERT_EQ(read_request_head("QUERY /a HTTP/1.1\r\nHost: a\r\n\r\n", head), MessageError::none);
  EXPECT_TRUE(llhttp_agrees_on_request(head, {}));
}

TEST(Parser, DisagreesWithAFramingThatIsNot) {
  Head head;
  ASSERT_EQ(read_request_head("PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", head),
            MessageError::none);
  EXPECT_FALSE(llhttp_agrees_on_request(head, {}));
  EXPECT_FALSE(llhttp_agrees_on_request(head, {Kind::length, 6}));
  EXPECT_TRUE(llhttp_agrees_on_request(head, {Kind::length, 5}));
}

struct TargetCase {
  std::string_view text;
  MessageError expected;
  std::string_view origin = {}, host = {}, query = {};
};

TEST(Target, FormsAndHost) {
  const TargetCase cases[] = {
      {"GET /a?b=c HTTP/1.1\r\nHost: x:80\r\n\r\n", MessageError::none, "/a?b=c", "x", "b=c"},
      {"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", MessageError::none, "/", "[::1]"},
      {"GET http://x/a?b HTTP/1.1\r\nHost: X:80\r\n\r\n", MessageError::none, "/a?b", "x", "b"},
      {"GET HTTP://x HTTP/1.1\r\nHost: x\r\n\r\n", MessageError::none, "", "x"},
      {"GET http://x:/ HTTP/1.1\r\nHost: x\r\n\r\n", MessageError::none, "/", "x"},
      {"GET http://x/ HTTP/1.1\r\nHost: x:\r\n\r\n", MessageError::none, "/", "x"},
      {"GET https://x:443/ HTTP/1.1\r\nHost: x:\r\n\r\n", MessageError::none, "/", "x"},
      {"GET / HTTP/1.1\r\nHost: [v1.a:b]\r\n\r\n", MessageError::none, "/", "[v1.a:b]"},
      {"GET / HTTP/1.1\r\nHost: a%2Fb\r\n\r\n", MessageError::none, "/", "a%2Fb"},
      {"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", MessageError::none, "*", "x"},
      {"GET / HTTP/1.0\r\n\r\n", MessageError::none, "/", ""},
      {"GET / HTTP/1.1\r\n\r\n", MessageError::missing_host},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", MessageError::duplicate_host},
      {"GET / HTTP/1.1\r\nHost:\r\n\r\n", MessageError::bad_host},
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", MessageError::bad_host},
      {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", MessageError::bad_host},
      {"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", MessageError::bad_host},
      {"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", MessageError::bad_host},
      {"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", MessageError::bad_host},
      {"GET / HTTP/1.1\r\nHost: [:::]\r\n\r\n", MessageError::bad_host},
      {"GET / HTTP/1.1\r\nHost: [v.a]\r\n\r\n", MessageError::bad_host},
      {"GET / HTTP/1.1\r\nHost: %zz\r\n\r\n", MessageError::bad_host},
      {"GET / HTTP/1.1\r\nHost: a%\r\n\r\n", MessageError::bad_host},
      {"GET / HTTP/1.1\r\nHost: :\r\n\r\n", MessageError::bad_host},
      {"GET http://:/ HTTP/1.1\r\nHost: x\r\n\r\n", MessageError::bad_target},
      {"GET http://x:/ HTTP/1.1\r\nHost: x:443\r\n\r\n", MessageError::host_mismatch},
      {"GET http://y/ HTTP/1.1\r\nHost: x\r\n\r\n", MessageError::host_mismatch},
      {"GET http://u@x/ HTTP/1.1\r\nHost: x\r\n\r\n", MessageError::bad_target},
      {"GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n", MessageError::bad_target},
      {"GET x HTTP/1.1\r\nHost: x\r\n\r\n", MessageError::bad_target},
      {"GET * HTTP/1.1\r\nHost: x\r\n\r\n", MessageError::bad_target},
      {"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", MessageError::connect_method},
      {"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", MessageError::trace_method},
  };
  for (const TargetCase& c : cases) {
    Head head;
    ASSERT_EQ(read_request_head(c.text, head), MessageError::none) << c.text;
    Target target;
    ASSERT_EQ(to_string(read_target(head, target)), to_string(c.expected)) << c.text;
    if (c.expected != MessageError::none) continue;
    EXPECT_EQ(target.origin, c.origin) << c.text;
    EXPECT_EQ(target.host, c.host) << c.text;
    EXPECT_EQ(target.query, c.query) << c.text;
  }
}

TEST(Target, TraceIsReadWhereItIsAllowed) {
  const struct {
    std::string text;
    MessageError expected;
  } cases[] = {
      {"TRACE /a?b HTTP/1.1\r\nHost: x\r\n\r\n", MessageError::none},
      {"TRACE http://x/a HTTP/1.1\r\nHost: x\r\n\r\n", MessageError::none},
      {"TRACE * HTTP/1.1\r\nHost: x\r\n\r\n", MessageError::bad_target},
      {"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", MessageError::connect_method},
  };
  for (const auto& c : cases) {
    Head head;
    ASSERT_EQ(read_request_head(c.text, head), MessageError::none) << c.text;
    Target target;
    EXPECT_EQ(to_string(read_target(head, target, true)), to_string(c.expected)) << c.text;
  }
}

TEST(RequestFraming, TraceHasNoBody) {
  const struct {
    std::string method, field;
    MessageError expected;
  } cases[] = {
      {"TRACE", "A: 1", MessageError::none},
      {"TRACE", "Content-Length: 0", MessageError::none},
      {"TRACE", "Content-Length: 1", MessageError::trace_with_body},
      {"TRACE", "Transfer-Encoding: chunked", MessageError::trace_with_body},
      {"TRACE", "Content-Length: x", MessageError::bad_content_length},
      {"trace", "Content-Length: 1", MessageError::none},
  };
  for (const auto& c : cases) {
    const std::string text = c.method + " / HTTP/1.1\r\n" + c.field + "\r\n\r\n";
    Head head;
    ASSERT_EQ(read_request_head(text, head), MessageError::none) << text;
    Framing framing;
    EXPECT_EQ(to_string(request_framing(head, framing)), to_string(c.expected)) << text;
  }
}

}  // namespace
}  // namespace weir
