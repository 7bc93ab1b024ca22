// Connections: kept or closed, pipelining, HTTP/1.0, early answers, connections that died
// (RFC 9112 §9, RFC 9110 §9.2.2).
#include "tests/e2e/http_rules_stage.h"

namespace weir::testing::rules {
namespace {

struct PersistenceRules : RuleTest<PersistenceRules> {
  static constexpr const char* kConfig = "chain: []\n";
};

std::string reached_10(const std::string& fields = "") {
  return "GET / HTTP/1.1\r\nHost: h\r\n" + fields + added("h", "1.0 weir") + "\r\n";
}
std::string get_10(const std::string& line = "X-A: 1") {
  return head("GET / HTTP/1.0", "Host: h", line);
}
std::vector<Step> one_by_one(const std::string& bytes) {
  std::vector<Step> steps;
  for (const char c : bytes) steps.push_back(client_sends(std::string(1, c)));
  steps.insert(steps.end(),
               {service_gets(reached("GET /")), service_sends(kAnswer), client_gets(kTold)});
  return steps;
}

Rules keeping() {
  return {
      plays("Rfc9112_9_3_Http11StaysOpen",
            {client_sends(get()), service_gets(reached("GET /")), service_sends(kAnswer),
             client_gets(kTold), client_sends(get()), service_gets(reached("GET /")),
             service_sends(kAnswer), client_gets(kTold)}),
      forwards_and_closes("Rfc9112_9_6_CloseIsHeeded", get("Connection: close"), reached("GET /")),
      forwards_and_closes("Rfc9112_9_6_CloseIsCaseInsensitive", get("Connection: CLOSE"),
                          reached("GET /")),
      forwards_and_closes("Rfc9112_9_6_CloseAmongOtherOptions",
                          get("Connection: x-a, close", "X-A: 1"), reached("GET /")),
      forwards_and_closes("Rfc9112_9_3_CloseOutweighsKeepAlive",
                          get("Connection: keep-alive", "Connection: close"), reached("GET /")),
      plays("Rfc9112_9_6_NothingAfterCloseIsARequest",
            {client_sends(get("Connection: close") + get()), service_gets(reached("GET /")),
             service_sends(kAnswer), client_gets(kToldClosing), client_sees_close()}),
      plays("Rfc9112_9_3_TheServiceMayCloseAndTheClientStays",
            {client_sends(get()), service_gets(reached("GET /")),
             service_sends("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"),
             client_gets(kTold), service_sees_end()}),
      plays("Rfc9112_9_3_CloseOfTheClientIsNotTheServices",
            {client_sends(get("Connection: close")), service_gets(reached("GET /")),
             service_sends(kAnswer), client_gets(kToldClosing), client_sees_close(),
             client_sends(get(), 1), service_gets(reached("GET /")), service_sends(kAnswer),
             client_gets(kTold, 1)}),
      forwards_and_closes("Rfc9112_9_3_Http10ClosesByDefault", get_10(), reached_10("X-A: 1\r\n")),
      plays("Rfc9112_9_3_Http10StaysOpenIfAsked",
            {client_sends(get_10("Connection: keep-alive")), service_gets(reached_10()),
             service_sends(kAnswer),
             client_gets(told("200 OK", "Content-Length: 2", "Connection: keep-alive") + "ok")}),
      forwards_and_closes("Rfc9112_C_2_2_ProxyConnectionKeepsNothingOpen",
                          get_10("Proxy-Connection: keep-alive"), reached_10()),
      plays("Rfc9112_6_1_NoChunksForHttp10",
            {client_sends(get_10("Connection: keep-alive")), service_gets(reached_10()),
             service_sends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "2\r\nok\r\n0\r\n\r\n"),
             client_gets(told("200 OK", "Connection: close") + "ok"), client_sees_close()}),
      plays("Rfc9112_6_3_AnswerUntilCloseForHttp10",
            {client_sends(get_10("Connection: keep-alive")), service_gets(reached_10()),
             service_sends("HTTP/1.1 200 OK\r\n\r\nok"), service_closes(),
             client_gets(told("200 OK", "Connection: close") + "ok"), client_sees_close()}),
      plays("Rfc9112_3_2_Http10WithoutHostIsGivenOne",
            {client_sends(head("GET / HTTP/1.0")),
             service_gets("GET / HTTP/1.1\r\nHost: 127.0.0.1:{n}\r\n" + added("", "1.0 weir") +
                          "\r\n"),
             service_sends(kAnswer), client_gets(kToldClosing), client_sees_close()}),
  };
}

Rules pipelining() {
  const std::string bad = "GET / HTTP/1.1\r\nHost: h\r\nX : 1\r\n\r\n";
  return {
      plays("Rfc9112_9_3_2_PipelinedRequestsAreAnsweredInOrder",
            {client_sends(head("GET /1 HTTP/1.1", "Host: h") + head("GET /2 HTTP/1.1", "Host: h") +
                          head("GET /3 HTTP/1.1", "Host: h")),
             service_gets(reached("GET /1")),
             service_sends("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1"),
             service_gets(reached("GET /2")),
             service_sends("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2"),
             service_gets(reached("GET /3")),
             service_sends("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n3"),
             client_gets(told("200 OK", "Content-Length: 1") + "1" +
                         told("200 OK", "Content-Length: 1") + "2" +
                         told("200 OK", "Content-Length: 1") + "3")}),
      plays("Rfc9112_9_3_2_APipelinedBadRequestIsRefusedInItsTurn",
            {client_sends(get() + bad), service_gets(reached("GET /")), service_sends(kAnswer),
             client_gets(kTold + refusal(400, "space_before_colon")), client_sees_close()}),
      plays("Rfc9112_9_3_2_NothingAfterABadRequestIsARequest",
            {client_sends(bad + get()), client_gets(refusal(400, "space_before_colon")),
             client_sees_close()}),
      plays("Rfc9112_2_2_AnEmptyLineBetweenRequestsIsIgnored",
            {client_sends(post("Content-Length: 3") + "abc\r\n" + get()),
             service_gets(reached("POST /", "Content-Length: 3") + "abc"), service_sends(kAnswer),
             service_gets(reached("GET /")), service_sends(kAnswer), client_gets(kTold + kTold)}),
      plays("Rfc9112_2_2_AHeadMayComeAByteAtATime", one_by_one(get())),
      plays("Rfc9112_2_2_ALineEndMayBeSplit",
            {client_sends("GET / HTTP/1.1\r"), client_sends("\nHost: h\r\n\r"), client_sends("\n"),
             service_gets(reached("GET /")), service_sends(kAnswer), client_gets(kTold)}),
      plays("Rfc9112_6_3_ABodyMayComeInPieces",
            {client_sends(post("Content-Length: 6")),
             service_gets(reached("POST /", "Content-Length: 6")), client_sends("ab"),
             service_gets("ab"), client_sends("cd"), service_gets("cd"), client_sends("ef"),
             service_gets("ef"), service_sends(kAnswer), client_gets(kTold)}),
      plays("Rfc9112_8_AHeadCutShortReachesNobody", {client_sends("GET / HTTP/1.1\r\nHost: h\r\n"),
                                                     client_half_closes(), client_sees_close()}),
      plays("Rfc9112_9_ANewConnectionThatSaysNothingReachesNobody",
            {client_half_closes(), client_sees_close()}),
  };
}

Rules early_answers() {
  const std::string early = "HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n";
  const std::string told_early = "HTTP/1.1 413 No\r\nContent-Length: 0\r\nDate: {date}\r\n{rest}";
  const std::string rest(9997, 'x');
  return {
      plays("Rfc9112_9_3_AnEarlyAnswerIsDeliveredAndTheRestIsThrownAway",
            {client_sends(post("Content-Length: 10000") + "abc"),
             service_gets(reached("POST /", "Content-Length: 10000") + "abc"), service_sends(early),
             client_gets(told_early), service_sees_end(), client_sends(rest)}),
      plays(
          "Rfc9112_9_6_AnEarlyAnswerToALargeBodyEndsTheConnection",
          {client_sends(post("Content-Length: 1000000") + "abc"),
           service_gets(reached("POST /", "Content-Length: 1000000") + "abc"), service_sends(early),
           client_gets(told_early), service_sees_end(), client_sees_close()}),
      plays("Rfc9112_9_5_AServiceThatAnswersAndClosesWasHeard",
            {client_sends(post("Content-Length: 10000") + "abc"),
             service_gets(reached("POST /", "Content-Length: 10000") + "abc"), service_sends(early),
             service_closes(), client_gets(told_early), client_sends(rest)}),
      plays("Rfc9112_9_3_AServiceMayAnswerWhileItReads",
            {client_sends(post("Content-Length: 6") + "abc"),
             service_gets(reached("POST /", "Content-Length: 6") + "abc"),
             service_sends("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no"),
             client_gets(told("200 OK", "Content-Length: 2") + "o"), client_sends("def"),
             service_gets("def"), service_sends("k"), client_gets("k")}),
  };
}

// A request on a connection that has served before.
std::vector<Step> after_one(std::vector<Step> steps) {
  std::vector<Step> all = {client_sends(get()), service_gets(reached("GET /")),
                           service_sends(kAnswer), client_gets(kTold)};
  all.insert(all.end(), steps.begin(), steps.end());
  return all;
}

Rules dead_connections() {
  const std::string with_body = reached("POST /", "Content-Length: 3") + "abc";
  return {
      plays(
          "Rfc9112_9_3_1_AGetOnADeadConnectionGoesOutOnceMore",
          after_one({client_sends(get()), service_gets(reached("GET /")), service_closes(),
                     service_gets(reached("GET /")), service_sends(kAnswer), client_gets(kTold)})),
      plays(
          "Rfc9112_9_3_1_AGetOnAResetConnectionGoesOutOnceMore",
          after_one({client_sends(get()), service_gets(reached("GET /")), service_resets(),
                     service_gets(reached("GET /")), service_sends(kAnswer), client_gets(kTold)})),
      plays("Rfc9112_9_3_1_ButNotAThirdTime",
            after_one({client_sends(get()), service_gets(reached("GET /")), service_closes(),
                       service_gets(reached("GET /")), service_closes(),
                       client_gets(failure(502, "upstream_reset"))})),
      plays("Rfc9110_9_2_2_APostOnADeadConnectionIsNotRepeated",
            after_one({client_sends(post("Content-Length: 3") + "abc"), service_gets(with_body),
                       service_closes(), client_gets(failure(502, "upstream_reset"))})),
      plays("Rfc9112_9_5_AConnectionThatClosedWhileIdleIsNoError",
            after_one({service_closes(), client_sends(get()), service_gets(reached("GET /")),
                       service_sends(kAnswer), client_gets(kTold)})),
      plays("Rfc9110_15_6_3_AFreshConnectionThatClosesIsAnError",
            {client_sends(get()), service_gets(reached("GET /")), service_closes(),
             client_gets(failure(502, "upstream_reset"))}),
      plays("Rfc9110_15_6_3_AFreshConnectionThatResetsIsAnError",
            {client_sends(get()), service_gets(reached("GET /")), service_resets(),
             client_gets(failure(502, "upstream_reset"))}),
      plays("Design_3_9_AnAbandonedUploadIsCutAtOnce",
            {client_sends(post("Content-Length: 6") + "abc"),
             service_gets(reached("POST /", "Content-Length: 6") + "abc"), client_leaves(),
             service_sees_end()}),
      plays("Design_3_9_AServiceIsToldOfAClientThatLeft",
            {client_sends(get()), service_gets(reached("GET /")), client_leaves(),
             service_sees_end()}),
  };
}

Rules persistence_rules() {
  Rules all = keeping();
  for (const Rules& more : {pipelining(), early_answers(), dead_connections()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

WEIR_HTTP_RULES(PersistenceRules, persistence_rules);

}  // namespace
}  // namespace weir::testing::rules
