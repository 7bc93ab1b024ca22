#include "config/endpoint_choices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto kListen = EndpointUse::listen;
constexpr auto kAdmin = EndpointUse::admin;
constexpr auto kConnect = EndpointUse::connect;

TEST(EndpointChoices, UrlsLoseTheirSchemeAndPath) {
  EXPECT_THAT(endpoint_choices("http://app:3000", kConnect), ElementsAre("app:3000"));
  EXPECT_THAT(endpoint_choices("http://app:3000/api?x=1", kConnect), ElementsAre("app:3000"));
  EXPECT_THAT(endpoint_choices("http://app", kConnect), ElementsAre("app:80"));
  EXPECT_THAT(endpoint_choices("https://app", kConnect), ElementsAre("app:443"));
  EXPECT_THAT(endpoint_choices("http://[::1]/", kConnect), ElementsAre("\"[::1]:80\""));
  EXPECT_THAT(endpoint_choices("http://u:p@app:1", kConnect), ElementsAre("app:1"));
  EXPECT_THAT(endpoint_choices("unix:///run/app.sock", kConnect),
              ElementsAre("unix:/run/app.sock"));
  EXPECT_THAT(endpoint_choices("http://localhost:8080", kListen), IsEmpty());  // a name
  EXPECT_THAT(endpoint_choices("http://", kConnect), IsEmpty());
}

TEST(EndpointChoices, PartsThatAreMissingAreFilledIn) {
  EXPECT_THAT(endpoint_choices("8080", kListen), ElementsAre(":8080"));
  EXPECT_THAT(endpoint_choices("9901", kAdmin), ElementsAre("127.0.0.1:9901"));
  EXPECT_THAT(endpoint_choices("3000", kConnect), ElementsAre("127.0.0.1:3000"));
  EXPECT_THAT(endpoint_choices(":3000", kConnect), ElementsAre("127.0.0.1:3000"));
  EXPECT_THAT(endpoint_choices("*:80", kListen), ElementsAre(":80"));
  EXPECT_THAT(endpoint_choices("localhost:80", kListen), ElementsAre("127.0.0.1:80"));
  EXPECT_THAT(endpoint_choices("::1:80", kConnect), ElementsAre("\"[::1]:80\""));
  EXPECT_THAT(endpoint_choices("app:3000/api", kConnect), ElementsAre("app:3000"));
  EXPECT_THAT(endpoint_choices("/run/app.sock", kConnect), ElementsAre("unix:/run/app.sock"));
  EXPECT_THAT(endpoint_choices("/run/app.sock", kAdmin), IsEmpty());
  EXPECT_THAT(endpoint_choices("app", kConnect), IsEmpty());
  EXPECT_THAT(endpoint_choices("99999", kListen), IsEmpty());
}

}  // namespace
}  // namespace weir
