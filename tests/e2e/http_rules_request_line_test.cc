// The request line: methods, targets and versions (RFC 9112 §3, RFC 9110 §7 and §9).
#include "tests/e2e/http_rules_stage.h"

namespace weir::testing::rules {
namespace {

using namespace std::string_literals;

// A request of which only the first line is special.
std::string line(const std::string& first) { return head(first, "Host: h"); }

struct RequestLineRules : RuleTest<RequestLineRules> {
  static constexpr const char* kConfig = "chain: []\n";
};

struct TraceRules : RuleTest<TraceRules> {
  static constexpr const char* kConfig =
      "chain: []\nallow_trace: true\nlimits: {max_head: 1KiB}\n"
      "tenant: {from: header x-customer, secret: true}\n";
};

// weir's own answer to OPTIONS.
const std::string kOwnOptions =
    "HTTP/1.1 204 No Content\r\nDate: {date}\r\n"
    "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\nx-request-id: {id}\r\n\r\n";

Rules methods() {
  return {
      forwards("Rfc9110_9_3_1_GetPasses", get(), reached("GET /")),
      forwards("Rfc9110_9_1_MethodsAreCaseSensitive", line("get / HTTP/1.1"), reached("get /")),
      forwards("Rfc9110_9_3_5_DeletePasses", line("DELETE /a HTTP/1.1"), reached("DELETE /a")),
      forwards("Rfc9110_9_3_7_OptionsPasses", line("OPTIONS /a HTTP/1.1"), reached("OPTIONS /a")),
      forwards("Rfc5789_2_PatchPasses", line("PATCH /a HTTP/1.1"), reached("PATCH /a")),
      forwards("Rfc4918_9_1_PropfindPasses", line("PROPFIND /a HTTP/1.1"), reached("PROPFIND /a")),
      forwards("Rfc9110_16_1_1_QueryPasses", line("QUERY /a HTTP/1.1"), reached("QUERY /a")),
      forwards("Rfc9110_9_1_AnyTokenIsAMethod", line("!#$%&'*+-.^_`|~aZ09 / HTTP/1.1"),
               reached("!#$%&'*+-.^_`|~aZ09 /")),
      forwards("Rfc9110_9_1_OneLetterIsAMethod", line("X / HTTP/1.1"), reached("X /")),
      forwards("Rfc9110_9_1_PriIsAMethodLikeAnyOtherInHttp11", line("PRI / HTTP/1.1"),
               reached("PRI /")),
      refuses("Rfc9110_9_3_6_ConnectIsRefused", head("CONNECT h:443 HTTP/1.1", "Host: h:443"), 501,
              "connect_method"),
      refuses("Rfc9110_9_3_8_TraceIsRefused", line("TRACE / HTTP/1.1"), 405, "trace_method"),
      refuses("Rfc9112_3_MethodIsNoToken", line("GE(T / HTTP/1.1"), 400, "bad_method"),
      refuses("Rfc9112_3_MethodWithEightBitByte", line("G\xc9T / HTTP/1.1"), 400, "bad_method"),
      refuses("Rfc9112_3_MethodIsMissing", line(" / HTTP/1.1"), 400, "bad_method"),
      refuses("Rfc9112_3_MethodLongerThanAnyIsNotImplemented",
              line(std::string(65, 'M') + " / HTTP/1.1"), 501, "method_too_long"),
      plays("Rfc9110_7_6_2_MaxForwardsOfZeroIsAnsweredHere",
            {client_sends(head("OPTIONS / HTTP/1.1", "Host: h", "Max-Forwards: 0")),
             client_gets(kOwnOptions)}),
      plays("Rfc9110_9_3_7_OptionsOfTheServerMayEndHereToo",
            {client_sends(head("OPTIONS * HTTP/1.1", "Host: h", "max-forwards: 00")),
             client_gets(kOwnOptions)}),
      plays("Rfc9110_7_6_2_ABodyIsReadThoughNobodyTakesIt",
            {client_sends(
                 head("OPTIONS / HTTP/1.1", "Host: h", "Max-Forwards: 0", "Content-Length: 4") +
                 "body"),
             client_gets(kOwnOptions)}),
      forwards("Rfc9110_7_6_2_MaxForwardsThatIsNoNumberPasses",
               head("OPTIONS / HTTP/1.1", "Host: h", "Max-Forwards: -0"),
               reached("OPTIONS /", "Max-Forwards: -0")),
      refuses("Rfc9110_9_3_8_TraceIsRefusedWhateverItsMaxForwards",
              head("TRACE / HTTP/1.1", "Host: h", "Max-Forwards: 0"), 405, "trace_method"),
      forwards("Rfc9110_7_6_2_MaxForwardsOfOptionsIsCountedDown",
               head("OPTIONS / HTTP/1.1", "Host: h", "Max-Forwards: 3"),
               reached("OPTIONS /", "Max-Forwards: 2")),
      forwards("Rfc9110_7_6_2_MaxForwardsOfOtherMethodsPasses", get("Max-Forwards: 0"),
               reached("GET /", "Max-Forwards: 0")),
  };
}

Rules targets() {
  return {
      forwards("Rfc9112_3_2_1_OriginFormPassesAsItCame", line("GET /a%20B/../c?x=1&y=%2f HTTP/1.1"),
               reached("GET /a%20B/../c?x=1&y=%2f")),
      forwards("Rfc9112_3_2_1_EmptyQueryPasses", line("GET /? HTTP/1.1"), reached("GET /?")),
      forwards("Rfc9112_3_2_1_DoubleSlashIsNoAuthority", line("GET //x//y HTTP/1.1"),
               reached("GET //x//y")),
      forwards("Rfc9112_3_2_1_UrlWithinAPathPasses", line("GET /http://x/ HTTP/1.1"),
               reached("GET /http://x/")),
      forwards("Rfc3986_2_BracesAndBarsOfRealClientsPass", line("GET /{a}|b?[c]^ HTTP/1.1"),
               reached("GET /{a}|b?[c]^")),
      refuses("Rfc9112_3_2_TargetIsMissing", line("GET HTTP/1.1"), 400, "bad_request_line"),
      refuses("Rfc9112_3_2_TargetIsEmpty", line("GET  HTTP/1.1"), 400, "bad_target"),
      refuses("Rfc9112_3_2_SpaceInTheTarget", line("GET /a b HTTP/1.1"), 400, "bad_request_line"),
      refuses("Rfc9112_3_2_TabInTheTarget", line("GET /a\tb HTTP/1.1"), 400, "bad_target"),
      refuses("Rfc9112_3_2_NulInTheTarget", line("GET /a\0b HTTP/1.1"s), 400, "bad_target"),
      refuses("Rfc9112_3_2_DelInTheTarget", line("GET /a\x7f"s + "b HTTP/1.1"), 400, "bad_target"),
      refuses("Rfc9112_3_2_EightBitByteInTheTarget", line("GET /\xc3\xa9 HTTP/1.1"), 400,
              "bad_target"),
      refuses("Rfc9112_3_2_FragmentInTheTarget", line("GET /a#b HTTP/1.1"), 400,
              "fragment_in_target"),
      refuses("Rfc9112_3_2_FragmentInAbsoluteForm", line("GET http://h/#b HTTP/1.1"), 400,
              "fragment_in_target"),
      refuses("Rfc9112_3_2_TargetIsNoForm", line("GET a/b HTTP/1.1"), 400, "bad_target"),
      refuses("Rfc9112_3_2_TargetIsAQueryAlone", line("GET ?a HTTP/1.1"), 400, "bad_target"),
      refuses("Rfc9112_3_2_3_AuthorityFormIsForConnect", line("GET h:80 HTTP/1.1"), 400,
              "bad_target"),
      forwards("Rfc9112_3_2_4_AsteriskFormOfOptionsPasses", line("OPTIONS * HTTP/1.1"),
               reached("OPTIONS *")),
      refuses("Rfc9112_3_2_4_AsteriskFormIsForOptions", line("GET * HTTP/1.1"), 400, "bad_target"),
      forwards("Rfc9112_3_2_4_OptionsOfAnAuthorityIsAsterisk", line("OPTIONS http://h HTTP/1.1"),
               reached("OPTIONS *")),
      forwards("Rfc9112_3_2_4_OptionsOfItsRootIsNot", line("OPTIONS http://h/ HTTP/1.1"),
               reached("OPTIONS /")),
      forwards("Rfc9112_3_2_2_AbsoluteFormBecomesOriginForm", line("GET http://h/a/b?c=d HTTP/1.1"),
               reached("GET /a/b?c=d")),
      forwards("Rfc9112_3_2_1_AbsoluteFormWithoutPathIsTheRoot", line("GET http://h HTTP/1.1"),
               reached("GET /")),
      forwards("Rfc9112_3_2_1_AbsoluteFormWithQueryAloneIsTheRoots",
               line("GET http://h?x=1 HTTP/1.1"), reached("GET /?x=1")),
      forwards("Rfc3986_3_1_SchemesAreCaseInsensitive", line("GET HTTP://h/ HTTP/1.1"),
               reached("GET /")),
      forwards("Rfc9112_3_2_2_HostOfTheAbsoluteFormIsSent",
               head("GET http://h/ HTTP/1.1", "Host: H:80"), reached("GET /")),
      forwards("Rfc3986_3_2_3_AnEmptyPortIsTheDefaultOne", line("GET http://h:/ HTTP/1.1"),
               reached("GET /")),
      forwards("Rfc3986_3_2_3_AnEmptyPortInHostAlone", head("GET http://h/ HTTP/1.1", "Host: h:"),
               reached("GET /")),
      forwards("Rfc3986_3_2_3_AnEmptyPortAndTheDefaultOne",
               head("GET http://h:/ HTTP/1.1", "Host: h:80"), reached("GET /")),
      refuses("Rfc9110_7_4_AnEmptyPortContradictsAnother",
              head("GET http://h:/ HTTP/1.1", "Host: h:81"), 400, "host_mismatch"),
      forwards_and_closes("Rfc9112_3_2_2_AbsoluteFormInHttp10", head("GET http://h/ HTTP/1.0"),
                          "GET / HTTP/1.1\r\nHost: h\r\n" + added("h", "1.0 weir") + "\r\n"),
      refuses("Rfc9112_3_2_2_AbsoluteFormStillNeedsHost", head("GET http://h/ HTTP/1.1"), 400,
              "missing_host"),
      refuses("Rfc9110_7_4_AbsoluteFormContradictsHost", line("GET http://other/ HTTP/1.1"), 400,
              "host_mismatch"),
      refuses("Rfc9110_7_4_AbsoluteFormContradictsThePort", line("GET http://h:81/ HTTP/1.1"), 400,
              "host_mismatch"),
      refuses("Rfc9112_3_2_2_OtherSchemes", line("GET ftp://h/ HTTP/1.1"), 400, "bad_target"),
      refuses("Rfc9110_4_2_4_UserInformationInTheTarget", line("GET http://h@h/ HTTP/1.1"), 400,
              "bad_target"),
      refuses("Rfc9110_4_2_1_EmptyHostInTheTarget", line("GET http:///a HTTP/1.1"), 400,
              "bad_target"),
      refuses("Rfc3986_3_2_2_BadHostInTheTarget", line("GET http://h\"x/ HTTP/1.1"), 400,
              "bad_target"),
      refuses("Rfc3986_3_2_3_BadPortInTheTarget", line("GET http://h:8x/ HTTP/1.1"), 400,
              "bad_target"),
  };
}

Rules versions() {
  return {
      forwards_and_closes("Rfc9112_2_3_Http10IsForwardedAsHttp11",
                          head("GET / HTTP/1.0", "Host: h"),
                          "GET / HTTP/1.1\r\nHost: h\r\n" + added("h", "1.0 weir") + "\r\n"),
      forwards("Rfc9110_2_5_Http12IsServedAsHttp11", line("GET / HTTP/1.2"), reached("GET /")),
      forwards("Rfc9110_2_5_Http19IsServedAsHttp11", line("GET / HTTP/1.9"), reached("GET /")),
      forwards("Rfc9110_2_5_Http12WithABody",
               head("POST / HTTP/1.2", "Host: h", "Content-Length: 3") + "abc",
               reached("POST /", "Content-Length: 3") + "abc"),
      forwards("Rfc9110_2_5_Http12WithChunks",
               head("POST / HTTP/1.2", "Host: h", "Transfer-Encoding:\tchunked\t") +
                   "3\r\nabc\r\n0\r\n\r\n",
               reached("POST /", "Transfer-Encoding: chunked") + chunked("abc")),
      refuses("Rfc9112_3_2_Http12NeedsHost", head("GET / HTTP/1.2"), 400, "missing_host"),
      refuses("Rfc9110_15_6_6_Http20", line("GET / HTTP/2.0"), 505, "bad_version"),
      refuses("Rfc9110_15_6_6_Http30", line("GET / HTTP/3.0"), 505, "bad_version"),
      refuses("Rfc9110_15_6_6_Http09WithItsVersion", line("GET / HTTP/0.9"), 505, "bad_version"),
      refuses("Rfc9110_15_6_6_OtherProtocolsThanHttp", line("GET / RTSP/1.0"), 505, "bad_version"),
      refuses("Rfc9113_3_4_TheHttp2PrefaceIsNamed", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505,
              "http2_preface"),
      refuses("Rfc9112_2_3_SimpleRequestOfHttp09", "GET /\r\n\r\n", 400, "bad_request_line"),
      refuses("Rfc9112_2_3_VersionsAreCaseSensitive", line("GET / http/1.1"), 400,
              "bad_request_line"),
      refuses("Rfc9112_2_3_VersionWithoutMinor", line("GET / HTTP/1"), 400, "bad_request_line"),
      refuses("Rfc9112_2_3_VersionWithoutDot", line("GET / HTTP/11"), 400, "bad_request_line"),
      refuses("Rfc9112_2_3_VersionWithTwoDigits", line("GET / HTTP/1.10"), 400, "bad_request_line"),
      refuses("Rfc9112_2_3_VersionWithLeadingZero", line("GET / HTTP/01.1"), 400,
              "bad_request_line"),
      refuses("Rfc9112_2_3_VersionWithSign", line("GET / HTTP/+1.1"), 400, "bad_request_line"),
      refuses("Rfc9112_3_TwoSpacesBeforeTheVersion", line("GET /  HTTP/1.1"), 400,
              "bad_request_line"),
      refuses("Rfc9112_3_TabBeforeTheVersion", line("GET /\tHTTP/1.1"), 400, "bad_target"),
      refuses("Rfc9112_3_TabBeforeTheTarget", line("GET\t/ HTTP/1.1"), 400, "bad_method"),
      refuses("Rfc9112_3_SpaceAfterTheVersion", line("GET / HTTP/1.1 "), 400, "bad_request_line"),
      refuses("Rfc9112_3_TabAfterTheVersion", line("GET / HTTP/1.1\t"), 400, "bad_request_line"),
      refuses("Rfc9112_3_SpaceBeforeTheMethod", line(" GET / HTTP/1.1"), 400, "bad_method"),
  };
}

Rules line_ends() {
  return {
      forwards("Rfc9112_2_2_OneEmptyLineBeforeTheRequestIsIgnored", "\r\n" + get(),
               reached("GET /")),
      refuses("Rfc9112_2_2_EmptyLineOfLfAlone", "\n" + get(), 400, "bare_lf"),
      refuses("Rfc9112_2_2_EmptyLinesWithoutEnd", "\r\n\r\n\r\n\r\n" + get(), 400,
              "bad_request_line"),
      refuses("Rfc9112_2_2_BareLfEndsTheRequestLine", "GET / HTTP/1.1\nHost: h\r\n\r\n", 400,
              "bare_lf"),
      refuses("Rfc9112_2_2_BareCrEndsTheRequestLine", "GET / HTTP/1.1\rHost: h\r\n\r\n", 400,
              "bad_request_line"),
      refuses("Rfc9112_2_2_BareCrInTheTarget", line("GET /\rx HTTP/1.1"), 400, "bad_request_line"),
      refuses("Rfc9112_2_2_TwoCrBeforeLf", "GET / HTTP/1.1\r\r\nHost: h\r\n\r\n", 400,
              "bad_request_line"),
      refuses("Rfc8446_5_1_ATlsHelloIsNamed", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, 400,
              "tls_on_plain_port"),
      refuses("Rfc8446_5_1_ATlsHelloWithLineEndsInIt", "\x16\x03\x01\x00\n\r\n\r\n"s, 400,
              "tls_on_plain_port"),
      refuses("Rfc9112_3_GarbageIsNoRequest", "hello\r\n\r\n", 400, "bad_request_line"),
      refuses("Rfc9112_2_2_NulIsNoRequest", "\0GET / HTTP/1.1\r\nHost: h\r\n\r\n"s, 400,
              "bad_method"),
  };
}

// What cannot become a request line is refused as soon as that line is there; its sender may wait
// for an answer before it goes on.
Rules first_lines() {
  const auto halts = [](std::string name, const std::string& sent, int status,
                        const std::string& reason) {
    return refuses(std::move(name), sent + "\r\n", status, reason);
  };
  return {
      halts("Rfc5321_4_2_AGreetingOfMailIsRefusedAtOnce", "220 mail ESMTP", 400,
            "bad_request_line"),
      halts("Rfc4253_4_2_AGreetingOfSshIsRefusedAtOnce", "SSH-2.0-OpenSSH_9.2", 400,
            "bad_request_line"),
      halts("Rfc9110_15_6_6_Http30IsRefusedAtOnce", "GET / HTTP/3.0", 505, "bad_version"),
      halts("Rfc9113_3_4_TheLineOfTheHttp2PrefaceIsEnough", "PRI * HTTP/2.0", 505, "http2_preface"),
      halts("Rfc9112_3_2_ATargetWithASpaceIsRefusedAtOnce", "GET /a b HTTP/1.1", 400,
            "bad_request_line"),
      plays(
          "Rfc9112_3_AFirstLineThatComesInPiecesIsRefusedAtItsEnd",
          {client_sends("22"), client_sends("0 mail ES"), client_sends("MTP\r"), client_sends("\n"),
           client_gets(refusal(400, "bad_request_line")), client_sees_close()}),
      plays("Rfc9112_9_3_2_AFirstLineThatIsNoneComesBehindARequest",
            {client_sends(get() + "220 mail ESMTP\r\n"), service_gets(reached("GET /")),
             service_sends(kAnswer), client_gets(kTold + refusal(400, "bad_request_line")),
             client_sees_close()}),
  };
}

Rules request_line_rules() {
  Rules all = methods();
  for (const Rules& more : {targets(), versions(), line_ends(), first_lines()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

// weir's own answer to TRACE, which shows `request`.
std::string shown(const std::string& request) {
  return "HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Type: message/http\r\nContent-Length: " +
         std::to_string(request.size()) + "\r\nx-request-id: {id}\r\n\r\n" + request;
}

Rule shows(std::string name, const std::string& request, const std::string& what) {
  return plays(std::move(name), {client_sends(request), client_gets(shown(what))});
}

Rule shows_all(std::string name, const std::string& request) {
  return shows(std::move(name), request, request);
}

// Where allow_trace is on.
Rules trace_rules() {
  const std::string last = head("TRACE /a?b=c HTTP/1.1", "Host: h", "Max-Forwards: 0");
  return {
      forwards("Rfc9110_9_3_8_TracePassesWhereItIsAllowed", line("TRACE /a HTTP/1.1"),
               reached("TRACE /a")),
      forwards("Rfc9110_9_3_8_FieldsOfTracePass",
               head("TRACE / HTTP/1.1", "Host: h", "Cookie: a=b", "Max-Forwards: x"),
               reached("TRACE /", "Cookie: a=b", "Max-Forwards: x")),
      forwards("Rfc9110_9_3_8_TraceOfLengthZeroPasses",
               head("TRACE / HTTP/1.1", "Host: h", "Content-Length: 0"),
               reached("TRACE /", "Content-Length: 0")),
      refuses("Rfc9110_9_3_8_TraceHasNoContent",
              head("TRACE / HTTP/1.1", "Host: h", "Content-Length: 4") + "body", 400,
              "trace_with_body"),
      refuses("Rfc9110_9_3_8_TraceHasNoChunks",
              head("TRACE / HTTP/1.1", "Host: h", "Transfer-Encoding: chunked") + chunked(""), 400,
              "trace_with_body"),
      refuses("Rfc9110_9_3_8_TraceThatEndsHereHasNoContentEither",
              head("TRACE / HTTP/1.1", "Host: h", "Max-Forwards: 0", "Content-Length: 4") + "body",
              400, "trace_with_body"),
      refuses("Rfc9112_3_2_4_AsteriskFormIsNotForTrace", line("TRACE * HTTP/1.1"), 400,
              "bad_target"),
      refuses("Rfc9110_9_3_6_ConnectIsRefusedWhereTraceIsNot",
              head("CONNECT h:443 HTTP/1.1", "Host: h:443"), 501, "connect_method"),
      forwards("Rfc9110_7_6_2_MaxForwardsOfTraceIsCountedDown",
               head("TRACE / HTTP/1.1", "Host: h", "Max-Forwards: 1"),
               reached("TRACE /", "Max-Forwards: 0")),
      shows_all("Rfc9110_7_6_2_TraceEndsHere", last),
      shows_all("Rfc9110_9_3_8_TraceIsShownAsItCame",
                head("TRACE http://h HTTP/1.1", "hOsT:h", "Connection: x-a", "X-A:  1 ",
                     "max-forwards: 000", "Via: 1.1 before", "X-Empty:", "Content-Length: 0")),
      shows("Rfc9110_9_3_8_TraceShowsNoCredentials",
            head("TRACE / HTTP/1.1", "Host: h", "AUTHORIZATION: Basic eA==", "A: 1",
                 "Proxy-Authorization: Basic eA==", "cookie: a=b", "Cookie: c=d", "X-Api-Key: k",
                 "Max-Forwards: 0", "X-Auth-Token: t"),
            head("TRACE / HTTP/1.1", "Host: h", "A: 1", "Max-Forwards: 0")),
      shows("Rfc9110_9_3_8_TraceDoesNotShowASecretTenant",
            head("TRACE / HTTP/1.1", "X-Customer: acme", "Host: h", "Max-Forwards: 0"),
            head("TRACE / HTTP/1.1", "Host: h", "Max-Forwards: 0")),
      plays("Rfc9112_9_3_2_PipelinedTracesAreAnsweredInOrder",
            {client_sends(last + get() + last), client_gets(shown(last)),
             service_gets(reached("GET /")), service_sends(kAnswer), client_gets(kTold),
             client_gets(shown(last))}),
      refuses(
          "Rfc6585_5_TraceIsBoundedByMaxHead",
          head("TRACE / HTTP/1.1", "Host: h", "Max-Forwards: 0", "A: " + std::string(1024, 'a')),
          431, "head_too_large"),
      plays("Rfc9110_10_2_1_AllowNamesTraceWhereItPasses",
            {client_sends(head("OPTIONS / HTTP/1.1", "Host: h", "Max-Forwards: 0")),
             client_gets("HTTP/1.1 204 No Content\r\nDate: {date}\r\n"
                         "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE\r\n"
                         "x-request-id: {id}\r\n\r\n")}),
  };
}

WEIR_HTTP_RULES(RequestLineRules, request_line_rules);
WEIR_HTTP_RULES(TraceRules, trace_rules);

}  // namespace
}  // namespace weir::testing::rules
