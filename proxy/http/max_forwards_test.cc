#include "proxy/http/max_forwards.h"

#include <string>

#include <gtest/gtest.h>

#include "proxy/http1/head_parser.h"

namespace weir {
namespace {

std::string answered(const std::string& text, ReplyContext context = {},
                     std::string_view secret_field = "") {
  Head head;
  EXPECT_EQ(read_request_head(text, head), MessageError::none) << text;
  EXPECT_TRUE(is_last_hop(head)) << text;
  context.date = "now";
  context.request_id = "id";
  WriteScratch scratch(16);
  WriteScratch body(16);
  HeadWriter out(scratch);
  write_max_forwards_reply(out, body, head, secret_field, context);
  EXPECT_EQ(out.text().substr(9, 3), std::to_string(max_forwards_status(head)));
  return std::string(out.text());
}

TEST(Hops, EndHereForTheirMethodsAtZeroOnly) {
  const struct {
    std::string line, field;
    bool ends;
  } cases[] = {
      {"OPTIONS / HTTP/1.1", "Max-Forwards: 0", true},
      {"OPTIONS * HTTP/1.1", "max-forwards: 00", true},
      {"TRACE / HTTP/1.1", "Max-Forwards: 0", true},
      {"TRACE / HTTP/1.1", "Max-Forwards: 3\r\nMax-Forwards: 0", true},
      {"TRACE / HTTP/1.1", "Max-Forwards: 1", false},
      {"TRACE / HTTP/1.1", "Max-Forwards:", false},
      {"TRACE / HTTP/1.1", "Max-Forwards: -0", false},
      {"TRACE / HTTP/1.1", "Max-Forwards: 0x", false},
      {"TRACE / HTTP/1.1", "X-Max-Forwards: 0", false},
      {"GET / HTTP/1.1", "Max-Forwards: 0", false},
      {"options / HTTP/1.1", "Max-Forwards: 0", false},
  };
  for (const auto& c : cases) {
    Head head;
    const std::string text = c.line + "\r\nHost: a\r\n" + c.field + "\r\n\r\n";
    ASSERT_EQ(read_request_head(text, head), MessageError::none) << text;
    EXPECT_EQ(is_last_hop(head), c.ends) << text;
  }
}

TEST(Hops, TraceIsShownTheHeadWithoutCredentials) {
  const std::string text =
      "TRACE /a HTTP/1.0\r\nAuthorization: x\r\nMax-Forwards: 0\r\nB:2 \r\nCookie: c\r\n\r\n";
  ReplyContext context;
  context.close = true;
  const std::string begin =
      "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Type: message/http\r\nContent-Length: ";
  const std::string end = "\r\nConnection: close\r\nx-request-id: id\r\n\r\nTRACE /a HTTP/1.0\r\n";
  EXPECT_EQ(answered(text, context), begin + "44" + end + "Max-Forwards: 0\r\nB:2 \r\n\r\n");
  EXPECT_EQ(answered(text, context, "b"), begin + "38" + end + "Max-Forwards: 0\r\n\r\n");
}

TEST(Hops, OptionsAreToldTheMethodsThatMayPass) {
  const std::string text = "OPTIONS / HTTP/1.1\r\nMax-Forwards: 0\r\n\r\n";
  const std::string begin =
      "HTTP/1.1 204 No Content\r\nDate: now\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
  ReplyContext context;
  EXPECT_EQ(answered(text, context), begin + "\r\nx-request-id: id\r\n\r\n");
  context.allow_trace = true;
  EXPECT_EQ(answered(text, context), begin + ", TRACE\r\nx-request-id: id\r\n\r\n");
}

}  // namespace
}  // namespace weir
