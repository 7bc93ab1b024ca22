// What weir itself says: status, problem body (RFC 9457), Proxy-Status (RFC 9209), Retry-After and
// the fields of draft-ietf-httpapi-ratelimit-headers-10; and what becomes of the connection.
#include "tests/e2e/http_rules_stage.h"

namespace weir::testing::rules {
namespace {

// Each rule that uses up a quota has a tenant of its own.
struct ErrorRules : RuleTest<ErrorRules> {
  static constexpr const char* kConfig = R"(
tenant: {from: header x-tenant, default: guest, unknown: refuse}
tenants:
  guest: {}
  evil: {deny: true}
  a: {rate: 1/h, burst: 1}
  b: {rate: 2/d, burst: 1}
  c: {rate: 1/h, burst: 1}
  d: {rate: 1/h, burst: 1}
  e: {rate: 1/h, burst: 1}
  f: {rate: 1/h, burst: 1}
  g: {rate: 1/h, burst: 1}
  i: {rate: 1/h, burst: 1}
chain:
  - token_bucket: {key: tenant}
  - concurrency_limit: {limit: 1}
)";
};
struct NamedErrorRules : RuleTest<NamedErrorRules> {
  static constexpr const char* kConfig =
      "name: edge-1\nchain: []\ntenants: {evil: {deny: true}, \"*\": {}}\n";
};

Refusal denied(const std::string& reason) {
  Refusal r;
  r.status = 403;
  r.reason = reason;
  return r;
}
Refusal over_quota(const std::string& tenant, const std::string& amount) {
  Refusal r;
  r.status = 429;
  r.reason = "quota_exceeded";
  r.filter = "token_bucket";
  r.policy = tenant;
  r.fields = "Retry-After: {n}\r\nRateLimit-Policy: \"" + tenant + "\";" + amount +
             "\r\nRateLimit: \"" + tenant + "\";r=0;t={n}\r\n";
  return r;
}
Refusal over_quota(const std::string& tenant) { return over_quota(tenant, "q=1;w=3600"); }
Refusal closing(Refusal r) {
  r.closing = true;
  return r;
}
Refusal full() {
  Refusal r;
  r.status = 503;
  r.reason = "concurrency_limit";
  r.filter = "concurrency_limit";
  r.fields = "Retry-After: {n}\r\n";
  return r;
}

// A tenant whose only token is gone, then these steps.
Rule without_quota(std::string name, const std::string& tenant, const std::vector<Step>& steps) {
  const std::string line = "X-Tenant: " + tenant;
  std::vector<Step> all = {client_sends(get(line)), service_gets(reached("GET /", line)),
                           service_sends(kAnswer), client_gets(kTold)};
  all.insert(all.end(), steps.begin(), steps.end());
  return {std::move(name), std::move(all)};
}

Rules quotas() {
  const auto request = [](const std::string& tenant, const std::string& line) {
    return post("X-Tenant: " + tenant, line);
  };
  const std::string rest(60'000, 'x');
  Refusal to_head = over_quota("d");
  to_head.to_head = true;
  Refusal keeping = over_quota("i");
  keeping.keeping = true;
  return {
      without_quota("Rfc6585_4_AQuotaIs429AndNamesItsPolicy", "a",
                    {client_sends(get("X-Tenant: a")), client_gets(refusal(over_quota("a")))}),
      without_quota(
          "DraftRateLimit10_3_TheWindowIsThatOfTheRate", "b",
          {client_sends(get("X-Tenant: b")), client_gets(refusal(over_quota("b", "q=2;w=86400")))}),
      without_quota("Rfc9110_10_1_1_ARefusedUploadIsNeverAskedFor", "c",
                    {client_sends(post("X-Tenant: c", "Expect: 100-continue", "Content-Length: 3")),
                     client_gets(refusal(closing(over_quota("c")))), client_sees_close()}),
      without_quota("Rfc9110_9_3_2_ARefusalOfHeadHasNoBody", "d",
                    {client_sends(head("HEAD / HTTP/1.1", "Host: h", "X-Tenant: d")),
                     client_gets(refusal(to_head))}),
      without_quota("Rfc9112_9_3_ARefusedBodyIsThrownAway", "e",
                    {client_sends(request("e", "Content-Length: 3") + "abc"),
                     client_gets(refusal(over_quota("e")))}),
      without_quota("Rfc9112_9_3_ARefusedBodyStillToComeIsThrownAway", "f",
                    {client_sends(request("f", "Content-Length: 60000")),
                     client_gets(refusal(over_quota("f"))), client_sends(rest)}),
      without_quota("Rfc9112_9_6_ARefusedLargeBodyEndsTheConnection", "g",
                    {client_sends(request("g", "Content-Length: 1000000")),
                     client_gets(refusal(closing(over_quota("g")))), client_sees_close()}),
      without_quota("Rfc9112_9_3_ARefusalOfHttp10SaysKeepAlive", "i",
                    {client_sends(head("GET / HTTP/1.0", "X-Tenant: i", "Connection: keep-alive")),
                     client_gets(refusal(keeping))}),
  };
}

Rules others() {
  return {
      plays("Rfc9110_15_5_4_ADeniedTenantIs403",
            {client_sends(get("X-Tenant: evil")), client_gets(refusal(denied("tenant_denied")))}),
      plays(
          "Rfc9110_15_5_4_AnUnknownTenantIs403",
          {client_sends(get("X-Tenant: nobody")), client_gets(refusal(denied("tenant_unknown")))}),
      plays("Rfc9112_9_6_ARefusalHeedsClose",
            {client_sends(get("X-Tenant: evil", "Connection: close")),
             client_gets(refusal(closing(denied("tenant_denied")))), client_sees_close()}),
      plays("Rfc9112_9_3_ARefusalOfHttp10Closes",
            {client_sends(head("GET / HTTP/1.0", "X-Tenant: evil")),
             client_gets(refusal(closing(denied("tenant_denied")))), client_sees_close()}),
      plays("Rfc9112_9_3_2_ARefusalInAPipelineKeepsItsPlace",
            {client_sends(get() + get("X-Tenant: evil") + get()), service_gets(reached("GET /")),
             service_sends(kAnswer), service_gets(reached("GET /")), service_sends(kAnswer),
             client_gets(kTold + refusal(denied("tenant_denied")) + kTold)}),
      plays("Rfc9112_9_3_ARefusedChunkedBodyThatIsHereIsThrownAway",
            {client_sends(post("X-Tenant: evil", "Transfer-Encoding: chunked") +
                          "3\r\nabc\r\n0\r\n\r\n"),
             client_gets(refusal(denied("tenant_denied")))}),
      plays("Rfc9112_9_6_ARefusedChunkedBodyWithoutEndEndsTheConnection",
            {client_sends(post("X-Tenant: evil", "Transfer-Encoding: chunked") + "3\r\nabc\r\n"),
             client_gets(refusal(closing(denied("tenant_denied")))), client_sees_close()}),
      plays("Rfc9110_15_6_4_CapacityIs503WithRetryAfter",
            {client_sends(get(), 0), service_gets(reached("GET /")), client_sends(get(), 1),
             client_gets(refusal(full()), 1), service_sends(kAnswer), client_gets(kTold, 0)}),
      plays("Rfc9110_10_1_1_AShedUploadIsNeverAskedFor",
            {client_sends(get(), 0), service_gets(reached("GET /")),
             client_sends(post("Expect: 100-continue", "Content-Length: 3"), 1),
             client_gets(refusal(closing(full())), 1), client_sees_close(1), service_sends(kAnswer),
             client_gets(kTold, 0)}),
      plays("Design_5_TheRequestIdIsInARefusalToo",
            {client_sends(get("X-Tenant: evil", "X-Request-Id: my-own-id")),
             client_gets("HTTP/1.1 403 Forbidden\r\nContent-Type: application/problem+json\r\n"
                         "Content-Length: {length}\r\nDate: {date}\r\n"
                         "Proxy-Status: weir; error=http_request_denied; "
                         "details=\"tenant_denied\"\r\nx-request-id: my-own-id\r\n\r\n"
                         "{\"type\":\"about:blank\",\"status\":403,\"title\":\"Forbidden\","
                         "\"detail\":\"{text}\",\"reason\":\"tenant_denied\","
                         "\"request_id\":\"my-own-id\"}\n{end}")}),
      plays("Rfc8259_7_AnUnfriendlyRequestIdIsQuotedInTheProblem",
            {client_sends(get("X-Tenant: evil", "X-Request-Id: a\"b\\c")),
             client_gets("HTTP/1.1 403 Forbidden\r\n{rest}{\"type\":\"about:blank\",\"status\":403,"
                         "\"title\":\"Forbidden\",\"detail\":\"{text}\","
                         "\"reason\":\"tenant_denied\",\"request_id\":\"a\\\"b\\\\c\"}\n")}),
  };
}

// What is refused before it is a request, as far as its method has come.
Rules to_head() {
  const auto without_body = [](std::string name, const std::string& request, int status,
                               const std::string& reason) {
    Refusal r;
    r.status = status;
    r.reason = reason;
    r.closing = r.to_head = true;
    r.identified = false;
    return plays(std::move(name),
                 {client_sends(request), client_gets(refusal(r)), client_sees_close()});
  };
  const auto ask = [](const auto&... lines) { return head("HEAD / HTTP/1.1", lines...); };
  return {
      without_body("Rfc9110_9_3_2_HeadWithABadField", ask("Host: h", "X : 1"), 400,
                   "space_before_colon"),
      without_body("Rfc9110_9_3_2_HeadWithoutHost", ask(), 400, "missing_host"),
      without_body("Rfc9110_9_3_2_HeadWithBadFraming", ask("Host: h", "Content-Length: x"), 400,
                   "bad_content_length"),
      without_body("Rfc9110_9_3_2_HeadWithAnUnknownCoding",
                   ask("Host: h", "Transfer-Encoding: gzip, chunked"), 501,
                   "unknown_transfer_coding"),
      without_body("Rfc9110_9_3_2_HeadWithALargeBody",
                   ask("Host: h", "Content-Length: 99999999999"), 413, "body_too_large"),
      without_body("Rfc9110_9_3_2_HeadWithALargeHead", ask("Host: h", std::string(40'000, 'x')),
                   431, "head_too_large"),
      without_body("Rfc9110_9_3_2_HeadWithALongTarget",
                   "HEAD /" + std::string(40'000, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414,
                   "target_too_long"),
      without_body("Rfc9110_9_3_2_HeadWithABareLf", "HEAD / HTTP/1.1\nHost: h\n\n", 400, "bare_lf"),
      without_body("Rfc9110_9_3_2_HeadOfAnotherVersion", head("HEAD / HTTP/2.0", "Host: h"), 505,
                   "bad_version"),
      plays("Rfc9110_9_3_2_HeadInPiecesWithABadField",
            {client_sends("HE"), client_sends("AD / HTTP/1.1\r\nHost: h\r\nX"),
             client_sends(" : 1\r\n\r\n"), client_gets([] {
               Refusal r;
               r.status = 400;
               r.reason = "space_before_colon";
               r.closing = r.to_head = true;
               r.identified = false;
               return refusal(r);
             }()),
             client_sees_close()}),
      plays("Rfc9110_9_3_2_HeadWithABadChunk",
            {client_sends(ask("Host: h", "Transfer-Encoding: chunked") + "x\r\n"), client_gets([] {
               Refusal r;
               r.status = 400;
               r.reason = "bad_chunk_size";
               r.closing = r.to_head = true;
               return refusal(r);
             }()),
             client_sees_close()}),
      refuses("Rfc9110_9_1_AMethodThatBeginsWithHeadIsAnother", head("HEADER / HTTP/1.1", "X : 1"),
              400, "space_before_colon"),
  };
}

Rules error_rules() {
  Rules all = quotas();
  for (const Rules& more : {others(), to_head()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

Rules named_error_rules() {
  Refusal by_name = denied("tenant_denied");
  by_name.name = "edge-1";
  return {
      plays("Rfc9209_2_ProxyStatusNamesTheDeployment",
            {client_sends(get("X-Tenant: evil")), client_gets(refusal(by_name))}),
  };
}

WEIR_HTTP_RULES(ErrorRules, error_rules);
WEIR_HTTP_RULES(NamedErrorRules, named_error_rules);

// There is no service that could be asked afterwards.
TEST(HttpRuleOfErrors, Rfc9209_2_3_2_AServiceThatIsNotThereIs502) {
  Stage stage("chain: []\n");
  stage.stop_listening();
  Socket client = Socket::connect(stage.weir().address());
  client.write_all(get() + get("Connection: close"));
  std::string got;
  EXPECT_EQ(client.read_to_end(got), Socket::Status::ok);
  Refusal gone;
  gone.status = 502;
  gone.reason = "connect_failure";
  const std::size_t second = got.find("HTTP/1.1 502", 1);
  ASSERT_NE(second, std::string::npos) << readable(got);
  EXPECT_EQ(match(refusal(gone), got.substr(0, second)).state, Match::State::whole)
      << readable(got);
  gone.closing = true;
  EXPECT_EQ(match(refusal(gone), got.substr(second)).state, Match::State::whole) << readable(got);
}

}  // namespace
}  // namespace weir::testing::rules
