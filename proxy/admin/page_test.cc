#include "proxy/admin/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir {
namespace {

using testing::HasSubstr;

std::vector<Page> pages() {
  return {
      {"/echo", "says what it was asked", false,
       [](const Query& query) {
         AdminReply reply;
         for (const auto& [name, value] : query) reply.body.append(name + "=").append(value + ";");
         return reply;
       }},
      {"/change", "changes something", true, [](const Query&) { return problem(202, "done"); }}};
}

AdminRequest request(std::string_view method, std::string_view target) {
  AdminRequest out;
  out.method = method;
  out.target = target;
  out.host = "127.0.0.1:9901";
  out.from_loopback = true;
  return out;
}

TEST(AdminPage, QueryIsDecoded) {
  EXPECT_EQ(answer(pages(), request("GET", "/echo?b=1%2F2+3&a=&c&a=second&%zz=%4")).body,
            "%zz=%4;a=;b=1/2 3;c=;");
}

TEST(AdminPage, UnknownPathListsWhatThereIs) {
  const AdminReply reply = answer(pages(), request("GET", "/nope"));
  EXPECT_EQ(reply.status, 404U);
  EXPECT_THAT(reply.body, HasSubstr("GET  /echo"));
  EXPECT_THAT(reply.body, HasSubstr("POST /change"));
  EXPECT_EQ(answer(pages(), request("GET", "/")).status, 200U);
  EXPECT_EQ(answer(pages(), request("POST", "/")).status, 404U);
}

TEST(AdminPage, WrongMethodSaysWhichIsRight) {
  EXPECT_EQ(answer(pages(), request("POST", "/echo")).status, 405U);
  EXPECT_EQ(answer(pages(), request("POST", "/echo")).allow, "GET, HEAD");
  EXPECT_EQ(answer(pages(), request("GET", "/change")).status, 405U);
  EXPECT_EQ(answer(pages(), request("GET", "/change")).allow, "POST");
  EXPECT_EQ(answer(pages(), request("HEAD", "/echo")).status, 200U);
}

TEST(AdminPage, HeadOfAChangeIsTheWrongMethod) {
  EXPECT_EQ(answer(pages(), request("HEAD", "/change")).status, 405U);
  EXPECT_EQ(answer(pages(), request("HEAD", "/change")).allow, "POST");
}

// A name could lead here from a foreign web page (DNS rebinding); an address could not.
TEST(AdminPage, EveryPageIsAskedByAddress) {
  for (const std::string_view path : {"/echo", "/change", "/nope", "/"}) {
    for (const std::string_view host :
         {"evil.example", "evil.example:9901", "127.0.0.1.evil.example", "[::1", "weir:9901",
          "[::1].evil.example", "localhost.evil.example", "1.2.3.4.example"}) {
      for (const std::string_view method : {"GET", "HEAD", "POST"}) {
        AdminRequest foreign = request(method, path);
        foreign.host = host;
        EXPECT_EQ(answer(pages(), foreign).status, 403U) << method << " " << path << " " << host;
      }
    }
    for (const std::string_view host :
         {"localhost", "localhost:9901", "127.0.0.1", "10.1.2.3:9901", "[fd00::1]:9901", "[::1]"}) {
      AdminRequest own = request("GET", path);
      own.host = host;
      EXPECT_NE(answer(pages(), own).status, 403U) << path << " " << host;
    }
  }
}

// Prometheus and kubelet ask by the names and addresses of pods and services.
TEST(AdminPage, TheTelemetryListenerIsAskedByAnyName) {
  const PageFinder find = find_only(pages(), {"/echo"});
  AdminRequest scrape = request("GET", "/echo");
  scrape.host = "weir.example:9902";
  AdminReply refusal;
  EXPECT_NE(find(scrape, refusal), nullptr);
}

TEST(AdminPage, ChangeComesFromTheLoopback) {
  AdminRequest change = request("POST", "/change");
  EXPECT_EQ(answer(pages(), change).status, 202U);
  change.from_loopback = false;
  EXPECT_EQ(answer(pages(), change).status, 403U);
}

TEST(AdminPage, ChangeNamesTheLoopbackAsItsHost) {
  AdminRequest change = request("POST", "/change");
  for (const std::string_view host : {"localhost", "localhost:9901", "[::1]:9901", "127.8.8.8"}) {
    change.host = host;
    EXPECT_EQ(answer(pages(), change).status, 202U) << host;
  }
  for (const std::string_view host :
       {"evil.example", "127.0.0.1.evil.example", "", "localhost.evil.example:9901", "[::1"}) {
    change.host = host;
    EXPECT_EQ(answer(pages(), change).status, 403U) << host;
  }
}

TEST(AdminPage, ChangeFromAForeignWebPageIsRefused) {
  AdminRequest change = request("POST", "/change");
  change.origin = "http://127.0.0.1:9901";
  change.fetch_site = "same-origin";
  EXPECT_EQ(answer(pages(), change).status, 202U);
  change.fetch_site = "same-site";
  EXPECT_EQ(answer(pages(), change).status, 403U);
  change.fetch_site = std::nullopt;
  for (const std::string_view origin :
       {"http://evil.example", "null", "http://127.0.0.1:3000", "https://127.0.0.1:9901", ""}) {
    change.origin = origin;
    EXPECT_EQ(answer(pages(), change).status, 403U) << origin;
  }
}

}  // namespace
}  // namespace weir
