#include "proxy/http/router.h"

#include <string>

#include <gtest/gtest.h>

#include "proxy/http1/head_parser.h"
#include "tests/unit/config_load.h"

namespace weir {
namespace {

// A configuration, and what is decided about requests under it.
class Deciding {
 public:
  explicit Deciding(const std::string& yaml) : loaded_(load_config(kBase + yaml)) {
    for (const std::string& error : loaded_.errors) ADD_FAILURE() << error;
    router_.emplace(*loaded_.snapshot);
  }

  // "route", or the reason of a refusal.
  std::string operator()(const std::string& path, const std::string& fields = {}) {
    text_ = "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
    return decide();
  }
  std::string at(const std::string& host) {
    text_ = "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
    return decide();
  }
  std::string_view forwarded() const { return router_->path_to_forward(); }
  std::string_view label() const { return loaded_.snapshot->labels[decision_.tenant_label]; }
  std::uint64_t key() const { return request_.keys[0]; }
  ClientAddress client = *ClientAddress::parse("192.0.2.1");

 private:
  std::string decide() {
    EXPECT_EQ(read_request_head(text_, head_), MessageError::none) << text_;
    EXPECT_EQ(read_target(head_, target_), MessageError::none) << text_;
    decision_ = router_->decide(head_, target_, client, request_);
    if (decision_.refusal != Reason::none) return std::string(to_string(decision_.refusal));
    return decision_.route->name;
  }

