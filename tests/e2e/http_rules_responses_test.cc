// Answers of the service: what passes, what is dropped, what is not believed
// (RFC 9110 §6, §7.6 and §15, RFC 9112 §4 to §8).
#include "tests/e2e/http_rules_stage.h"

namespace weir::testing::rules {
namespace {

using namespace std::string_literals;

struct ResponseRules : RuleTest<ResponseRules> {
  static constexpr const char* kConfig = "chain: []\nlimits: {max_head: 8KiB}\n";
};

// An answer of the service with no body and these fields.
template <typename... Lines>
std::string answer(const Lines&... lines) {
  return head("HTTP/1.1 200 OK", lines..., "Content-Length: 0");
}
template <typename... Lines>
std::string told_of(const Lines&... lines) {
  return told("200 OK", lines..., "Content-Length: 0");
}
// A status line, and what becomes of it.
Rule status(std::string name, const std::string& line, const std::string& told_line) {
  return relays(std::move(name), line + "\r\nContent-Length: 0\r\n\r\n",
                told(told_line, "Content-Length: 0"));
}
std::string until_close_told() { return told("200 OK", "Transfer-Encoding: chunked"); }

Rules status_lines() {
  return {
      status("Rfc9110_15_1_UnknownStatusPasses", "HTTP/1.1 299 What", "299 What"),
      status("Rfc9110_15_1_TheHighestStatusPasses", "HTTP/1.1 599 Max", "599 Max"),
      status("Rfc9112_4_ReasonPasses", "HTTP/1.1 404 Not  here, sorry", "404 Not  here, sorry"),
      status("Rfc9112_4_EightBitReasonPasses", "HTTP/1.1 200 caf\xc3\xa9", "200 caf\xc3\xa9"),
      status("Rfc9112_4_EmptyReasonPasses", "HTTP/1.1 200 ", "200 "),
      status("Rfc9112_4_MissingReasonIsTolerated", "HTTP/1.1 200", "200 "),
      relays("Rfc9110_2_5_Http10OfTheServiceIsToldAsHttp11",
             "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
             told_with("200 OK", {"Content-Length: 2"}, "1.0 weir") + "ok"),
      distrusts("Rfc9112_4_OtherMajorVersions", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
      relays("Rfc9110_2_5_HigherMinorVersionsAreReadAsHttp11",
             "HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok",
             told("200 OK", "Content-Length: 2") + "ok"),
      relays("Rfc9110_2_5_HigherMinorVersionsWithChunks",
             "HTTP/1.9 200 OK\r\nTransfer-Encoding: chunked \t\r\n\r\n2\r\nok\r\n0\r\n\r\n",
             until_close_told() + chunked("ok")),
      distrusts("Rfc9112_4_AGreetingOfMailIsNoAnswer", "220 mail ESMTP\r\n"),
      plays("Rfc9110_15_5_22_A426BeforeAClose",
            {client_sends(get("Connection: close")), service_gets(reached("GET /")),
             service_sends(head("HTTP/1.1 426 No", "Connection: upgrade", "Upgrade: HTTP/3.0, x",
                                "Content-Length: 0", "Upgrade: y")),
             client_gets("HTTP/1.1 426 No\r\nContent-Length: 0\r\nDate: {date}\r\n"
                         "Upgrade: HTTP/3.0, x\r\nUpgrade: y\r\nConnection: upgrade, close\r\n"
                         "Via: 1.1 weir\r\nx-request-id: {id}\r\n\r\n"),
             client_sees_close()}),
      relays("Rfc9110_15_5_22_A426Without", head("HTTP/1.1 426 No", "Content-Length: 0"),
             told("426 No", "Content-Length: 0")),
      relays("Rfc9110_15_5_22_A426SaysWhatToUpgradeTo",
             "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
             "Content-Length: 0\r\n\r\n",
             "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\nDate: {date}\r\n"
             "Upgrade: websocket\r\nConnection: upgrade\r\nVia: 1.1 weir\r\n"
             "x-request-id: {id}\r\n\r\n"),
      distrusts("Rfc9112_4_OtherProtocols", "ICY 200 OK\r\nContent-Length: 0\r\n\r\n"),
      distrusts("Rfc9112_4_VersionInLowerCase", "http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
      distrusts("Rfc9112_4_StatusOfTwoDigits", "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n"),
      distrusts("Rfc9112_4_StatusOfFourDigits", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"),
      distrusts("Rfc9112_4_StatusIsNoNumber", "HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n"),
      distrusts("Rfc9110_15_StatusBelow100", "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n"),
      distrusts("Rfc9110_15_StatusAbove599", "HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n"),
      distrusts("Rfc9112_4_TwoSpacesBeforeTheStatus",
                "HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n"),
      distrusts("Rfc9112_4_SpaceBeforeTheStatusLine",
                " HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
      distrusts("Rfc9112_4_EmptyLineBeforeTheStatusLine",
                "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
      distrusts("Rfc9112_4_ControlCharacterInTheReason",
                "HTTP/1.1 200 O\x01K\r\nContent-Length: 0\r\n\r\n"),
      distrusts("Rfc9112_4_NoHttpAtAll", "hello\r\n\r\n"),
      distrusts("Rfc9112_4_BytesOfAnotherProtocol", "\x15\x03\x03\x00\x02\x02\x50"s),
      distrusts("Rfc9112_4_ARequestIsNoAnswer", get()),
  };
}

Rules fields() {
  return {
      relays("Rfc9110_5_1_UnknownFieldsOfAnswersPass", answer("X-Whatever: 1"),
             told_of("X-Whatever: 1")),
      relays("Rfc9110_5_3_SameFieldsOfAnswersKeepTheirOrder",
             answer("Set-Cookie: a=1", "X-A: 1", "Set-Cookie: b=2", "set-cookie: a=3"),
             told_of("Set-Cookie: a=1", "X-A: 1", "Set-Cookie: b=2", "set-cookie: a=3")),
      relays("Rfc9110_5_5_EightBitValuesOfAnswersPass", answer("X-A: caf\xc3\xa9"),
             told_of("X-A: caf\xc3\xa9")),
      relays("Rfc9110_6_6_1_DateOfTheServiceIsKept", answer("Date: Sun, 06 Nov 1994 08:49:37 GMT"),
             told_of("Date: Sun, 06 Nov 1994 08:49:37 GMT")),
      relays("Rfc9110_6_6_1_MissingDateIsAdded", answer(),
             told("200 OK", "Content-Length: 0", "Date: {date}")),
      relays("Rfc9110_8_6_LengthOfAnswersKeepsItsPlace",
             head("HTTP/1.1 200 OK", "X-A: 1", "content-length: 2", "X-B: 2") + "ok",
             head("HTTP/1.1 200 OK", "X-A: 1", "content-length: 2", "X-B: 2", "Date: {date}",
                  "Via: 1.1 weir", "x-request-id: {id}") +
                 "ok"),
      relays("Rfc9110_8_6_LengthOfAnswersIsWrittenWithoutZerosInFront",
             head("HTTP/1.1 200 OK", "Content-Length: 002", "X-A: 1") + "ok",
             told("200 OK", "X-A: 1", "Date: {date}", "Content-Length: 2") + "ok"),
      relays("Rfc9110_10_2_4_ServerIsTheServices", answer("Server: x"), told_of("Server: x")),
      relays("Rfc9110_10_2_3_RetryAfterOfTheServicePasses",
             head("HTTP/1.1 503 No", "Retry-After: 7", "Content-Length: 0"),
             told("503 No", "Retry-After: 7", "Content-Length: 0")),
      relays("Rfc9110_7_6_3_ViaOfAnswersComesBehindTheOthers", answer("Via: 1.1 a"),
             told_of("Via: 1.1 a")),
      relays("Design_5_TheRequestIdOfTheAnswerIsWeirs", answer("X-Request-Id: b"), told_of()),
      relays("Rfc9110_7_6_1_ConnectionOfAnswersIsRemoved", answer("Connection: keep-alive"),
             told_of()),
      relays("Rfc9110_7_6_1_KeepAliveOfAnswersIsRemoved", answer("Keep-Alive: timeout=5"),
             told_of()),
      relays("Rfc9110_7_6_1_ListedFieldsOfAnswersAreRemoved",
             answer("X-A: 1", "Connection: x-a", "X-B: 2"), told_of("X-B: 2")),
      relays("Rfc9110_7_6_1_ProxyConnectionOfAnswersIsRemoved",
             answer("Proxy-Connection: keep-alive"), told_of()),
      relays("Rfc9110_7_8_UpgradeOfAnswersIsRemoved", answer("Upgrade: h2c"), told_of()),
      relays("Rfc9110_6_6_2_TrailerOfAnswersWithoutTrailersIsRemoved", answer("Trailer: X-Sum"),
             told_of()),
      relays("Rfc9110_7_6_1_LengthOfAnswersStaysThoughListed",
             "HTTP/1.1 200 OK\r\nConnection: content-length\r\nContent-Length: 2\r\n\r\nok",
             told("200 OK", "Date: {date}", "Content-Length: 2") + "ok"),
      distrusts("Rfc9112_5_2_ObsFoldInAnswers", answer("X-A: a\r\n b")),
      distrusts("Rfc9112_5_2_ObsFoldOfTheFramingInAnswers",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
      distrusts("Rfc9112_2_2_SpaceBeforeTheFirstFieldOfAnswers", answer(" X-A: a")),
      distrusts("Rfc9112_5_1_SpaceBeforeTheColonInAnswers", answer("X-A : a")),
      distrusts("Rfc9112_5_LineWithoutColonInAnswers", answer("X-A")),
      distrusts("Rfc9110_5_6_2_EmptyNameInAnswers", answer(": a")),
      distrusts("Rfc9110_5_6_2_BadNameInAnswers", answer("X A: a")),
      distrusts("Rfc9110_5_5_NulInAnswers", answer("X-A: a\0b"s)),
      distrusts("Rfc9110_5_5_BareCrInAnswers", answer("X-A: a\rSet-Cookie: b")),
      distrusts("Rfc9110_5_5_ControlCharacterInAnswers", answer("X-A: \x1b[2J")),
      distrusts("Rfc9112_2_2_BareLfInAnswers", answer("X-A: a\nX-B: b")),
      distrusts("Rfc9112_2_2_AnswerOfBareLfs", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"),
      distrusts("Rfc9110_15_6_3_OversizedHeadOfAnswers", answer("X-A: " + std::string(9000, 'x'))),
      distrusts("Rfc9110_15_6_3_EndlessStatusLine", "HTTP/1.1 200 " + std::string(9000, 'x')),
      distrusts("Rfc6585_5_TooManyFieldsInAnswers",
                [] {
                  std::string text = "HTTP/1.1 200 OK\r\n";
                  for (int i = 0; i < 300; ++i) text += "X: 1\r\n";
                  return text + "Content-Length: 0\r\n\r\n";
                }()),
  };
}

Rules framing() {
  const std::string chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  return {
      relays("Rfc9112_6_3_LengthOfAnswers", kAnswer, kTold),
      relays("Rfc9112_6_3_LengthOfZeroInAnswers", answer(), told_of()),
      relays("Rfc9112_7_1_ChunkedAnswersStayChunked", chunks + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
             until_close_told() + chunked("abcde")),
      relays("Rfc9112_7_1_1_ExtensionsOfAnswersAreDropped", chunks + "3;a=b\r\nabc\r\n0;c\r\n\r\n",
             until_close_told() + chunked("abc")),
      relays("Rfc9110_6_5_1_UndeclaredTrailersOfAnswersAreDropped",
             chunks + "3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n", until_close_told() + chunked("abc")),
      relays("Rfc9110_6_5_1_TrailersPassToAClientThatTakesThem",
             get("Connection: te", "TE: trailers"),
             reached("GET /", "TE: trailers", "Connection: TE"),
             "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n"
             "3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n",
             told("200 OK", "Trailer: X-Sum", "Transfer-Encoding: chunked") +
                 chunked("abc", "X-Sum: 1\r\n")),
      relays("Rfc9110_6_5_1_OnlyDeclaredTrailersOfAnswersPass",
             get("Connection: te", "TE: trailers"),
             reached("GET /", "TE: trailers", "Connection: TE"),
             "HTTP/1.1 200 OK\r\nTrailer: X-Sum, X-Hop\r\nConnection: x-hop\r\n"
             "Transfer-Encoding: chunked\r\n\r\n"
             "3\r\nabc\r\n0\r\nX-Hop: 1\r\nX-Other: 1\r\nX-Sum: 1\r\n\r\n",
             told("200 OK", "Trailer: X-Sum, X-Hop", "Transfer-Encoding: chunked") +
                 chunked("abc", "X-Sum: 1\r\n")),
      plays("Rfc9110_6_5_1_NoTrailersForHttp10",
            {client_sends(head("GET / HTTP/1.0", "Host: h", "TE: trailers")),
             service_gets("GET / HTTP/1.1\r\nHost: h\r\n" + added("h", "1.0 weir") + "\r\n"),
             service_sends("HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n"),
             client_gets(told("200 OK", "Connection: close") + "abc"), client_sees_close()}),
      relays("Rfc9110_6_5_1_TrailersAreDroppedForOthers",
             "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n"
             "3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n",
             until_close_told() + chunked("abc")),
      relays("Rfc9112_7_1_2_ForbiddenTrailersOfAnswersAreDropped",
             chunks + "3\r\nabc\r\n0\r\nContent-Length: 3\r\nDate: x\r\nSet-Cookie: a=1\r\n"
                      "Transfer-Encoding: chunked\r\nX-Forwarded-For: a\r\nVia: 1.1 x\r\n\r\n",
             until_close_told() + chunked("abc")),
      relays("Rfc9110_6_5_1_ForbiddenTrailersAreDroppedThoughDeclared",
             get("Connection: te", "TE: trailers"),
             reached("GET /", "TE: trailers", "Connection: TE"),
             "HTTP/1.1 200 OK\r\nTrailer: Set-Cookie, X-Sum, Age\r\nTransfer-Encoding: chunked\r\n"
             "\r\n3\r\nabc\r\n0\r\nSet-Cookie: a=1\r\nX-Sum: 1\r\nAge: 1\r\n\r\n",
             told("200 OK", "Trailer: Set-Cookie, X-Sum, Age", "Transfer-Encoding: chunked") +
                 chunked("abc", "X-Sum: 1\r\n")),
      plays("Rfc9112_7_1_2_ForbiddenTrailersMayComeLate",
            {client_sends(get()), service_gets(reached("GET /")),
             service_sends(chunks + "3\r\nabc\r\n"),
             client_gets(until_close_told() + "3\r\nabc\r\n"), service_sends("0\r\nContent-Len"),
             service_sends("gth: 3\r\n\r\n"), client_gets("0\r\n\r\n")}),
      distrusts("Rfc9112_7_1_2_MalformedTrailersOfAnswers",
                chunks + "3\r\nabc\r\n0\r\nDate : x\r\n\r\n"),
      plays("Rfc9112_6_3_AnswerUntilCloseIsChunked",
            {client_sends(get()), service_gets(reached("GET /")),
             service_sends("HTTP/1.1 200 OK\r\n\r\nabc"), service_closes(),
             client_gets(until_close_told() + chunked("abc"))}),
      plays("Rfc9112_6_3_EmptyAnswerUntilClose",
            {client_sends(get()), service_gets(reached("GET /")),
             service_sends("HTTP/1.1 200 OK\r\n\r\n"), service_closes(),
             client_gets(until_close_told() + chunked(""))}),
      plays("Rfc9112_6_3_AnswerUntilCloseOfHttp10",
            {client_sends(get()), service_gets(reached("GET /")),
             service_sends("HTTP/1.0 200 OK\r\n\r\nabc"), service_closes(),
             client_gets(told_with("200 OK", {"Transfer-Encoding: chunked"}, "1.0 weir") +
                         chunked("abc"))}),
      plays("Rfc9112_7_1_ChunksStreamAsTheyCome",
            {client_sends(get()), service_gets(reached("GET /")), service_sends(chunks),
             client_gets(until_close_told()), service_sends("3\r\nabc\r\n"),
             client_gets("3\r\nabc\r\n"), service_sends("0\r\n\r\n"), client_gets("0\r\n\r\n")}),
      distrusts("Rfc9112_6_3_BothFramingsInAnswers",
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
                "0\r\n\r\n"),
      distrusts("Rfc9110_8_6_DifferingLengthsInAnswers",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok"),
      distrusts("Rfc9110_8_6_ListOfDifferingLengthsInAnswers",
                "HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nok"),
      distrusts("Rfc9110_8_6_MalformedLengthInAnswers",
                "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok"),
      distrusts("Rfc9110_8_6_EmptyLengthInAnswers", "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nok"),
      distrusts("Rfc9110_8_6_LengthBeyond64BitsInAnswers",
                "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551618\r\n\r\nok"),
      distrusts("Rfc9112_6_1_OtherCodingsInAnswers",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok"),
      distrusts("Rfc9112_6_1_OtherCodingsBeforeChunkedInAnswers",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
      distrusts("Rfc9112_6_1_CodingInTwoLinesOfAnswers",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"
                "\r\n0\r\n\r\n"),
      distrusts("Rfc9112_6_1_CodingInAnswersOfHttp10",
                "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
      distrusts("Rfc9112_7_1_BadChunkInAnAnswer", chunks + "3\r\nabcX\r\n0\r\n\r\n"),
      distrusts("Rfc9112_7_1_BadChunkSizeInAnAnswer", chunks + "+3\r\nabc\r\n0\r\n\r\n"),
      distrusts("Rfc9112_7_1_BadChunkFurtherInAnAnswer",
                chunks + "28\r\n" + std::string(40, 'x') + "X\r\n0\r\n\r\n"),
      plays(
          "Rfc9112_7_1_BadChunkInAnAnswerUnderWay",
          {client_sends(get()), service_gets(reached("GET /")),
           service_sends(chunks + "3\r\nabc\r\n"), client_gets(until_close_told() + "3\r\nabc\r\n"),
           service_sends("xyz\r\n"), client_sees_cut(), service_sees_end()}),
      plays("Rfc9112_8_AnswerCutWithinItsLength",
            {client_sends(get()), service_gets(reached("GET /")),
             service_sends("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"),
             client_gets(told("200 OK", "Content-Length: 5") + "ab"), service_closes(),
             client_sees_cut()}),
      plays(
          "Rfc9112_8_AnswerCutBetweenChunks",
          {client_sends(get()), service_gets(reached("GET /")),
           service_sends(chunks + "3\r\nabc\r\n"), client_gets(until_close_told() + "3\r\nabc\r\n"),
           service_closes(), client_sees_cut()}),
      plays(
          "Rfc9112_8_AnswerUntilCloseThatEndsWithAReset",
          {client_sends(get()), service_gets(reached("GET /")),
           service_sends("HTTP/1.1 200 OK\r\n\r\nabc"),
           client_gets(until_close_told() + "3\r\nabc\r\n"), service_resets(), client_sees_cut()}),
      plays("Rfc9112_8_AnswerCutWithinItsHead",
            {client_sends(get()), service_gets(reached("GET /")),
             service_sends("HTTP/1.1 200 OK\r\nContent-Le"), service_closes(),
             client_gets(failure(502, "upstream_truncated"))}),
  };
}

// The connection of an answer is closed behind it, or serves the next request as well.
Rule closed_after(std::string name, const std::string& request, const std::string& reached,
                  const std::string& answer, const std::string& told) {
  return plays(std::move(name), {client_sends(request), service_gets(reached),
                                 service_sends(answer), client_gets(told), service_sees_end()});
}
Rule kept_after(std::string name, const std::string& request, const std::string& reached,
                const std::string& answer, const std::string& told) {
  return plays(std::move(name),
               {client_sends(request), service_gets(reached), service_sends(answer),
                client_gets(told), client_sends(get()), service_gets(rules::reached("GET /")),
                service_sends("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
                client_gets(rules::told("200 OK", "Content-Length: 0"))});
}

Rules without_body() {
  const std::string to_head = head("HEAD / HTTP/1.1", "Host: h");
  const std::string reached_head = reached("HEAD /");
  return {
      relays("Rfc9110_9_3_2_HeadKeepsTheLengthAndHasNoBody", to_head, reached_head,
             "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", told("200 OK", "Content-Length: 5")),
      // Whose body may still come: no other request goes on that connection.
      closed_after("Rfc9112_6_3_ALengthToHead", to_head, reached_head,
                   "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
                   told("200 OK", "Content-Length: 5")),
      closed_after("Rfc9112_6_3_ACodingToHead", to_head, reached_head,
                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", told("200 OK")),
      closed_after("Rfc9112_6_3_ALengthWith304", get(), reached("GET /"),
                   "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
                   told("304 Not Modified", "Content-Length: 5")),
      closed_after("Rfc9112_6_3_ACodingWith304", get(), reached("GET /"),
                   "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
                   told("304 Not Modified")),
      closed_after("Rfc9112_6_3_ALengthWith204", get(), reached("GET /"),
                   "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", told("204 No Content")),
      kept_after("Rfc9112_6_3_NoLengthToHead", to_head, reached_head, "HTTP/1.1 200 OK\r\n\r\n",
                 told("200 OK")),
      kept_after("Rfc9112_6_3_ALengthOfZeroToHead", to_head, reached_head,
                 "HTTP/1.1 200 OK\r\nContent-Length: 000\r\n\r\n",
                 told("200 OK", "Content-Length: 000")),
      relays("Rfc9110_9_3_2_HeadWithoutLength", to_head, reached_head, "HTTP/1.1 200 OK\r\n\r\n",
             told("200 OK")),
      relays("Rfc9110_9_3_2_HeadOfAChunkedAnswerHasNoBody", to_head, reached_head,
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", told("200 OK")),
      plays("Rfc9110_9_3_2_BodyToHeadIsGarbage",
            {client_sends(to_head), service_gets(reached_head),
             service_sends("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
             client_gets(told("200 OK", "Content-Length: 2")), service_sees_end()}),
      relays("Rfc9110_15_3_5_NoBodyWith204", "HTTP/1.1 204 No Content\r\n\r\n",
             told("204 No Content")),
      relays("Rfc9110_8_6_NoLengthWith204", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
             told("204 No Content")),
      plays("Rfc9110_15_3_5_BodyOf204IsGarbage",
            {client_sends(get()), service_gets(reached("GET /")),
             service_sends("HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok"),
             client_gets(told("204 No Content")), service_sees_end()}),
      relays("Rfc9112_6_1_NoCodingWith204",
             "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
             told("204 No Content")),
      relays("Rfc9110_15_4_5_NoBodyWith304", "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n",
             told("304 Not Modified", "ETag: \"x\"")),
      relays("Rfc9110_8_6_LengthOf304DescribesABody",
             "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
             told("304 Not Modified", "Content-Length: 5")),
      plays("Rfc9110_15_4_5_BodyOf304IsGarbage",
            {client_sends(get()), service_gets(reached("GET /")),
             service_sends("HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nok"),
             client_gets(told("304 Not Modified", "Content-Length: 2")), service_sees_end()}),
  };
}

Rules unasked() {
  return {
      plays("Rfc9112_9_2_GarbageAfterAnAnswerEndsTheConnection",
            {client_sends(get()), service_gets(reached("GET /")), service_sends(kAnswer + "x"),
             client_gets(kTold), service_sees_end()}),
      plays("Rfc9112_9_2_ASecondAnswerIsNobodys",
            {client_sends(get()), service_gets(reached("GET /")),
             service_sends(kAnswer + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"),
             client_gets(kTold), service_sees_end()}),
      plays("Rfc9112_9_2_GarbageAfterAChunkedAnswer",
            {client_sends(get()), service_gets(reached("GET /")),
             service_sends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nx"),
             client_gets(until_close_told() + chunked("")), service_sees_end()}),
      plays("Rfc9112_9_2_AnAnswerThatNobodyAskedFor",
            {client_sends(get()), service_gets(reached("GET /")), service_sends(kAnswer),
             client_gets(kTold), service_sends(kAnswer), service_sees_end()}),
      plays("Rfc9110_15_5_9_A408OnAnIdleConnectionIsNobodys",
            {client_sends(get()), service_gets(reached("GET /")), service_sends(kAnswer),
             client_gets(kTold),
             service_sends("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n"),
             service_closes()}),
  };
}

Rules interim() {
  const auto via = [](const std::string& status, const std::string& fields = "") {
    return "HTTP/1.1 " + status + "\r\n" + fields + "Via: 1.1 weir\r\n\r\n";
  };
  return {
      relays("Rfc8297_2_EarlyHintsPass", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + kAnswer,
             via("103 Early Hints", "Link: </a>\r\n") + kTold),
      relays("Rfc9110_15_2_1_100PassesThoughNotExpected", "HTTP/1.1 100 Continue\r\n\r\n" + kAnswer,
             via("100 Continue") + kTold),
      relays("Rfc9110_15_2_UnknownInterimAnswersPass", "HTTP/1.1 199 Wait\r\n\r\n" + kAnswer,
             via("199 Wait") + kTold),
      relays("Rfc9110_15_2_SeveralInterimAnswersPassInOrder",
             "HTTP/1.1 102 P\r\n\r\nHTTP/1.1 103 E\r\n\r\nHTTP/1.1 102 P\r\n\r\n" + kAnswer,
             via("102 P") + via("103 E") + via("102 P") + kTold),
      relays("Rfc9110_7_6_1_HopByHopFieldsOfInterimAnswers",
             "HTTP/1.1 103 E\r\nConnection: x-a\r\nX-A: 1\r\nKeep-Alive: 1\r\n\r\n" + kAnswer,
             via("103 E") + kTold),
      relays("Rfc9110_8_6_NoLengthInInterimAnswers",
             "HTTP/1.1 103 E\r\nContent-Length: 5\r\n\r\n" + kAnswer, via("103 E") + kTold),
      plays("Rfc9110_15_2_NoInterimAnswersForHttp10",
            {client_sends(head("GET / HTTP/1.0", "Host: h")),
             service_gets("GET / HTTP/1.1\r\nHost: h\r\n" + added("h", "1.0 weir") + "\r\n"),
             service_sends("HTTP/1.1 103 Early Hints\r\n\r\n" + kAnswer), client_gets(kToldClosing),
             client_sees_close()}),
      plays("Rfc9110_15_2_InterimAnswersPassAtOnce",
            {client_sends(get()), service_gets(reached("GET /")),
             service_sends("HTTP/1.1 103 E\r\n\r\n"), client_gets(via("103 E")),
             service_sends(kAnswer), client_gets(kTold)}),
      distrusts("Rfc9110_15_2_2_SwitchingProtocolsUnasked",
                "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n"
                "Upgrade: websocket\r\n\r\n"),
      distrusts("Rfc9112_5_MalformedInterimAnswers", "HTTP/1.1 103 E\r\nX A: 1\r\n\r\n"),
      plays("Rfc9110_15_2_NoFinalAnswerAfterAnInterimOne",
            {client_sends(get()), service_gets(reached("GET /")),
             service_sends("HTTP/1.1 103 E\r\n\r\n"), client_gets(via("103 E")), service_closes(),
             client_gets(failure(502, "upstream_reset"))}),
  };
}

Rules response_rules() {
  Rules all = status_lines();
  for (const Rules& more : {fields(), framing(), without_body(), unasked(), interim()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

WEIR_HTTP_RULES(ResponseRules, response_rules);

}  // namespace
}  // namespace weir::testing::rules
