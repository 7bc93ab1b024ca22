#include "proxy/http/keys.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string>

#include <gtest/gtest.h>

#include "proxy/http1/head_parser.h"

namespace weir {
namespace {

constexpr const char* kRequest =
    "GET /api/v1/things?key=a%62c&k=x HTTP/1.1\r\nHost: h\r\nX-Tenant: acme\r\n"
    "Cookie: a=1; session=s\r\nCookie: b=2\r\nX-Empty:\r\n\r\n";

class KeysTest : public testing::Test {
 protected:
  KeysTest() {
    EXPECT_EQ(read_request_head(kRequest, head_), MessageError::none);
    EXPECT_EQ(read_target(head_, target_), MessageError::none);
    parts_.client = *ClientAddress::parse("192.0.2.1");
  }
  std::string get(Field::Kind kind, std::string name = {}, std::uint32_t index = 0) {
    return std::string(
        extract({kind, std::move(name), index}, parts_, scratch_, ambiguous_).value_or("(none)"));
  }

  Head head_;
  Target target_;
  RequestParts parts_{head_, target_, "/api/v1/things", {}, "acme", "all"};
  std::string scratch_;
  bool ambiguous_ = false;
  KeyHasher hasher_{{1, 2}};
};

TEST_F(KeysTest, ExtractsEachKindOfField) {
  EXPECT_EQ(get(Field::Kind::tenant), "acme");
  EXPECT_EQ(get(Field::Kind::header, "x-tenant"), "acme");
  EXPECT_EQ(get(Field::Kind::header, "x-empty"), "");
  EXPECT_EQ(get(Field::Kind::header, "x-other"), "(none)");
  EXPECT_EQ(get(Field::Kind::path_segment, {}, 1), "api");
  EXPECT_EQ(get(Field::Kind::path_segment, {}, 3), "things");
  EXPECT_EQ(get(Field::Kind::path_segment, {}, 4), "(none)");
  EXPECT_EQ(get(Field::Kind::query, "key"), "abc");
  EXPECT_EQ(get(Field::Kind::query, "k"), "x");
  EXPECT_EQ(get(Field::Kind::query, "ke"), "(none)");
  EXPECT_EQ(get(Field::Kind::cookie, "session"), "s");
  EXPECT_EQ(get(Field::Kind::cookie, "b"), "2");
  EXPECT_EQ(get(Field::Kind::cookie, "c"), "(none)");
  EXPECT_EQ(get(Field::Kind::method), "GET");
  EXPECT_EQ(get(Field::Kind::route), "all");
  EXPECT_EQ(get(Field::Kind::client_ip).size(), 16U);
}

TEST_F(KeysTest, AbsentAndEmptyAreOne) {
  EXPECT_EQ(hasher_.hash({{Field::Kind::header, "x-empty", 0}}, parts_, ambiguous_),
            hasher_.hash({{Field::Kind::header, "x-other", 0}}, parts_, ambiguous_));
}

// As services read them: a deny list is not dodged by another spelling.
TEST(Keys, FormsAndCookiesCountAsServicesReadThem) {
  const struct {
    Field::Kind kind;
    const char *query, *cookie, *expected;
    bool ambiguous;
  } cases[] = {
      {Field::Kind::query, "k=a+b", "", "a b", false},
      {Field::Kind::query, "%6B=a%2bb", "", "a+b", false},
      {Field::Kind::query, "k=a&k=%61", "", "a", false},
      {Field::Kind::query, "k=a&%6b=b", "", "a", true},
      {Field::Kind::query, "kk=a&%6b%6b=b&k", "", "", false},
      {Field::Kind::cookie, "", "k=\"a\"; k=a", "a", false},
      {Field::Kind::cookie, "", "k=a; k=b", "a", true},
      {Field::Kind::cookie, "", "K=a; k=\"", "\"", false},
  };
  for (const auto& each : cases) {
    const std::string text = "GET /?" + std::string(each.query) +
                             " HTTP/1.1\r\nHost: h\r\nCookie: " + each.cookie + "\r\n\r\n";
    Head head;
    Target target;
    ASSERT_EQ(read_request_head(text, head), MessageError::none);
    ASSERT_EQ(read_target(head, target), MessageError::none);
    const RequestParts parts{head, target, "/", {}, "", ""};
    std::string scratch;
    bool ambiguous = false;
    EXPECT_EQ(extract({each.kind, "k", 0}, parts, scratch, ambiguous), each.expected) << text;
    EXPECT_EQ(ambiguous, each.ambiguous) << text;
  }
}

TEST_F(KeysTest, SeveralFieldsDoNotRunTogether) {
  const Field tenant{Field::Kind::tenant, "", 0};
  const Field route{Field::Kind::route, "", 0};
  parts_.tenant = "ab";
  parts_.route = "c";
  const auto one = hasher_.hash({tenant, route}, parts_, ambiguous_);
  parts_.tenant = "a";
  parts_.route = "bc";
  EXPECT_NE(one, hasher_.hash({tenant, route}, parts_, ambiguous_));
}

TEST_F(KeysTest, Ipv6CountsByItsSlash64) {
  const Key key = {{Field::Kind::client_ip, "", 0}};
  const auto hash = [&](const char* address) {
    parts_.client = *ClientAddress::parse(address);
    return hasher_.hash(key, parts_, ambiguous_);
  };
  EXPECT_EQ(hash("2001:db8::1"), hash("2001:db8::ffff:2"));
  EXPECT_NE(hash("2001:db8::1"), hash("2001:db8:0:1::1"));
  EXPECT_NE(hash("192.0.2.1"), hash("192.0.2.2"));
  EXPECT_EQ(hash("192.0.2.1"), hash("::ffff:192.0.2.1"));
}

Cidr cidr(const char* text, std::uint8_t prefix) {
  return {ClientAddress::parse(text)->bytes, prefix};
}

TEST(ClientAddress, IsReadFromTheRightThroughTrustedProxies) {
  const std::vector<Cidr> trusted = {cidr("10.0.0.0", 104), cidr("2001:db8::", 32)};
  const struct {
    const char *peer, *forwarded, *expected;
  } cases[] = {
      {"192.0.2.9", "1.1.1.1", "192.0.2.9"},
      {"10.1.2.3", "1.1.1.1", "1.1.1.1"},
      {"10.1.2.3", "6.6.6.6, 1.1.1.1", "1.1.1.1"},
      {"10.1.2.3", "1.1.1.1, 10.9.9.9", "1.1.1.1"},
      {"10.1.2.3", "10.8.8.8, 10.9.9.9", "10.8.8.8"},
      {"10.1.2.3", "1.1.1.1, unknown", "10.1.2.3"},
      {"10.1.2.3", "1.1.1.1,", "1.1.1.1"},
      {"10.1.2.3", ", 1.1.1.1,, 10.9.9.9 ,\t,", "1.1.1.1"},
      {"10.1.2.3", " , ", "10.1.2.3"},
      {"10.1.2.3", "1.1.1.1:80", "1.1.1.1"},
      {"2001:db8::5", "[2001:dead::1]:80", "2001:dead::1"},
  };
  for (const auto& c : cases) {
    const std::string text =
        "GET / HTTP/1.1\r\nX-Forwarded-For: " + std::string(c.forwarded) + "\r\n\r\n";
    Head head;
    ASSERT_EQ(read_request_head(text, head), MessageError::none);
    std::array<char, 46> room;
    EXPECT_EQ(effective_client(*ClientAddress::parse(c.peer), head, trusted).text(room),
              c.expected);
  }
}

// The ones in front of these count for nothing, however many a trusted proxy sends.
TEST(ClientAddress, IsReadFromSoManyForwardedElements) {
  const auto client = [](std::size_t trusted_elements) {
    std::string text = "GET / HTTP/1.1\r\nX-Forwarded-For: 1.1.1.1";
    while (trusted_elements-- != 0) text += ",10.9.9.9";
    text += "\r\n\r\n";
    Head head;
    EXPECT_EQ(read_request_head(text, head), MessageError::none);
    std::array<char, 46> room;
    return std::string(
        effective_client(*ClientAddress::parse("10.1.2.3"), head, {cidr("10.0.0.0", 104)})
            .text(room));
  };
  EXPECT_EQ(client(kMaxForwarded - 1), "1.1.1.1");
  EXPECT_EQ(client(kMaxForwarded), "10.9.9.9");
}

TEST(ClientAddress, WritesItself) {
  std::array<char, 46> room;
  for (const char* text : {"0.0.0.0", "255.255.255.255", "10.20.0.9", "2001:db8::1"}) {
    EXPECT_EQ(ClientAddress::parse(text)->text(room), text);
  }
  EXPECT_EQ(ClientAddress{}.text(room), "");
  EXPECT_FALSE(ClientAddress::parse("1.2.3"));
}

}  // namespace
}  // namespace weir