  Loaded loaded_;
  std::optional<Router> router_;
  std::string text_;
  Head head_;
  Target target_;
  Request request_;
  Router::Decision decision_;
};

const std::string kExempt =
    "chain: []\n"
    "routes:\n"
    "  - {name: health, match: {path: /healthz}, chain: []}\n"
    "  - {name: open, match: {path_prefix: /open}, chain: []}\n";

struct PathCase {
  std::string path, expected;
};

TEST(RouterPaths, ThatLeadAnywhereAreRefused) {
  Deciding decide(kExempt);
  for (const char* path : {"/api/../healthz",
                           "/api/%2e%2e/healthz",
                           "/api/.%2E/healthz",
                           "/./healthz",
                           "/healthz/.",
                           "/open/..",
                           "/open/..;/api",
                           "/open/..;x=1/api",
                           "/open/%2e%2e%3bx/api",
                           "/open/.;/api",
                           "/api\\..\\healthz",
                           "/open/a\\b",
                           "/open/%5c..%5capi",
                           "/healthz%00",
                           "/open/%00/api",
                           "//healthz",
                           "//open.example/api",
                           "/%2fhealthz",
                           "/%5chealthz",
                           "/.//healthz",
                           "/api/..%2fhealthz",
                           "/open%2f..%2fapi",
                           "http://a/api/..%2fhealthz"}) {
    EXPECT_EQ(decide(path), "ambiguous_path") << path;
  }
}

TEST(RouterPaths, PassIfAllReadingsTakeOneRoute) {
  Deciding decide(kExempt);
  for (const PathCase& each : std::initializer_list<PathCase>{
           {"/projects/group%2Fname", "default"},
           {"/@scope%2fpackage/-/a.tgz", "default"},
           {"/api//x", "default"},
           {"/api/x;v=1", "default"},
           {"/api/x;v=1/y%2F//z", "default"},
           {"/open/a%2Fb", "open"},
           {"/open//b", "open"},
           {"/open/;x", "open"},
           {"/open/a;..b", "open"},
           {"/open%2fa", "ambiguous_path"},
           {"/open;x/a", "ambiguous_path"},
           {"/open;x", "ambiguous_path"},
           {"/healthz;x=1", "ambiguous_path"},
           {"/healthz%3Bx", "ambiguous_path"},
           {"/healthz;x%2fy", "ambiguous_path"},
           {"/healthz//", "default"},
       }) {
    EXPECT_EQ(decide(each.path), each.expected) << each.path;
    EXPECT_EQ(decide.forwarded(), "");
  }
}

TEST(RouterPaths, ThatAreEverydayTakeTheirRoute) {
  Deciding decide(kExempt);
  for (const PathCase& each : std::initializer_list<PathCase>{{"/healthz", "health"},
                                                              {"/%68ealthz", "health"},
                                                              {"/healthz?a=../b;c//d%2f", "health"},
                                                              {"/healthz/", "default"},
                                                              {"/open/a%20b", "open"},
                                                              {"/open/", "open"},
                                                              {"/open/a.b/..c/c..", "open"},
                                                              {"/.well-known/x", "default"},
                                                              {"/opening", "default"},
                                                              {"http://a", "default"}}) {
    EXPECT_EQ(decide(each.path), each.expected) << each.path;
  }
}

TEST(RouterPaths, PassWhereNothingReadsThem) {
  Deciding decide("chain: []\nroutes: [{name: get, match: {method: GET}, chain: []}]\n");
  for (const char* path : {"/a/../b", "//a", "/a%00", "/a\\b", "/..;/x", "/a%2fb"}) {
    EXPECT_EQ(decide(path), "get") << path;
  }
}

TEST(RouterPaths, AreRefusedIfASegmentIsAKey) {
  for (const char* yaml : {"tenant: {from: path_segment 1}\nchain: []\n",
                           "chain: [token_bucket: {key: path_segment 2, rate: 1/s}]\n"}) {
    Deciding decide(yaml);
    EXPECT_EQ(decide("/a/b%20c"), "default");
    for (const char* path : {"/a%2fb", "/a//b", "/a;x/b", "/a/../b"}) {
      EXPECT_EQ(decide(path), "ambiguous_path") << path;
    }
  }
}

TEST(RouterPaths, AreSentOnAsTheyWereDecidedWhereAsked) {
  Deciding decide(kExempt + "paths: {ambiguous: forward_normalised}\n");
  struct {
    const char *path, *route, *forwarded;
  } const cases[] = {
      {"/open/../api", "default", "/api"},
      {"/open/..;x/api", "default", "/api"},
      {"/open/%5c..%5c..%5capi", "default", "/api"},
      {"/api/..%2fopen%2Fa%20b", "open", "/open/a%20b"},
      {"//healthz", "health", "/healthz"},
      {"/open/a%252fb//c", "open", "/open/a%252fb/c"},
      {"/open/a;x", "open", "/open/a;x"},
      {"/%68ealthz", "health", ""},
      {"/open/a%00", "ambiguous_path", ""},
      {"/open;x/a", "ambiguous_path", ""},
  };
  for (const auto& each : cases) {
    EXPECT_EQ(decide(each.path), each.route) << each.path;
    if (each.route != std::string_view("ambiguous_path")) {
      EXPECT_EQ(decide.forwarded(), each.forwarded) << each.path;
    }
  }
}

TEST(RouterPaths, DecideAsTheyCameWhereAsked) {
  Deciding decide(kExempt + "paths: {ambiguous: by_raw}\n");
  EXPECT_EQ(decide("/api/../healthz"), "default");
  EXPECT_EQ(decide("/%68ealthz"), "default");
  EXPECT_EQ(decide("/open/../api"), "open");
  EXPECT_EQ(decide("http://a"), "default");
}

TEST(RouterPaths, HaveABoundOfSegments) {
  Deciding decide("chain: []\n");
  std::string path;
  for (int i = 0; i < 998; ++i) path += "/a";
  EXPECT_EQ(decide(path + "/%61"), "default");
  EXPECT_EQ(decide(path + "/%61/a/a"), "ambiguous_path");
}

TEST(RouterKeys, OfARoutesFieldHaveOneValue) {
  Deciding decide(
      "chain: []\nroutes: [{name: batch, match: {header: {x-kind: batch}}, chain: []}]\n");
  EXPECT_EQ(decide("/", "X-Kind: batch\r\n"), "batch");
  EXPECT_EQ(decide("/", "X-Kind: batch\r\nx-kind: batch\r\n"), "batch");
  EXPECT_EQ(decide("/", "X-Kind: live\r\n"), "default");
  EXPECT_EQ(decide("/", "X-Kind: live\r\nX-Kind: batch\r\n"), "ambiguous_key");
  EXPECT_EQ(decide("/", "X-Kind: batch\r\nX-Kind: live\r\n"), "ambiguous_key");
}

TEST(RouterKeys, SeveralTenantsAreNobodysRequest) {
  Deciding decide("tenants: {acme: {rate: 1/s}, evil: {deny: true}}\nchain: []\n");
  for (const char* fields : {"x-tenant: acme\r\nx-tenant: evil\r\n",
                             "x-tenant: evil\r\nx-tenant: acme\r\n", "x-tenant: acme, evil\r\n"}) {
    EXPECT_EQ(decide("/", fields), "ambiguous_key") << fields;
    EXPECT_EQ(decide.label(), "other") << fields;
  }
  EXPECT_EQ(decide("/", "x-tenant: acme\r\nx-tenant: acme\r\n"), "default");
  EXPECT_EQ(decide.label(), "acme");
}

TEST(RouterTenants, AHostWithTheRootsDotIsThatHost) {
  Deciding decide(
      "chain: []\nroutes:\n"
      "  - {name: one, match: {host: a.example}, chain: []}\n"
      "  - {name: below, match: {host: \"*.b.example\"}, chain: []}\n");
  for (const char* host : {"a.example", "A.Example.", "a.example.:80"}) {
    EXPECT_EQ(decide.at(host), "one") << host;
  }
  EXPECT_EQ(decide.at("x.b.example."), "below");
  EXPECT_EQ(decide.at("b.example."), "default");
}

TEST(RouterTenants, HaveSeveralRangesAndTheLongestDecides) {
  Deciding decide(
      "tenant: {from: client_ip, unknown: refuse}\n"
      "tenants:\n"
      "  office: {addresses: [10.0.0.0/8, \"FD00::/8\"]}\n"
      "  guests: {addresses: 10.9.0.0/16}\n"
      "  10.9.9.9: {deny: true}\n"
      "chain: []\n");
  struct {
    const char *address, *expected, *label;
  } const cases[] = {{"10.1.1.1", "default", "office"},
                     {"fd00::1", "default", "office"},
                     {"10.9.1.1", "default", "guests"},
                     {"10.9.9.9", "tenant_denied", "10.9.9.9"},
                     {"11.0.0.1", "tenant_unknown", "other"}};
  for (const auto& each : cases) {
    decide.client = *ClientAddress::parse(each.address);
    EXPECT_EQ(decide("/"), each.expected) << each.address;
    EXPECT_EQ(decide.label(), each.label) << each.address;
  }
}

TEST(RouterTenants, NoneIsNoTenantThatARequestCanName) {
  Deciding decide(
      "chain: [token_bucket: {key: tenant, rate: 1/s}]\n"
      "routes: [{match: {path: /healthz}, tenant: none}]\n");
  decide("/", "x-tenant: none\r\n");
  const std::uint64_t named = decide.key();
  decide("/healthz", "x-tenant: acme\r\nx-tenant: evil\r\n");
  EXPECT_EQ(decide.label(), "none");
  EXPECT_NE(decide.key(), named);
}

}  // namespace
}  // namespace weir
