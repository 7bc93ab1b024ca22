// What a gateway removes from a request, and what it adds (RFC 9110 §7.6, §10.1).
#include "tests/e2e/http_rules_stage.h"

namespace weir::testing::rules {
namespace {

struct ForwardingRules : RuleTest<ForwardingRules> {
  static constexpr const char* kConfig = "chain: []\n";
};
struct TrustingForwardingRules : RuleTest<TrustingForwardingRules> {
  static constexpr const char* kConfig =
      "chain: []\nname: edge-1\ntrusted_proxies: [127.0.0.0/8]\n";
};

Rules hop_by_hop() {
  return {
      forwards("Rfc9110_7_6_1_ConnectionItselfIsRemoved", get("Connection: keep-alive"),
               reached("GET /")),
      forwards("Rfc9110_7_6_1_ListedFieldsAreRemoved", get("Connection: x-a", "X-A: 1", "X-B: 2"),
               reached("GET /", "X-B: 2")),
      forwards("Rfc9110_7_6_1_ListedFieldsAreRemovedWhereverTheyStand",
               get("X-A: 1", "X-B: 2", "Connection: X-A"), reached("GET /", "X-B: 2")),
      forwards("Rfc9110_7_6_1_AllLinesOfAListedFieldAreRemoved",
               get("X-A: 1", "Connection: x-a", "x-a: 2"), reached("GET /")),
      forwards("Rfc9110_7_6_1_SeveralListedFields",
               get("Connection: x-a,X-B ,\tx-c", "X-A: 1", "X-B: 2", "X-C: 3", "X-D: 4"),
               reached("GET /", "X-D: 4")),
      forwards("Rfc9110_7_6_1_SeveralConnectionLines",
               get("Connection: x-a", "Connection: x-b", "X-A: 1", "X-B: 2"), reached("GET /")),
      forwards("Rfc9110_5_6_1_EmptyElementsInConnection",
               get("Connection: ,, x-a ,", "X-A: 1", "X-B: 2"), reached("GET /", "X-B: 2")),
      forwards("Rfc9110_7_6_1_KeepAliveWithAListedField",
               get("Connection: keep-alive, x-a", "X-A: 1"), reached("GET /")),
      forwards("Rfc9110_7_6_1_ListedButAbsentFields", get("Connection: x-a", "X-AB: 1"),
               reached("GET /", "X-AB: 1")),
      forwards("Rfc9110_7_6_1_KeepAliveIsRemoved", get("Keep-Alive: timeout=5"), reached("GET /")),
      forwards("Rfc9110_7_6_1_ProxyConnectionIsRemoved", get("Proxy-Connection: keep-alive"),
               reached("GET /")),
      forwards("Rfc9110_10_1_4_TeIsRemoved", get("TE: gzip"), reached("GET /")),
      forwards("Rfc9110_10_1_4_TrailersOfTheClientAreSaidToTheService",
               get("Connection: te", "TE: trailers"),
               reached("GET /", "TE: trailers", "Connection: TE")),
      forwards("Rfc9110_10_1_4_OtherCodingsOfTeAreNot",
               get("Connection: te", "TE: gzip, trailers;q=0.5"),
               reached("GET /", "TE: trailers", "Connection: TE")),
      forwards("Rfc9110_6_6_2_TrailerWithoutTrailersIsRemoved", get("Trailer: X-Sum"),
               reached("GET /")),
      forwards("Rfc9110_7_8_UpgradeWithoutConnectionIsRemoved", get("Upgrade: websocket"),
               reached("GET /")),
      forwards(
          "Rfc9110_7_6_1_EndToEndFieldsPass",
          get("Accept: */*", "Authorization: Basic eA==", "Cookie: a=b", "Cookie: c=d",
              "Range: bytes=0-1", "If-None-Match: \"x\"", "Cache-Control: no-cache"),
          reached("GET /", "Accept: */*", "Authorization: Basic eA==", "Cookie: a=b", "Cookie: c=d",
                  "Range: bytes=0-1", "If-None-Match: \"x\"", "Cache-Control: no-cache")),
      forwards("Rfc7239_8_1_ForwardedOfAClientThatIsNotTrustedIsDropped",
               get("Forwarded: for=10.0.0.1;proto=https", "X-Real-IP: 10.0.0.1"), reached("GET /")),
      forwards("Rfc9110_7_6_1_ForwardedFieldsAreWrittenThoughListed",
               get("Connection: x-forwarded-for, x-forwarded-proto, x-request-id, via",
                   "X-Forwarded-For: 10.0.0.1"),
               reached("GET /")),
  };
}

Rules added_fields() {
  const std::string ours =
      "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: h\r\n"
      "Via: 1.1 weir\r\n";
  const std::string plain = "GET / HTTP/1.1\r\nHost: h\r\n";
  const std::string longest(128, 'i');
  const auto kept = [&](const std::string& id) {
    return std::vector<Step>{
        client_sends(get("X-Request-ID: " + id)),
        service_gets(plain + ours + "x-request-id: " + id + "\r\n\r\n"), service_sends(kAnswer),
        client_gets("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nDate: {date}\r\nVia: 1.1 weir\r\n"
                    "x-request-id: " +
                    id + "\r\n\r\nok")};
  };
  return {
      forwards("Rfc9110_7_6_3_ViaIsAdded", get(), plain + ours + "x-request-id: {id}\r\n\r\n"),
      forwards("Rfc9110_7_6_3_ViaComesBehindTheViasBefore", get("Via: 1.0 a, 1.1 b", "via: 2 c"),
               reached("GET /", "Via: 1.0 a, 1.1 b", "via: 2 c")),
      forwards("Rfc9110_7_6_3_NamesThatBeginLikeOursAreNoLoop", get("Via: 1.1 weir2, 1.1 wei"),
               reached("GET /", "Via: 1.1 weir2, 1.1 wei")),
      forwards("Rfc9110_7_6_3_OurNameInACommentIsNoLoop", get("Via: 1.1 a (1.1 weir)"),
               reached("GET /", "Via: 1.1 a (1.1 weir)")),
      refuses("Rfc9110_7_6_3_OurOwnViaIsALoop", get("Via: 1.1 weir"), 508, "proxy_loop_detected"),
      refuses("Rfc9110_7_6_3_OurOwnViaInAListIsALoop", get("Via: 1.0 a, HTTP/1.1 weir (x), 1.1 b"),
              508, "proxy_loop_detected"),
      refuses("Rfc9110_7_6_3_OurOwnViaInALaterLineIsALoop", get("Via: 1.1 a", "Via: 1.0 WEIR"), 508,
              "proxy_loop_detected"),
      forwards("Rfc7239_8_1_ForwardedForOfAStrangerIsReplaced", get("X-Forwarded-For: 10.0.0.1"),
               reached("GET /")),
      forwards("Rfc7239_8_1_AllLinesOfForwardedForAreReplaced",
               get("X-Forwarded-For: 10.0.0.1", "x-forwarded-for: 10.0.0.2"), reached("GET /")),
      forwards("Rfc7239_8_1_ForwardedProtoOfAStrangerIsReplaced", get("X-Forwarded-Proto: https"),
               reached("GET /")),
      forwards("Rfc7239_8_1_ForwardedHostOfAStrangerIsReplaced", get("X-Forwarded-Host: i"),
               reached("GET /")),
      plays("Design_5_ASoundRequestIdIsKept", kept("a/B+9=~!")),
      plays("Design_5_ARequestIdOf128CharactersIsKept", kept(longest)),
      forwards("Design_5_ALongerRequestIdIsReplaced", get("X-Request-ID: " + longest + "i"),
               reached("GET /")),
      forwards("Design_5_ARequestIdWithASpaceIsReplaced", get("X-Request-ID: a b"),
               reached("GET /")),
      forwards("Design_5_ARequestIdOfEightBitBytesIsReplaced", get("X-Request-ID: \xc3\xa9"),
               reached("GET /")),
      forwards("Design_5_AnEmptyRequestIdIsReplaced", get("X-Request-ID:"), reached("GET /")),
      forwards("Design_5_TwoRequestIdsAreReplacedByOne", get("X-Request-ID: a", "X-Request-ID: b"),
               reached("GET /")),
  };
}

Rules expectations() {
  const std::string told_100 = "HTTP/1.1 100 Continue\r\nVia: 1.1 weir\r\n\r\n";
  const std::string expecting = post("Expect: 100-continue", "Content-Length: 3");
  const std::string reached_head = reached("POST /", "Expect: 100-continue", "Content-Length: 3");
  return {
      plays("Rfc9110_10_1_1_ExpectGoesOnWithTheHeadAnd100ComesBack",
            {client_sends(expecting), service_gets(reached_head),
             service_sends("HTTP/1.1 100 Continue\r\n\r\n"), client_gets(told_100),
             client_sends("abc"), service_gets("abc"), service_sends(kAnswer), client_gets(kTold)}),
      plays("Rfc9110_10_1_1_ExpectIsCaseInsensitive",
            {client_sends(post("Expect: 100-Continue", "Content-Length: 3")),
             service_gets(reached("POST /", "Expect: 100-Continue", "Content-Length: 3")),
             service_sends("HTTP/1.1 100 Continue\r\n\r\n"), client_gets(told_100),
             client_sends("abc"), service_gets("abc"), service_sends(kAnswer), client_gets(kTold)}),
      plays("Rfc9110_10_1_1_AClientNeedNotWaitForThe100",
            {client_sends(expecting + "abc"), service_gets(reached_head + "abc"),
             service_sends("HTTP/1.1 100 Continue\r\n\r\n" + kAnswer),
             client_gets(told_100 + kTold)}),
      plays("Rfc9110_10_1_1_TheServiceNeedNotSendThe100",
            {client_sends(expecting), service_gets(reached_head), client_sends("abc"),
             service_gets("abc"), service_sends(kAnswer), client_gets(kTold)}),
      plays("Rfc9110_10_1_1_AFinalAnswerInsteadOfThe100",
            {client_sends(expecting), service_gets(reached_head),
             service_sends("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n"),
             client_gets(told("417 No", "Content-Length: 0", "Connection: close")),
             service_sees_end(), client_sees_close()}),
      plays("Rfc9110_10_1_1_AChunkedUploadWaitsToo",
            {client_sends(post("Expect: 100-continue", "Transfer-Encoding: chunked")),
             service_gets(reached("POST /", "Expect: 100-continue", "Transfer-Encoding: chunked")),
             service_sends("HTTP/1.1 100 Continue\r\n\r\n"), client_gets(told_100),
             client_sends("3\r\nabc\r\n0\r\n\r\n"), service_gets(chunked("abc")),
             service_sends(kAnswer), client_gets(kTold)}),
      plays("Rfc9110_10_1_1_No100ForHttp10",
            {client_sends(
                 head("POST / HTTP/1.0", "Host: h", "Expect: 100-continue", "Content-Length: 3") +
                 "abc"),
             service_gets("POST / HTTP/1.1\r\nHost: h\r\n{rest}abc"),
             service_sends("HTTP/1.1 100 Continue\r\n\r\n" + kAnswer), client_gets(kToldClosing),
             client_sees_close()}),
  };
}

Rules forwarding_rules() {
  Rules all = hop_by_hop();
  for (const Rules& more : {added_fields(), expectations()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

// A GET with these fields, and all that reaches the service of them.
Rule believes(std::string name, const std::string& request, const std::string& forwarded) {
  return {std::move(name),
          {client_sends(request),
           service_gets("GET / HTTP/1.1\r\nHost: h\r\n" + forwarded +
                        "Via: 1.1 edge-1\r\nx-request-id: {id}\r\n\r\n"),
           service_sends(kAnswer),
           client_gets(told_with("200 OK", {"Content-Length: 2"}, "1.1 edge-1") + "ok")}};
}

Rules trusting_rules() {
  const std::string proto = "X-Forwarded-Proto: http\r\n";
  const std::string host = "X-Forwarded-Host: h\r\n";
  const std::string client = "X-Forwarded-For: 127.0.0.1\r\n";
  Refusal loop;
  loop.status = 508;
  loop.reason = "proxy_loop_detected";
  loop.name = "edge-1";
  loop.closing = true;
  loop.identified = false;
  return {
      believes("Rfc7239_5_2_ATrustedForwardedForIsAddedTo", get("X-Forwarded-For: 10.0.0.1, ::1"),
               "X-Forwarded-For: 10.0.0.1, ::1, 127.0.0.1\r\n" + proto + host),
      believes("Rfc7239_5_2_LinesOfATrustedForwardedForAreJoined",
               get("X-Forwarded-For: 10.0.0.1", "X-A: 1", "X-Forwarded-For: 10.0.0.2"),
               "X-A: 1\r\nX-Forwarded-For: 10.0.0.1, 10.0.0.2, 127.0.0.1\r\n" + proto + host),
      believes("Rfc7239_5_4_ATrustedForwardedProtoIsKept", get("X-Forwarded-Proto: https"),
               "X-Forwarded-Proto: https\r\n" + client + host),
      believes("Rfc7239_5_3_ATrustedForwardedHostIsKept", get("X-Forwarded-Host: i"),
               "X-Forwarded-Host: i\r\n" + client + proto),
      believes("Rfc9110_7_6_3_TheNameOfTheDeploymentIsInVia", get("Via: 1.1 weir"),
               "Via: 1.1 weir\r\n" + client + proto + host),
      plays(
          "Rfc9110_7_6_3_TheNameOfTheDeploymentIsALoop",
          {client_sends(get("Via: 1.1 edge-1")), client_gets(refusal(loop)), client_sees_close()}),
  };
}

WEIR_HTTP_RULES(ForwardingRules, forwarding_rules);
WEIR_HTTP_RULES(TrustingForwardingRules, trusting_rules);

}  // namespace
}  // namespace weir::testing::rules
