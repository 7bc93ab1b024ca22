#include "proxy/http/reply.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "proxy/http/quoting.h"
#include "proxy/http/request_id.h"

namespace weir {
namespace {

Outcome refused(Reason reason, RefusalKind kind) {
  Outcome outcome;
  outcome.type = Outcome::Type::refused;
  outcome.reason = reason;
  outcome.kind = kind;
  return outcome;
}

std::string text_of(const Reply& reply, ReplyContext context = {}) {
  context.name = "weir";
  context.date = "now";
  WriteScratch scratch(16);
  WriteScratch body(16);
  HeadWriter out(scratch);
  write_reply(out, body, reply, context);
  return std::string(out.text());
}

TEST(Reply, QuotaIs429WithItsPolicy) {
  Quota quota;
  quota.tokens = 1000;
  quota.policy = "acme";
  Outcome outcome = refused(Reason::quota_exceeded, RefusalKind::quota);
  outcome.quota = &quota;
  outcome.retry_after = std::chrono::milliseconds(1200);
  ReplyContext context;
  context.request_id = "r\"1";
  EXPECT_EQ(text_of(reply_to(outcome), context),
            "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/problem+json\r\n"
            "Content-Length: 167\r\nDate: now\r\nRetry-After: 2\r\n"
            "RateLimit-Policy: \"acme\";q=1000;w=1\r\nRateLimit: \"acme\";r=0;t=2\r\n"
            "Proxy-Status: weir; error=http_request_denied; details=\"quota_exceeded\"\r\n"
            "x-request-id: r\"1\r\n\r\n"
            "{\"type\":\"about:blank\",\"status\":429,\"title\":\"Too Many Requests\","
            "\"detail\":\"The quota is used up for now.\",\"reason\":\"quota_exceeded\","
            "\"policy\":\"acme\",\"request_id\":\"r\\\"1\"}\n");
}

TEST(Reply, XRatelimitHasTheNumbersOfRatelimit) {
  Quota quota;
  quota.tokens = 1000;
  quota.per = std::chrono::minutes(1);
  quota.policy = "acme";
  Outcome outcome = refused(Reason::quota_exceeded, RefusalKind::quota);
  outcome.quota = &quota;
  outcome.retry_after = std::chrono::milliseconds(6500);
  ReplyContext context;
  EXPECT_EQ(text_of(reply_to(outcome), context).find("X-RateLimit"), std::string::npos);
  context.x_ratelimit = true;
  EXPECT_NE(text_of(reply_to(outcome), context)
                .find("RateLimit-Policy: \"acme\";q=1000;w=60\r\nRateLimit: \"acme\";r=0;t=7\r\n"
                      "X-RateLimit-Limit: 1000\r\nX-RateLimit-Remaining: 0\r\n"
                      "X-RateLimit-Reset: 7\r\n"),
            std::string::npos);
  const Outcome other = refused(Reason::draining, RefusalKind::capacity);
  EXPECT_EQ(text_of(reply_to(other), context).find("X-RateLimit"), std::string::npos);
}

// What breaks a head is no request, and ends none; its codes are no series of weir_requests_total.
TEST(Reply, OwnCodesAreThoseThatARequestCanEndWith) {
  EXPECT_EQ(own_status_codes(),
            (std::vector<std::uint16_t>{400, 403, 404, 408, 413, 429, 499, 502, 503, 504}));
  for (const MessageError of_a_head :
       {MessageError::trace_method, MessageError::target_too_long, MessageError::head_too_large,
        MessageError::connect_method, MessageError::bad_version,
        MessageError::proxy_loop_detected}) {
    EXPECT_FALSE(ends_a_request(of_a_head));
  }
}

TEST(Reply, StatusFollowsReasonAndKind) {
  const struct {
    Outcome outcome;
    int status;
    bool retry;
  } cases[] = {
      {refused(Reason::concurrency_limit, RefusalKind::capacity), 503, true},
      {refused(Reason::upstream_connections, RefusalKind::capacity), 503, true},
      {refused(Reason::overloaded, RefusalKind::capacity), 503, true},
      {refused(Reason::draining, RefusalKind::capacity), 503, true},
      // A keyed concurrency limit that says quota is one.
      {refused(Reason::concurrency_limit, RefusalKind::quota), 429, true},
      {refused(Reason::tenant_denied, RefusalKind::capacity), 403, false},
      {refused(Reason::no_route, RefusalKind::capacity), 404, false},
      {Outcome::failure(Reason::connect_failure), 502, false},
      {Outcome::failure(Reason::upstream_reset), 502, false},
      {Outcome::failure(Reason::upstream_malformed), 502, false},
  };
  for (const auto& c : cases) {
    const Reply reply = reply_to(c.outcome);
    EXPECT_EQ(reply.status, c.status) << reply.reason;
    EXPECT_EQ(reply.retry_after.count() >= 1, c.retry) << reply.reason;
  }
}

// They are written between quotation marks as they are.
void expect_plain(const Reply& reply) {
  for (const std::string_view words : {reply.phrase, reply.detail, reply.reason}) {
    EXPECT_EQ(words.find_first_of("\"\\"), std::string_view::npos) << words;
  }
}

TEST(Reply, EveryReasonHasARow) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(Reason::count_); ++i) {
    EXPECT_GE(status_of(static_cast<Reason>(i)), 400);
    Outcome outcome;
    outcome.reason = static_cast<Reason>(i);
    expect_plain(reply_to(outcome));
  }
  for (std::size_t i = 1; i < kBadRequests; ++i) {
    const Reply reply = reply_to(static_cast<MessageError>(i));
    EXPECT_GE(reply.status, 400);
    expect_plain(reply);
    EXPECT_EQ(reply.phrase.substr(0, 4), std::to_string(reply.status) + " ");
  }
}

TEST(Reply, ToHeadHasNoBody) {
  ReplyContext context;
  context.head_request = true;
  context.close = true;
  const std::string text = text_of(reply_to(MessageError::bad_target), context);
  EXPECT_TRUE(text.ends_with("Connection: close\r\n\r\n")) << text;
}

TEST(Quoting, EscapesWhateverComes) {
  WriteScratch scratch;
  HeadWriter json(scratch);
  write_json_string(json, "a\"b\\c\n\x01\xc3\xa4");
  EXPECT_EQ(json.text(), "\"a\\\"b\\\\c\\u000a\\u0001\xc3\xa4\"");
  HeadWriter structured(scratch);
  write_structured_string(structured, "a\"b\\\xc3\xa4\n");
  EXPECT_EQ(structured.text(), "\"a\\\"b\\\\???\"");
}

TEST(RequestId, SoundOnesPass) {
  EXPECT_TRUE(is_sound_request_id("a-1_B!"));
  EXPECT_TRUE(is_sound_request_id(std::string(128, 'a')));
  EXPECT_FALSE(is_sound_request_id(std::string(129, 'a')));
  EXPECT_FALSE(is_sound_request_id(""));
  EXPECT_FALSE(is_sound_request_id("a b"));
  EXPECT_FALSE(is_sound_request_id("\xc3\xa4"));
  RequestIds ids;
  RequestIds::Text first;
  RequestIds::Text second;
  ids.make(first);
  ids.make(second);
  EXPECT_NE(first, second);
  EXPECT_TRUE(is_sound_request_id({first.data(), first.size()}));
}

}  // namespace
}  // namespace weir
