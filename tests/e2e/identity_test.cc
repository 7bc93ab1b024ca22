// Whose a request is, and which route it takes: what two readers could read in two ways.
#include <string>

#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kExempt =
    "tenants: {'*': {rate: 1/h, burst: 1}}\n"
    "chain: [token_bucket: {key: tenant}]\n"
    "routes: [{match: {path: /healthz}, chain: []}, {match: {path_prefix: /open}, chain: []}]\n";

class AmbiguousPath : public ::testing::TestWithParam<const char*> {};

TEST_P(AmbiguousPath, IsRefusedWhereRoutesReadPaths) {
  Service service;
  Weir weir(service.text(), kExempt);
  const Response r = weir.get(GetParam());
  EXPECT_EQ(r.status, 400) << GetParam();
  EXPECT_THAT(r.body, HasSubstr("\"ambiguous_path\""));
  EXPECT_EQ(service.counts().begun, 0U);
}

TEST_P(AmbiguousPath, PassesAsItCameWhereNoRouteReadsPaths) {
  Service service;
  Weir weir(service.text(), "chain: []\n");
  EXPECT_EQ(weir.get(GetParam()).status, 200);
  EXPECT_EQ(service.last_request().target, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Tricks, AmbiguousPath,
                         ::testing::Values("/api/../healthz", "/api/%2e%2e/healthz",
                                           "/api/%2E./healthz", "/api/search/..%2f..%2fhealthz",
                                           "/api/search/..%2F..%2fhealthz?q=1", "//healthz",
                                           "/.//healthz", "/%2fhealthz", "/healthz/.", "/./healthz",
                                           "/open/..;/api", "/open/..;x=1/api", "/open/%2e%2e;/api",
                                           "/open/.;/api", "/open/%5c..%5capi", "/healthz%00",
                                           "/open/%2e%2e%2fapi", "/open/.."));

TEST(AmbiguousPaths, EverydayPathsTakeTheirRoute) {
  Service service;
  Weir weir(service.text(), kExempt);
  for (const char* path :
       {"/open//a", "/open/a%2Fb", "/healthz", "/healthz?a=../b", "/%68ealthz", "/open/a%20b",
        "/open/", "/open/a.b/..c/c..", "/open/;x", "/open/a;..b"}) {
    for (int i = 0; i < 3; ++i) EXPECT_EQ(weir.get(path).status, 200) << path;
  }
  EXPECT_EQ(weir.get("/api/group%2Fname").status, 200);
  EXPECT_EQ(service.last_request().target, "/api/group%2Fname");
  EXPECT_EQ(weir.get("/healthz/").status, 429) << "another path than /healthz";
}

TEST(AmbiguousPaths, TheNormalisedOneIsSentOnWhereAsked) {
  Service service;
  Weir weir(service.text(), std::string(kExempt) + "paths: {ambiguous: forward_normalised}\n");
  EXPECT_EQ(weir.get("/open/x/..%2fa%20b?q=%2f").status, 200);
  EXPECT_EQ(service.last_request().target, "/open/a%20b?q=%2f");
  EXPECT_EQ(weir.get("/open/../api").status, 200) << "its one token";
  EXPECT_EQ(service.last_request().target, "/api");
  EXPECT_EQ(weir.get("/open/../api").status, 429);
}

TEST(AmbiguousPaths, TheRawOneDecidesWhereAsked) {
  Service service;
  Weir weir(service.text(), std::string(kExempt) + "paths: {ambiguous: by_raw}\n");
  EXPECT_EQ(weir.get("/api/%2e%2e/healthz").status, 200);
  EXPECT_EQ(weir.get("/api/%2e%2e/healthz").status, 429);
  EXPECT_EQ(service.last_request().target, "/api/%2e%2e/healthz");
}

TEST(AmbiguousPaths, ThousandsOfSegmentsAreRefused) {
  Service service;
  Weir weir(service.text(), "chain: []\n");
  std::string path;
  while (path.size() < 30'000) path += "/a/%2e%2e";
  EXPECT_EQ(weir.get(path).status, 400);
}

struct KeyCase {
  const char* key;
  const char* target;
  Headers twice;
};

TEST(AmbiguousKeys, SeveralDifferentValuesAreRefusedAndEqualOnesAreOne) {
  for (const KeyCase& c :
       {KeyCase{"header x-k", "/", {{"x-k", "a"}, {"x-k", "b"}}},
        KeyCase{"query k", "/?k=a&k=b", {}}, KeyCase{"query k", "/?k=a&%6b=b", {}},
        KeyCase{"cookie k", "/", {{"cookie", "k=a; k=b"}}},
        KeyCase{"cookie k", "/", {{"cookie", "k=a"}, {"cookie", "k=b"}}}}) {
    Service service;
    Weir weir(service.text(),
              "chain: [token_bucket: {key: " + std::string(c.key) + ", rate: 1000/s}]\n");
    const Response r = weir.get(c.target, c.twice);
    EXPECT_EQ(r.status, 400) << c.key << ' ' << c.target;
    EXPECT_THAT(r.body, HasSubstr("\"ambiguous_key\""));
  }
  Service service;
  Weir weir(service.text(), "tenant: {from: header x-tenant}\nchain: []\n");
  EXPECT_EQ(weir.get("/", {{"x-tenant", "a"}, {"x-tenant", "a"}}).status, 200);
  EXPECT_EQ(weir.get("/", {{"x-tenant", "a"}, {"x-tenant", "b"}}).status, 400);
  EXPECT_EQ(weir.get("/", {{"x-tenant", "a, b"}}).status, 400) << "as a proxy joins two lines";
}

TEST(Keys, ANameInAQueryIsDecodedAndAbsentIsEmpty) {
  Service service;
  Weir weir(service.text(), "chain: [token_bucket: {key: query k, rate: 1/h, burst: 1}]\n");
  EXPECT_EQ(weir.get("/?%6b=a%20b").status, 200);
  EXPECT_EQ(weir.get("/?k=a%20b").status, 429);
  EXPECT_EQ(weir.get("/").status, 200);
  EXPECT_EQ(weir.get("/?k=").status, 429);
}

TEST(TenantsByAddress, TheLongestRangeDecides) {
  Service service;
  Weir weir(
      service.text(),
      "tenant: {from: client_ip}\ntrusted_proxies: [127.0.0.0/8]\n"
      "tenants: {10.0.0.0/8: {deny: true}, 10.1.0.0/16: {rate: 1000/s}, 10.1.2.3: {deny: true},"
      " '2001:DB8::/32': {deny: true}, '2001:db8:1::1': {rate: 1000/s}}\nchain: []\n");
  const auto from = [&](const char* address) {
    return weir.get("/", {{"x-forwarded-for", address}}).status;
  };
  EXPECT_EQ(from("10.2.0.1"), 403);
  EXPECT_EQ(from("10.1.0.1"), 200);
  EXPECT_EQ(from("10.1.2.3"), 403);
  EXPECT_EQ(from("11.0.0.1"), 200);
  EXPECT_EQ(from("2001:db8::7"), 403);
  EXPECT_EQ(from("2001:db8:1:0::1"), 200);
}

TEST(Tenants, ASecretNameIsNowhereInARefusal) {
  Service service;
  Weir weir(service.text(),
            "tenant: {from: header x-api-key, secret: true}\n"
            "tenants: {k-5d0c4f: {rate: 1/h, burst: 1}}\nchain: [token_bucket: {key: tenant}]\n");
  const Headers key = {{"x-api-key", "k-5d0c4f"}};
  EXPECT_EQ(weir.get("/", key).status, 200);
  const Response r = weir.get("/", key);
  ASSERT_EQ(r.status, 429);
  EXPECT_THAT(r.body, Not(HasSubstr("k-5d0c4f")));
  EXPECT_THAT(r.headers["ratelimit"], Not(HasSubstr("k-5d0c4f")));
  EXPECT_THAT(r.headers["ratelimit"], HasSubstr("sha256:"));
  EXPECT_THAT(r.headers["ratelimit-policy"], Not(HasSubstr("k-5d0c4f")));
}

TEST(Tenants, ARouteWithoutTenantAsksForNone) {
  Service service;
  Weir weir(service.text(),
            "tenant: {unknown: refuse}\ntenants: {evil: {deny: true}}\n"
            "routes: [{match: {path: /healthz}, tenant: none, chain: []}]\n");
  EXPECT_EQ(weir.get("/").status, 403);
  EXPECT_EQ(weir.get("/healthz").status, 200);
  EXPECT_EQ(weir.get("/healthz", {{"x-tenant", "evil"}}).status, 200);
  EXPECT_EQ(weir.metrics().value("weir_arrivals_total", {{"tenant", "none"}}), 2);
}

TEST(Tenants, OneThatIsNamedAsALabelHasALabelOfItsOwn) {
  Service service;
  Weir weir(service.text(), "tenants: {other: {rate: 5/s}}\nchain: []\n");
  EXPECT_EQ(weir.get("/", {{"x-tenant", "other"}}).status, 200);
  EXPECT_EQ(weir.get("/", {{"x-tenant", "somebody"}}).status, 200);
  const Samples s = weir.metrics();
  EXPECT_EQ(s.value("weir_arrivals_total", {{"tenant", "tenant other"}}), 1);
  EXPECT_EQ(s.value("weir_arrivals_total", {{"tenant", "other"}}), 1);
}

TEST(ForwardedFields, OnlyATrustedProxyMaySayWhereARequestComesFrom) {
  const Headers claims = {{"Forwarded", "for=9.9.9.9"},      {"X-Real-IP", "9.9.9.9"},
                          {"True-Client-IP", "9.9.9.9"},     {"CF-Connecting-IP", "9.9.9.9"},
                          {"X-Forwarded-Port", "1"},         {"X-Original-URL", "/admin"},
                          {"X-Cluster-Client-IP", "9.9.9.9"}};
  Service service;
  Weir distrusting(service.text(), "chain: []\n");
  EXPECT_EQ(distrusting.get("/", claims).status, 200);
  for (const auto& [name, value] : claims) {
    EXPECT_FALSE(service.last_request().headers.find(name)) << name;
  }
  Weir trusting(service.text(), "trusted_proxies: [127.0.0.0/8]\nchain: []\n");
  EXPECT_EQ(trusting.get("/", claims).status, 200);
  for (const auto& [name, value] : claims) {
    EXPECT_TRUE(service.last_request().headers.find(name)) << name;
  }
}

TEST(ForwardedFields, ANameThatCgiTakesForWeirsIsDropped) {
  Service service;
  Weir weir(service.text(), "trusted_proxies: [127.0.0.0/8]\nchain: []\n");
  EXPECT_EQ(weir.get("/", {{"X_Forwarded_For", "9.9.9.9"},
                           {"x_request_id", "1"},
                           {"x-forwarded_proto", "https"},
                           {"x_tenant", "acme"},
                           {"Content_Length", "7"},
                           {"x_real_ip", "9.9.9.9"},
                           {"my_own", "1"}})
                .status,
            200);
  const ServiceRequest seen = service.last_request();
  for (const char* name : {"x_forwarded_for", "x_request_id", "x-forwarded_proto", "x_tenant",
                           "content_length", "x_real_ip"}) {
    EXPECT_FALSE(seen.headers.find(name)) << name;
  }
  EXPECT_TRUE(seen.headers.find("my_own"));
}

TEST(ForwardedFields, EmptyElementsAreNoHops) {
  Service service;
  Weir weir(service.text(),
            "trusted_proxies: [127.0.0.0/8, 10.0.0.0/8]\n"
            "chain: [token_bucket: {key: client_ip, rate: 1/h, burst: 1}]\n");
  EXPECT_EQ(weir.get("/", {{"X-Forwarded-For", "1.2.3.4"}}).status, 200);
  for (const char* list : {"1.2.3.4, , 10.0.0.1", "1.2.3.4,", " ,1.2.3.4,,"}) {
    EXPECT_EQ(weir.get("/", {{"X-Forwarded-For", list}}).status, 429) << list;
  }
}

}  // namespace
}  // namespace weir::testing
