// Bounds of size and of time, each with the status that names it (RFC 9110 §15.5, RFC 6585 §5).
#include "tests/e2e/http_rules_stage.h"

namespace weir::testing::rules {
namespace {

struct SizeRules : RuleTest<SizeRules> {
  static constexpr const char* kConfig = "chain: []\nlimits: {max_head: 1KiB, max_body: 1KiB}\n";
};
// The bounds that a rule does not speak of are too far for a busy machine to meet by chance.
struct TimeRules : RuleTest<TimeRules> {
  static constexpr const char* kConfig = R"(
chain: []
routes:
  - {match: {path: /head}, chain: [{timeout: {head: 300ms}}]}
  - {match: {path: /idle}, chain: [{timeout: {head: 1m, idle: 300ms}}]}
limits: {head_timeout: 300ms, body_timeout: 300ms, idle_timeout: 1s}
)";
};

std::string line(const std::string& first) { return head(first, "Host: h"); }

Rules size_rules() {
  const std::string kib(1024, 'x');
  const std::string half(512, 'x');
  // As large as max_head allows: 1,024 bytes with the empty line.
  const std::string frame = get("X-A: ");
  const std::string filling(1024 - frame.size(), 'x');
  return {
      forwards("Rfc9110_15_5_15_TargetWithinTheBound", line("GET /" + half + " HTTP/1.1"),
               reached("GET /" + half)),
      refuses("Rfc9110_15_5_15_TargetBeyondTheBound", line("GET /" + kib + " HTTP/1.1"), 414,
              "target_too_long"),
      refuses("Rfc9110_15_5_15_TargetBeyondTheBoundWithoutItsEnd", "GET /" + kib + kib, 414,
              "target_too_long"),
      refuses("Rfc9112_3_LineWithoutASpace", kib + kib, 414, "target_too_long"),
      forwards("Rfc6585_5_HeadAsLargeAsTheBound", get("X-A: " + filling),
               reached("GET /", "X-A: " + filling)),
      refuses("Rfc6585_5_HeadOneByteLarger", get("X-A: " + filling + "x"), 431, "head_too_large"),
      refuses("Rfc6585_5_OneFieldBeyondTheBound", get("X-A: " + kib), 431, "head_too_large"),
      refuses("Rfc6585_5_FieldWithoutEnd", "GET / HTTP/1.1\r\nHost: h\r\nX-A: " + kib + kib, 431,
              "head_too_large"),
      plays("Rfc6585_5_HeadBeyondTheBoundInSmallPieces",
            {client_sends("GET / HTTP/1.1\r\nHost: h\r\n"), client_sends("X-A: " + half + "\r\n"),
             client_sends("X-B: " + half), client_gets(refusal(431, "head_too_large")),
             client_sees_close()}),
      plays("Rfc6585_5_PipelinedHeadsHaveABoundEach",
            {client_sends(get("X-A: " + half) + get("X-B: " + half) + get("X-C: " + half)),
             service_gets(reached("GET /", "X-A: " + half)), service_sends(kAnswer),
             service_gets(reached("GET /", "X-B: " + half)), service_sends(kAnswer),
             service_gets(reached("GET /", "X-C: " + half)), service_sends(kAnswer),
             client_gets(kTold + kTold + kTold)}),
      forwards("Rfc9110_15_5_14_BodyAsLargeAsTheBound", post("Content-Length: 1024") + kib,
               reached("POST /", "Content-Length: 1024") + kib),
      refuses("Rfc9110_15_5_14_LengthBeyondTheBound", post("Content-Length: 1025") + kib + "x", 413,
              "body_too_large"),
      refuses("Rfc9110_15_5_14_LengthBeyondTheBoundBeforeItsBody", post("Content-Length: 1025"),
              413, "body_too_large"),
      refuses("Rfc9110_10_1_1_LengthBeyondTheBoundIsNeverAskedFor",
              post("Expect: 100-continue", "Content-Length: 1025"), 413, "body_too_large"),
      forwards("Rfc9110_15_5_14_ChunksAsLargeAsTheBound",
               post_chunks("400\r\n" + kib + "\r\n0\r\n\r\n"),
               reached("POST /", "Transfer-Encoding: chunked") + chunked(kib)),
      cuts_off("Rfc9110_15_5_14_OneChunkBeyondTheBound",
               post_chunks("401\r\n" + kib + "x\r\n0\r\n\r\n"), 413, "body_too_large",
               reached("POST /", "Transfer-Encoding: chunked") + chunked(kib + "x")),
      cuts_off("Rfc9110_15_5_14_ChunksBeyondTheBoundTogether",
               post_chunks("200\r\n" + half + "\r\n200\r\n" + half + "\r\n1\r\nx\r\n0\r\n\r\n"),
               413, "body_too_large",
               reached("POST /", "Transfer-Encoding: chunked") + chunked(kib + "x")),
      plays("Rfc9110_15_5_14_BodyBeyondTheBoundWhileItStreams",
            {client_sends(post_chunks("200\r\n" + half + "\r\n")),
             service_gets(reached("POST /", "Transfer-Encoding: chunked") + "200\r\n" + half +
                          "\r\n"),
             client_sends("201\r\n" + half + "x\r\n"), client_gets([] {
               Refusal r;
               r.status = 413;
               r.reason = "body_too_large";
               r.closing = true;
               return refusal(r);
             }()),
             client_sees_close(), service_sees_end()}),
  };
}

Refusal late(int status, const std::string& reason) {
  Refusal r;
  r.status = status;
  r.reason = reason;
  r.closing = true;
  if (status == 504) r.filter = "/head/timeout";
  return r;
}

// Closing, so that no idle time matters.
template <typename... Lines>
std::string at(const std::string& request, const Lines&... lines) {
  return head(request + " HTTP/1.1", "Host: h", "Connection: close", lines...);
}

Rules time_rules() {
  const std::string cut_body = reached("POST /", "Content-Length: 10") + "abc";
  return {
      plays("Rfc9110_15_5_9_RequestLineThatDoesNotEnd",
            {client_sends("GET / HT"), client_gets(refusal(408, "head_timeout")),
             client_sees_close()}),
      plays("Rfc9110_15_5_9_HeadThatDoesNotEnd",
            {client_sends("GET / HTTP/1.1\r\nHost: h\r\n"),
             client_gets(refusal(408, "head_timeout")), client_sees_close()}),
      plays("Rfc9110_15_5_9_SecondHeadThatDoesNotEnd",
            {client_sends(get() + "GET"), service_gets(reached("GET /")), service_sends(kAnswer),
             client_gets(kTold + refusal(408, "head_timeout")), client_sees_close()}),
      plays("Rfc9110_15_5_9_BodyThatDoesNotCome",
            {client_sends(post("Content-Length: 10")),
             client_gets(refusal(late(408, "body_timeout"))), client_sees_close(),
             service_gets_less(cut_body)}),
      plays("Rfc9110_15_5_9_BodyThatStops",
            {client_sends(post("Content-Length: 10") + "abc"), service_gets(cut_body),
             client_gets(refusal(late(408, "body_timeout"))), client_sees_close(),
             service_sees_end()}),
      plays("Rfc9110_15_5_9_ChunksThatStop",
            {client_sends(post_chunks("3\r\nabc\r\n")),
             service_gets(reached("POST /", "Transfer-Encoding: chunked") + "3\r\nabc\r\n"),
             client_gets(refusal(late(408, "body_timeout"))), client_sees_close(),
             service_sees_end()}),
      plays("Rfc9112_9_5_AnIdleConnectionIsClosedWithoutAWord",
            {client_sends(""), client_sees_close()}),
      plays("Rfc9112_9_5_AConnectionIdleAfterAnAnswerIsClosedWithoutAWord",
            {client_sends(get()), service_gets(reached("GET /")), service_sends(kAnswer),
             client_gets(kTold), client_sees_close()}),
      plays("Rfc9110_15_6_5_AServiceThatDoesNotAnswer",
            {client_sends(at("GET /head")), service_gets(reached("GET /head")),
             client_gets(refusal(late(504, "head_timeout"))), client_sees_close(),
             service_sees_end()}),
      plays("Rfc9110_15_6_5_AServiceThatDoesNotAnswerABody",
            {client_sends(at("POST /head", "Content-Length: 3") + "abc"),
             service_gets(reached("POST /head", "Content-Length: 3") + "abc"),
             client_gets(refusal(late(504, "head_timeout"))), client_sees_close(),
             service_sees_end()}),
      plays("Rfc9110_15_6_5_AnInterimAnswerIsNoAnswer",
            {client_sends(at("GET /head")), service_gets(reached("GET /head")),
             service_sends("HTTP/1.1 103 E\r\n\r\n"),
             client_gets("HTTP/1.1 103 E\r\nVia: 1.1 weir\r\n\r\n" +
                         refusal(late(504, "head_timeout"))),
             client_sees_close(), service_sees_end()}),
      plays(
          "Rfc9110_15_6_5_HalfAHeadIsNoAnswer",
          {client_sends(at("GET /head")), service_gets(reached("GET /head")),
           service_sends("HTTP/1.1 200 OK\r\nX-A"), client_gets(refusal(late(504, "head_timeout"))),
           client_sees_close(), service_sees_end()}),
      plays("Rfc9112_8_AnAnswerThatStopsIsCut",
            {client_sends(at("GET /idle")), service_gets(reached("GET /idle")),
             service_sends("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"),
             client_gets(told("200 OK", "Content-Length: 5", "Connection: close") + "ab"),
             client_sees_cut(), service_sees_end()}),
  };
}

WEIR_HTTP_RULES(SizeRules, size_rules);
WEIR_HTTP_RULES(TimeRules, time_rules);

}  // namespace
}  // namespace weir::testing::rules
