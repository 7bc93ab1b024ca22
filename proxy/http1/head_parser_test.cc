#include "proxy/http1/head_parser.h"

#include <string>

#include <gtest/gtest.h>

namespace weir {
namespace {

struct Case {
  std::string_view what;
  std::string head;
  MessageError expected;
};

MessageError judge(const std::string& text) {
  HeadScan scan;
  if (scan.scan(text, 32 << 10, HeadScan::Kind::request) != HeadScan::Found::complete)
    return scan.bad();
  Head head;
  return read_request_head(std::string_view(text).substr(0, scan.size()), head);
}

TEST(HeadGuard, RequestHeads) {
  const std::string host = "Host: a\r\n";
  const Case cases[] = {
      {"plain", "GET / HTTP/1.1\r\n" + host + "\r\n", MessageError::none},
      {"1.0", "GET / HTTP/1.0\r\n\r\n", MessageError::none},
      {"any token is a method", "M-F!oo / HTTP/1.1\r\n" + host + "\r\n", MessageError::none},
      {"value blanks", "GET / HTTP/1.1\r\nA:\t b \t\r\n\r\n", MessageError::none},
      {"empty value", "GET / HTTP/1.1\r\nA:\r\n\r\n", MessageError::none},
      {"obs-text", "GET / HTTP/1.1\r\nA: \xc3\xa4\r\n\r\n", MessageError::none},
      {"bare LF", "GET / HTTP/1.1\nHost: a\n\n", MessageError::bare_lf},
      {"bare LF in fields", "GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n", MessageError::bare_lf},
      {"bare CR in a value", "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", MessageError::bare_cr},
      {"CR before CRLF", "GET / HTTP/1.1\r\nA: b\r\r\n\r\n", MessageError::bare_cr},
      {"bare CR in a name", "GET / HTTP/1.1\r\nA\rB: c\r\n\r\n", MessageError::bare_cr},
      {"NUL", std::string("GET / HTTP/1.1\r\nA: \0\r\n\r\n", 24), MessageError::control_character},
      {"DEL", "GET / HTTP/1.1\r\nA: \x7f\r\n\r\n", MessageError::control_character},
      {"obs-fold", "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", MessageError::obs_fold},
      {"obs-fold by tab", "GET / HTTP/1.1\r\nA: b\r\n\tc: d\r\n\r\n", MessageError::obs_fold},
      {"folded encoding", "GET / HTTP/1.1\r\nTransfer-Encoding:\r\n chunked\r\n\r\n",
       MessageError::obs_fold},
      {"white space first", "GET / HTTP/1.1\r\n A: b\r\n\r\n", MessageError::leading_whitespace},
      {"space before colon", "GET / HTTP/1.1\r\nA : b\r\n\r\n", MessageError::space_before_colon},
      {"no name", "GET / HTTP/1.1\r\n: b\r\n\r\n", MessageError::empty_field_name},
      {"no colon", "GET / HTTP/1.1\r\nabc\r\n\r\n", MessageError::missing_colon},
      {"space in a name", "GET / HTTP/1.1\r\nA B: c\r\n\r\n", MessageError::bad_field_name},
      {"bracket in a name", "GET / HTTP/1.1\r\nA[]: c\r\n\r\n", MessageError::bad_field_name},
      {"8 bits in a name", "GET / HTTP/1.1\r\nA\xe4: c\r\n\r\n", MessageError::bad_field_name},
      {"no method", " / HTTP/1.1\r\n\r\n", MessageError::bad_method},
      {"bracket in a method", "G[T / HTTP/1.1\r\n\r\n", MessageError::bad_method},
      {"long method", std::string(65, 'A').append(" / HTTP/1.1\r\n\r\n"),
       MessageError::method_too_long},
      {"0.9", "GET /\r\n\r\n", MessageError::bad_request_line},
      {"two spaces", "GET  / HTTP/1.1\r\n\r\n", MessageError::bad_target},
      {"tab", "GET\t/ HTTP/1.1\r\n\r\n", MessageError::bad_method},
      {"tab in the target", "GET /\ta HTTP/1.1\r\n\r\n", MessageError::bad_target},
      {"space in the target", "GET /a b HTTP/1.1\r\n\r\n", MessageError::bad_request_line},
      {"8 bits in the target", "GET /\xe4 HTTP/1.1\r\n\r\n", MessageError::bad_target},
      {"fragment", "GET /a#b HTTP/1.1\r\n\r\n", MessageError::fragment_in_target},
      {"version in lower case", "GET / http/1.1\r\n\r\n", MessageError::bad_request_line},
      {"behind the version", "GET / HTTP/1.1 \r\n\r\n", MessageError::bad_request_line},
      {"1.10", "GET / HTTP/1.10\r\n\r\n", MessageError::bad_request_line},
      {"1.2", "GET / HTTP/1.2\r\n\r\n", MessageError::none},
      {"2.0", "GET / HTTP/2.0\r\n\r\n", MessageError::bad_version},
      {"0.9 by name", "GET / HTTP/0.9\r\n\r\n", MessageError::bad_version},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", MessageError::http2_preface},
      {"TLS", "\x16\x03\x01\x02", MessageError::tls_on_plain_port},
      {"SSH", "SSH-2.0-OpenSSH_9\r\n\r\n", MessageError::bad_request_line},
      {"empty first line", "\r\nGET / HTTP/1.1\r\n\r\n", MessageError::bad_request_line},
      {"endless target", "GET /" + std::string(40'000, 'a'), MessageError::target_too_long},
      {"endless field", "GET / HTTP/1.1\r\nA: " + std::string(40'000, 'a'),
       MessageError::head_too_large},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(to_string(judge(c.head)), to_string(c.expected)) << c.what;
  }
}

TEST(HeadGuard, BoundsTheNumberOfFields) {
  std::string head = "GET / HTTP/1.1\r\n";
  for (std::size_t i = 0; i < kMaxFields; ++i) head += "A: b\r\n";
  EXPECT_EQ(judge(head + "\r\n"), MessageError::none);
  EXPECT_EQ(judge(head + "A: b\r\n\r\n"), MessageError::too_many_fields);
}

TEST(HeadGuard, LaysOutWhatItRead) {
  const std::string text = "PUT /a?b HTTP/1.0\r\nHost:  x:1 \r\nX-A: 1\r\nhOsT: y\r\n\r\n";
  Head head;
  ASSERT_EQ(read_request_head(text, head), MessageError::none);
  EXPECT_EQ(head.method_text(), "PUT");
  EXPECT_EQ(head.target_text(), "/a?b");
  EXPECT_EQ(head.minor, 0);
  ASSERT_EQ(head.fields.size(), 3U);
  EXPECT_EQ(head.text(head.fields[1].name), "X-A");
  EXPECT_EQ(head.value(FieldId::host), "x:1");
  EXPECT_TRUE(head.has_several(FieldId::host));
  EXPECT_FALSE(head.has(FieldId::cookie));
}

TEST(HeadGuard, ResponseHeads) {
  const Case cases[] = {
      {"plain", "HTTP/1.1 200 OK\r\nA: b\r\n\r\n", MessageError::none},
      {"no reason", "HTTP/1.1 200 \r\n\r\n", MessageError::none},
      {"not even a space", "HTTP/1.0 200\r\n\r\n", MessageError::none},
      {"HTTP/2", "HTTP/2 200\r\n\r\n", MessageError::bad_status_line},
      {"two digits", "HTTP/1.1 20 OK\r\n\r\n", MessageError::bad_status_line},
      {"four digits", "HTTP/1.1 2000 OK\r\n\r\n", MessageError::bad_status_line},
      {"below 100", "HTTP/1.1 099 OK\r\n\r\n", MessageError::bad_status_line},
      {"600", "HTTP/1.1 600 OK\r\n\r\n", MessageError::bad_status_line},
      {"obs-fold", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", MessageError::obs_fold},
  };
  for (const Case& c : cases) {
    Head head;
    EXPECT_EQ(to_string(read_response_head(c.head, head)), to_string(c.expected)) << c.what;
  }
}

TEST(HeadGuard, BoundsTheListsThatAreComparedWithEachOther) {
  for (const std::string name : {"Connection", "Trailer", "Upgrade", "TE"}) {
    const auto lines = [&](std::size_t items) {
      std::string text = name + ": a";
      for (std::size_t i = 2; i < items; ++i) text += ",";
      return text + "\r\n" + name + ": b\r\n\r\n";
    };
    Head head;
    for (const std::size_t items : {kMaxListItems, kMaxListItems + 1}) {
      const MessageError expected =
          items <= kMaxListItems ? MessageError::none : MessageError::too_many_fields;
      EXPECT_EQ(read_request_head("GET / HTTP/1.1\r\n" + lines(items), head), expected) << name;
      EXPECT_EQ(read_response_head("HTTP/1.1 200 OK\r\n" + lines(items), head), expected) << name;
    }
  }
}

// What is read in one go is what the scan and the reader find, and nothing is found of a part.
TEST(HeadGuard, FindsAWholeHeadOrNone) {
  const std::string request = "PUT /a HTTP/1.1\r\nHost: x\r\nX-A:\r\n\r\nGET / HTTP/1.1\r\n\r\n";
  const std::string response = "HTTP/1.1 200\r\nA: b\r\n\r\nbody";
  Head head;
  for (std::size_t n = 0; n <= request.size(); ++n) {
    const std::size_t size = find_request_head(std::string_view(request).substr(0, n), head);
    ASSERT_EQ(size, n < 34 ? 0 : 34U) << n;
  }
  EXPECT_EQ(head.size, 34U);
  EXPECT_EQ(head.fields.size(), 2U);
  for (std::size_t n = 0; n <= response.size(); ++n) {
    const std::size_t size = find_response_head(std::string_view(response).substr(0, n), head);
    ASSERT_EQ(size, n < 22 ? 0 : 22U) << n;
  }
  EXPECT_EQ(find_request_head("GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", head), 0U);
  EXPECT_EQ(find_request_head("GET / HTTP/1.1\nA: b\n\n", head), 0U);
  EXPECT_EQ(find_request_head("\r\n", head), 0U);
}

// However the head is cut, the scan comes to the same end.
TEST(HeadScan, IsTheSameByteByByte) {
  const std::string text = "GET /abc HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\nrest";
  HeadScan scan;
  for (std::size_t n = 1; n <= text.size(); ++n) {
    const auto found =
        scan.scan(std::string_view(text).substr(0, n), 1024, HeadScan::Kind::request);
    if (n < text.size() - 4) {
      ASSERT_EQ(found, HeadScan::Found::incomplete) << n;
    } else {
      ASSERT_EQ(found, HeadScan::Found::complete);
      EXPECT_EQ(scan.size(), text.size() - 4);
      return;
    }
  }
}

// What is no first line is refused with its last byte, whichever way it comes.
TEST(HeadScan, JudgesAFirstLineAtItsEnd) {
  using Kind = HeadScan::Kind;
  const struct {
    std::string line;
    Kind kind;
    MessageError expected;
  } cases[] = {
      {"220 mail ESMTP", Kind::request, MessageError::bad_request_line},
      {"GET / HTTP/3.0", Kind::request, MessageError::bad_version},
      {"PRI * HTTP/2.0", Kind::request, MessageError::http2_preface},
      {"GET / HTTP/1.1 ", Kind::request, MessageError::bad_request_line},
      {"GET / HTTP/1.2", Kind::request, MessageError::none},
      {"HTTP/1.1 200 OK", Kind::request, MessageError::bad_method},
      {"HTTP/1.1 200 OK", Kind::response, MessageError::none},
      {"220 mail ESMTP", Kind::response, MessageError::bad_status_line},
      {"GET / HTTP/1.1", Kind::response, MessageError::bad_status_line},
  };
  for (const auto& c : cases) {
    const std::string text = c.line + "\r\n";
    HeadScan dribbled;
    for (std::size_t n = 1; n < text.size(); ++n) {
      ASSERT_EQ(dribbled.scan(std::string_view(text).substr(0, n), 1024, c.kind),
                HeadScan::Found::incomplete)
          << c.line << n;
    }
    HeadScan whole;
    const auto expected =
        c.expected == MessageError::none ? HeadScan::Found::incomplete : HeadScan::Found::bad;
    for (HeadScan* scan : {&dribbled, &whole}) {
      EXPECT_EQ(scan->scan(text, 1024, c.kind), expected) << c.line;
      EXPECT_EQ(to_string(scan->bad()), to_string(c.expected)) << c.line;
    }
  }
}

TEST(HeadScan, NamesTlsByItsFirstByte) {
  HeadScan scan;
  EXPECT_EQ(scan.scan("\x16", 1024, HeadScan::Kind::request), HeadScan::Found::bad);
  EXPECT_EQ(scan.bad(), MessageError::tls_on_plain_port);
}

TEST(HeadScan, RefusesABareCrInADribbledFirstLine) {
  const std::string text = "GET / HTTP/1.1\rX";
  HeadScan scan;
  HeadScan::Found found = HeadScan::Found::incomplete;
  for (std::size_t n = 1; n <= text.size() && found == HeadScan::Found::incomplete; ++n) {
    found = scan.scan(std::string_view(text).substr(0, n), 1024, HeadScan::Kind::request);
  }
  EXPECT_EQ(found, HeadScan::Found::bad);
}

TEST(MessageError, HasANameForEach) {
  for (std::size_t i = 0; i < kBadRequests; ++i) {
    EXPECT_FALSE(to_string(static_cast<MessageError>(i)).empty());
  }
  EXPECT_LE(kBadRequests, 64U);
}

}  // namespace
}  // namespace weir
