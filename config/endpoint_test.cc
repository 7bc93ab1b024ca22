#include "config/endpoint.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr auto kListen = EndpointUse::listen;
constexpr auto kConnect = EndpointUse::connect;

TEST(Endpoint, ReadsAddressesNamesAndSockets) {
  const Endpoint v4 = *parse_endpoint("127.0.0.1:3000", kConnect);
  EXPECT_EQ(v4.kind, Endpoint::Kind::ip);
  EXPECT_EQ(v4.host, "127.0.0.1");
  EXPECT_EQ(v4.port, 3000);
  EXPECT_EQ(v4.text, "127.0.0.1:3000");

  const Endpoint v6 = *parse_endpoint("[::1]:3000", kConnect);
  EXPECT_EQ(v6.kind, Endpoint::Kind::ip);
  EXPECT_EQ(v6.host, "::1");

  const Endpoint name = *parse_endpoint("app_1.local.:80", kConnect);
  EXPECT_EQ(name.kind, Endpoint::Kind::name);
  EXPECT_EQ(name.host, "app_1.local.");

  const Endpoint socket = *parse_endpoint("unix:/run/app.sock", kConnect);
  EXPECT_EQ(socket.kind, Endpoint::Kind::unix_socket);
  EXPECT_EQ(socket.host, "/run/app.sock");
}

TEST(Endpoint, APortAloneListensOnBothFamilies) {
  const Endpoint all = *parse_endpoint(":8080", kListen);
  EXPECT_TRUE(all.both_families);
  EXPECT_EQ(all.host, "::");
  EXPECT_FALSE(parse_endpoint("0.0.0.0:8080", kListen)->both_families);
  EXPECT_FALSE(parse_endpoint("[::]:8080", kListen)->both_families);
  EXPECT_FALSE(parse_endpoint(":3000", kConnect));
}

TEST(Endpoint, PortZeroIsForListening) {
  EXPECT_EQ(parse_endpoint("127.0.0.1:0", kListen)->port, 0);
  EXPECT_FALSE(parse_endpoint("127.0.0.1:0", kConnect));
}

TEST(Endpoint, SaysWhatIsWrong) {
  const auto why = [](const char* text, EndpointUse use) {
    return parse_endpoint(text, use).error;
  };
  EXPECT_EQ(
      why("localhost:8080", kListen),
      "found \"localhost:8080\" (an address is needed here, not a name), expected an address such "
      "as 0.0.0.0:8080, \"[::]:8080\", :8080 or unix:/run/weir.sock");
  EXPECT_EQ(
      why("127.0.0.1", kConnect),
      "found \"127.0.0.1\" (no port), expected an address such as 127.0.0.1:3000, \"[::1]:3000\", "
      "app.local:3000 or unix:/run/app.sock");
  EXPECT_EQ(why("http://a:1", kConnect), "remove the scheme \"http://\"");
  EXPECT_EQ(why("https://a:1", kConnect),
            "remove the scheme \"https://\"; weir speaks plain HTTP to the service, so name its "
            "HTTP port");
  EXPECT_EQ(why("https://:443", kListen),
            "remove the scheme \"https://\"; weir speaks plain HTTP here, so put it behind what "
            "ends TLS");
  EXPECT_NE(why("::1:80", kConnect).find("an IPv6 address needs brackets"), std::string::npos);
  EXPECT_NE(why("[::1]", kConnect).find("no port"), std::string::npos);
  EXPECT_NE(why("[::g]:80", kConnect).find("not an IPv6 address"), std::string::npos);
  EXPECT_NE(why("256.0.0.1:80", kConnect).find("not an IPv4 address"), std::string::npos);
  EXPECT_NE(why("a b:80", kConnect).find("not a host name"), std::string::npos);
  EXPECT_NE(why("a:65536", kConnect).find("the port must be 1 to 65535"), std::string::npos);
  EXPECT_NE(why("a:http", kConnect).find("the port must be 1 to 65535"), std::string::npos);
  EXPECT_NE(why("*:80", kListen).find("leave the host out"), std::string::npos);
  EXPECT_NE(why("unix:app.sock", kConnect).find("must begin with /"), std::string::npos);
  EXPECT_NE(why(("unix:/" + std::string(107, 'x')).c_str(), kConnect).find("107 bytes"),
            std::string::npos);
  EXPECT_NE(why("unix:/x", EndpointUse::admin).find("no Unix socket here"), std::string::npos);
}

TEST(Endpoint, KnowsWhereTwoMeet) {
  const auto meet = [](const char* a, const char* b) {
    return same_place(*parse_endpoint(a, kListen), *parse_endpoint(b, kConnect));
  };
  EXPECT_TRUE(meet(":80", "127.0.0.1:80"));
  EXPECT_TRUE(meet("0.0.0.0:80", "localhost:80"));
  EXPECT_TRUE(meet("127.0.0.1:80", "127.0.0.1:80"));
  EXPECT_TRUE(meet("unix:/a", "unix:/a"));
  EXPECT_FALSE(meet("127.0.0.1:80", "127.0.0.1:81"));
  EXPECT_FALSE(meet("10.0.0.1:80", "127.0.0.1:80"));
  EXPECT_FALSE(meet(":80", "example.com:80"));
  EXPECT_FALSE(meet("127.0.0.1:0", "127.0.0.1:80"));
}

TEST(Cidr, ReadsRangesAndClearsWhatLiesBeyond) {
  EXPECT_EQ(to_string(*parse_cidr("10.1.2.3/8")), "10.0.0.0/8");
  EXPECT_EQ(to_string(*parse_cidr("192.168.1.1")), "192.168.1.1/32");
  EXPECT_EQ(to_string(*parse_cidr("fd00::1/8")), "fd00::/8");
  EXPECT_EQ(to_string(*parse_cidr("0.0.0.0/0")), "0.0.0.0/0");
  EXPECT_EQ(to_string(*parse_cidr("::1")), "::1/128");
  EXPECT_EQ(parse_cidr("10.0.0.0/8")->prefix, 104);
  for (const char* bad :
       {"10.0.0.0/33", "10.0.0/8", "fd00::/129", "x", "10.0.0.0/", "10.0.0.0/-1", ""})
    EXPECT_FALSE(parse_cidr(bad)) << bad;
}

}  // namespace
}  // namespace weir
