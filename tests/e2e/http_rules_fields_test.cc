// Field lines and Host (RFC 9112 §5 and §3.2, RFC 9110 §5 and §7.2).
#include "tests/e2e/http_rules_stage.h"

namespace weir::testing::rules {
namespace {

using namespace std::string_literals;

struct FieldRules : RuleTest<FieldRules> {
  static constexpr const char* kConfig = "chain: []\n";
};

// A request whose Host is special.
std::string with_host(const std::string& line) { return head("GET / HTTP/1.1", line); }
std::string reached_host(const std::string& host, const std::string& name = "Host") {
  return "GET / HTTP/1.1\r\n" + name + ": " + host + "\r\n" + added(host) + "\r\n";
}
std::string many_fields(std::size_t count) {
  std::string text = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (std::size_t i = 1; i < count; ++i) text += "X-" + std::to_string(i) + ": 1\r\n";
  return text + "\r\n";
}

Rules names() {
  return {
      forwards("Rfc9110_5_1_UnknownFieldsPass", get("X-Whatever: 1"),
               reached("GET /", "X-Whatever: 1")),
      forwards("Rfc9110_5_1_SpellingOfNamesIsKept", get("x-wHATEVER: 1"),
               reached("GET /", "x-wHATEVER: 1")),
      forwards("Rfc9110_5_6_2_AnyTokenIsAName", get("!#$%&'*+-.^_`|~9: 1"),
               reached("GET /", "!#$%&'*+-.^_`|~9: 1")),
      forwards("Rfc9110_5_3_SameNamesKeepTheirOrder", get("X-A: 1", "X-B: 2", "x-a: 3", "X-A: 0"),
               reached("GET /", "X-A: 1", "X-B: 2", "x-a: 3", "X-A: 0")),
      forwards("Rfc9110_5_1_UnderscoreIsNoHyphen", get("Content_Length: 3"), reached("GET /")),
      forwards("Rfc3875_4_1_18_AnUnderscoreThatCgiTakesForNoFieldOfWeirs", get("X_Own: 3"),
               reached("GET /", "X_Own: 3")),
      forwards("Rfc3875_4_1_18_AnUnderscoreThatCgiTakesForAFieldOfWeirs",
               get("X_Forwarded_For: 1.2.3.4", "x-request_id: 1", "X_Real_IP: 1.2.3.4"),
               reached("GET /")),
      refuses("Rfc9112_5_1_SpaceBeforeTheColon", get("X-A : 1"), 400, "space_before_colon"),
      refuses("Rfc9112_5_1_TabBeforeTheColon", get("X-A\t: 1"), 400, "space_before_colon"),
      refuses("Rfc9110_5_6_2_EmptyName", get(": 1"), 400, "empty_field_name"),
      refuses("Rfc9113_8_3_PseudoFieldsAreNotOfThisVersion", get(":authority: h"), 400,
              "empty_field_name"),
      refuses("Rfc9112_5_LineWithoutColon", get("X-A"), 400, "missing_colon"),
      refuses("Rfc9112_5_SpaceInAName", get("X A: 1"), 400, "bad_field_name"),
      refuses("Rfc9110_5_6_2_SeparatorInAName", get("X(A): 1"), 400, "bad_field_name"),
      refuses("Rfc9110_5_6_2_QuotesAroundAName", get("\"X-A\": 1"), 400, "bad_field_name"),
      refuses("Rfc9110_5_6_2_EightBitByteInAName", get("X-\xc3\xa9: 1"), 400, "bad_field_name"),
      refuses("Rfc9110_5_6_2_NulInAName", get("X-\0A: 1"s), 400, "control_character"),
      refuses("Rfc9110_5_6_2_ControlCharacterInAName", get("X-\x01"s + "A: 1"), 400,
              "control_character"),
      refuses("Rfc9112_5_SecondRequestLineAmongFields", get("GET /b HTTP/1.1"), 400,
              "bad_field_name"),
  };
}

Rules values() {
  return {
      forwards("Rfc9112_5_1_SpaceAroundAValueIsNotPartOfIt", get("X-A: \t one two \t "),
               reached("GET /", "X-A: one two")),
      forwards("Rfc9112_5_1_NoSpaceBeforeAValueIsNeeded", get("X-A:1"), reached("GET /", "X-A: 1")),
      forwards("Rfc9110_5_5_EmptyValuesPass", get("X-A:"), reached("GET /", "X-A: ")),
      forwards("Rfc9110_5_5_TabWithinAValuePasses", get("X-A: one\ttwo"),
               reached("GET /", "X-A: one\ttwo")),
      forwards("Rfc9110_5_5_EightBitBytesInAValuePass", get("X-A: caf\xc3\xa9 \xff"),
               reached("GET /", "X-A: caf\xc3\xa9 \xff")),
      forwards("Rfc9110_5_5_ColonsQuotesAndCommasPass", get("X-A: a:\"b,\\\"c\", d"),
               reached("GET /", "X-A: a:\"b,\\\"c\", d")),
      refuses("Rfc9110_5_5_NulInAValue", get("X-A: a\0b"s), 400, "control_character"),
      refuses("Rfc9110_5_5_NulAtTheEndOfAValue", get("X-A: a\0"s), 400, "control_character"),
      refuses("Rfc9110_5_5_DelInAValue", get("X-A: a\x7f"), 400, "control_character"),
      refuses("Rfc9110_5_5_VerticalTabInAValue", get("X-A: a\vb"), 400, "control_character"),
      refuses("Rfc9110_5_5_FormFeedInAValue", get("X-A: a\fb"), 400, "control_character"),
      refuses("Rfc9110_5_5_EscapeInAValue", get("X-A: \x1b[2J"), 400, "control_character"),
      refuses("Rfc9110_5_5_BareCrInAValue", get("X-A: a\rb"), 400, "bare_cr"),
      refuses("Rfc9110_5_5_BareCrBeforeAField", get("X-A: a\rX-B: b"), 400, "bare_cr"),
      refuses("Rfc9112_2_2_BareLfEndsAField", get("X-A: a\nX-B: b"), 400, "bare_lf"),
      refuses("Rfc9112_2_2_BareLfHidesASecondRequest", get("X-A: a\n\nGET /b HTTP/1.1"), 400,
              "bare_lf"),
      refuses("Rfc9112_2_2_TwoCrEndAField", get("X-A: a\r"), 400, "bare_cr"),
  };
}

Rules lines() {
  return {
      refuses("Rfc9112_5_2_ObsFoldWithSpace", get("X-A: a\r\n b"), 400, "obs_fold"),
      refuses("Rfc9112_5_2_ObsFoldWithTab", get("X-A: a\r\n\tb"), 400, "obs_fold"),
      refuses("Rfc9112_5_2_ObsFoldThatLooksLikeAField", get("X-A: a\r\n X-B: b"), 400, "obs_fold"),
      refuses("Rfc9112_5_2_ObsFoldOfTheFraming",
              post("Transfer-Encoding:\r\n chunked") + "0\r\n\r\n", 400, "obs_fold"),
      refuses("Rfc9112_5_2_ObsFoldOfTheLength", post("Content-Length:\r\n 3") + "abc", 400,
              "obs_fold"),
      refuses("Rfc9112_5_2_ObsFoldOfHost", head("GET / HTTP/1.1", "Host:\r\n h"), 400, "obs_fold"),
      refuses("Rfc9112_5_2_ObsFoldOfSpacesAlone", get("X-A: a\r\n "), 400, "obs_fold"),
      refuses("Rfc9112_5_2_ObsFoldInHttp10", head("GET / HTTP/1.0", "Host: h", "X-A: a\r\n b"), 400,
              "obs_fold"),
      refuses("Rfc9112_2_2_SpaceBeforeTheFirstField", head("GET / HTTP/1.1", " Host: h", "Host: h"),
              400, "leading_whitespace"),
      refuses("Rfc9112_2_2_TabBeforeTheFirstField", head("GET / HTTP/1.1", "\tX: y", "Host: h"),
              400, "leading_whitespace"),
      refuses("Rfc9112_2_2_HeadEndsWithBareLf", "GET / HTTP/1.1\r\nHost: h\r\n\n", 400, "bare_lf"),
      refuses("Rfc9112_2_2_HeadOfBareLfs", "GET / HTTP/1.1\nHost: h\n\n", 400, "bare_lf"),
      refuses("Rfc9112_2_2_HeadEndsWithLfCrLf", "GET / HTTP/1.1\r\nHost: h\n\r\n", 400, "bare_lf"),
      refuses("Rfc9112_2_2_BareCrAtTheEndOfTheHead", "GET / HTTP/1.1\r\nHost: h\r\n\rX: y\r\n\r\n",
              400, "bare_cr"),
      refuses("Rfc9112_2_2_TwoCrAtTheEndOfTheHead", "GET / HTTP/1.1\r\nHost: h\r\n\r\r\n\r\n", 400,
              "bare_cr"),
      forwards("Rfc6585_5_AHundredFieldsPass", many_fields(100),
               [] {
                 std::string text = many_fields(100);
                 text.resize(text.size() - 2);
                 return text + added() + "\r\n";
               }()),
      refuses("Rfc6585_5_MoreFieldsThan256", many_fields(300), 431, "too_many_fields"),
      refuses("Rfc6585_5_MoreItemsThan64InConnection",
              head("GET / HTTP/1.1", "Host: h", "Connection: a" + std::string(64, ',')), 431,
              "too_many_fields"),
      refuses("Rfc6585_5_MoreItemsThan64InTrailer",
              head("GET / HTTP/1.1", "Host: h", "Trailer: a" + std::string(40, ','),
                   "Trailer: a" + std::string(40, ',')),
              431, "too_many_fields"),
  };
}

Rules hosts() {
  return {
      forwards("Rfc9110_7_2_HostPassesAsItCame", with_host("hOST: Ex_1.Example:8080"),
               reached_host("Ex_1.Example:8080", "hOST")),
      forwards("Rfc9110_7_2_HostComesFirst", head("GET / HTTP/1.1", "X-A: 1", "Host: h"),
               reached("GET /", "X-A: 1")),
      forwards("Rfc3986_3_2_2_Ipv6LiteralInHost", with_host("Host: [2001:db8::1]:80"),
               reached_host("[2001:db8::1]:80")),
      forwards("Rfc3986_3_2_2_RootDotInHost", with_host("Host: example.com."),
               reached_host("example.com.")),
      forwards("Rfc3986_3_2_3_EmptyPortInHost", with_host("Host: h:"), reached_host("h:")),
      forwards("Rfc9110_7_6_1_HostListedInConnectionStays", get("Connection: host"),
               reached("GET /")),
      refuses("Rfc9112_3_2_MissingHost", head("GET / HTTP/1.1"), 400, "missing_host"),
      refuses("Rfc9112_3_2_TwoHosts", with_host("Host: h\r\nHost: i"), 400, "duplicate_host"),
      refuses("Rfc9112_3_2_TheSameHostTwice", with_host("Host: h\r\nHost: h"), 400,
              "duplicate_host"),
      refuses("Rfc9112_3_2_TwoHostsInHttp10",
              head("GET / HTTP/1.0", "Host: h", "X-A: 1", "host: h"), 400, "duplicate_host"),
      refuses("Rfc9110_4_2_1_EmptyHost", with_host("Host:"), 400, "bad_host"),
      refuses("Rfc9112_3_2_ListInHost", with_host("Host: h, i"), 400, "bad_host"),
      refuses("Rfc9112_3_2_SpaceInHost", with_host("Host: h i"), 400, "bad_host"),
      refuses("Rfc9112_3_2_PathInHost", with_host("Host: h/x"), 400, "bad_host"),
      refuses("Rfc9112_3_2_UrlInHost", with_host("Host: http://h"), 400, "bad_host"),
      refuses("Rfc9112_3_2_QueryInHost", with_host("Host: h?x"), 400, "bad_host"),
      refuses("Rfc9112_3_2_FragmentInHost", with_host("Host: h#x"), 400, "bad_host"),
      refuses("Rfc9112_3_2_UserInformationInHost", with_host("Host: u@h"), 400, "bad_host"),
      refuses("Rfc9112_3_2_BackslashInHost", with_host("Host: h\\i"), 400, "bad_host"),
      refuses("Rfc9112_3_2_EightBitByteInHost", with_host("Host: h\xc3\xa9"), 400, "bad_host"),
      refuses("Rfc9112_3_2_LettersInThePortOfHost", with_host("Host: h:8x"), 400, "bad_host"),
      refuses("Rfc9112_3_2_TwoPortsInHost", with_host("Host: h:80:81"), 400, "bad_host"),
      refuses("Rfc9112_3_2_PortWithoutHost", with_host("Host: :80"), 400, "bad_host"),
      refuses("Rfc3986_3_2_3_PortOfHostIsTooLarge", with_host("Host: h:65536"), 400, "bad_host"),
      refuses("Rfc3986_3_2_2_UnclosedLiteralInHost", with_host("Host: [::1"), 400, "bad_host"),
      forwards("Rfc3986_3_2_2_Ipv4InAnIpv6LiteralOfHost", with_host("Host: [::ffff:192.0.2.1]"),
               reached_host("[::ffff:192.0.2.1]")),
      forwards("Rfc3986_3_2_2_IpvFutureInHost", with_host("Host: [v1F.a~+:b]:80"),
               reached_host("[v1F.a~+:b]:80")),
      forwards("Rfc3986_2_1_PercentEncodingInHost", with_host("Host: a%2Db"),
               reached_host("a%2Db")),
      refuses("Rfc3986_2_1_BadPercentEncodingInHost", with_host("Host: a%zz"), 400, "bad_host"),
      refuses("Rfc3986_2_1_UnfinishedPercentEncodingInHost", with_host("Host: a%2"), 400,
              "bad_host"),
      refuses("Rfc3986_2_1_UnfinishedPercentEncodingBeforeAPort", with_host("Host: a%2:80"), 400,
              "bad_host"),
      refuses("Rfc3986_3_2_2_ThreeColonsInALiteralOfHost", with_host("Host: [:::]"), 400,
              "bad_host"),
      refuses("Rfc3986_3_2_2_EmptyLiteralInHost", with_host("Host: []"), 400, "bad_host"),
      refuses("Rfc3986_3_2_2_Ipv4InBracketsOfHost", with_host("Host: [192.0.2.1]"), 400,
              "bad_host"),
      refuses("Rfc3986_3_2_2_IpvFutureWithoutAVersion", with_host("Host: [v.a]"), 400, "bad_host"),
      refuses("Rfc3986_3_2_2_IpvFutureWithoutAnAddress", with_host("Host: [v1.]"), 400, "bad_host"),
      refuses("Rfc3986_3_2_2_IpvFutureWithAPercentSign", with_host("Host: [v1.a%2D]"), 400,
              "bad_host"),
      refuses("Rfc3986_3_2_2_LongLiteralInHost",
              with_host("Host: [" + std::string(5000, '0') + "::1]"), 400, "bad_host"),
      refuses("Rfc3986_3_2_2_BadLiteralInHost", with_host("Host: [::g]"), 400, "bad_host"),
      refuses("Rfc3986_3_2_2_TextAfterALiteralInHost", with_host("Host: [::1]h"), 400, "bad_host"),
      refuses("Rfc9112_5_1_SpaceBeforeTheColonOfHost", with_host("Host : h"), 400,
              "space_before_colon"),
  };
}

Rules field_rules() {
  Rules all = names();
  for (const Rules& more : {values(), lines(), hosts()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

WEIR_HTTP_RULES(FieldRules, field_rules);

}  // namespace
}  // namespace weir::testing::rules
