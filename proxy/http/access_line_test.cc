#include "proxy/http/access_line.h"

#include <string>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

AccessRecord ordinary() {
  AccessRecord record;
  record.time = std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} + 3h + 15min + 36s + 42us;
  record.request_id = "id-1";
  record.client = "192.0.2.7";
  record.tenant = "acme";
  record.route = "default";
  record.method = "GET";
  record.path = "/a/b";
  record.status = 200;
  record.received = 3;
  record.sent = 1234;
  record.queue = 1500us;
  record.upstream = 2s;
  record.overhead = 17us;
  record.total = 2s + 1517us;
  record.attempts = 2;
  record.service = "127.0.0.1:3000";
  return record;
}

std::string json_line(const AccessRecord& record) {
  std::array<char, kMaxAccessLine> room;
  return std::string(write_json_line(record, room));
}

std::string combined_line(const AccessRecord& record) {
  std::array<char, kMaxAccessLine> room;
  return std::string(write_combined_line(record, room));
}

// As a strict parser reads it; fails on whatever is no JSON, or no UTF-8.
boost::json::object parsed(const std::string& line) {
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  EXPECT_THAT(line, EndsWith("}\n"));
  boost::system::error_code error;
  const auto value = boost::json::parse(line.substr(0, line.size() - 1), error);
  EXPECT_FALSE(error) << error.message() << ": " << line;
  return value.is_object() ? value.as_object() : boost::json::object{};
}

std::string text(const boost::json::object& line, const char* key) {
  return std::string(line.at(key).as_string());
}

TEST(AccessLine, JsonHasEachFieldWithItsUnit) {
  EXPECT_EQ(json_line(ordinary()),
            "{\"time\":\"2026-11-21T03:15:36.000042Z\",\"request_id\":\"id-1\","
            "\"client\":\"192.0.2.7\",\"tenant\":\"acme\",\"route\":\"default\","
            "\"method\":\"GET\",\"path\":\"/a/b\",\"status\":200,\"bytes_received\":3,"
            "\"bytes_sent\":1234,\"queue\":0.001500,\"upstream_time\":2.000000,"
            "\"overhead\":0.000017,\"total\":2.001517,\"attempts\":2,"
            "\"upstream\":\"127.0.0.1:3000\"}\n");
}

TEST(AccessLine, CombinedIsApaches) {
  AccessRecord record = ordinary();
  record.referer = "https://user:password@example.com/page?token=x#y";
  record.user_agent = "curl/7.88 \"q\"";
  record.tenant = "two words";
  EXPECT_EQ(combined_line(record),
            "192.0.2.7 - two_words [21/Nov/2026:03:15:36 +0000] \"GET /a/b HTTP/1.1\" 200 1234 "
            "\"https://example.com/page\" \"curl/7.88 \\\"q\\\"\"\n");
  EXPECT_EQ(combined_line(AccessRecord{}),
            "- - - [01/Jan/1970:00:00:00 +0000] \"-\" - 0 \"-\" \"-\"\n");
}

TEST(AccessLine, EveryByteIsEscaped) {
  AccessRecord record = ordinary();
  for (int c = 0; c < 256; c += 32) {
    std::string some, replaced;
    for (int i = c; i < c + 32; ++i) some += static_cast<char>(i);
    for (int i = 0; i < 32; ++i) replaced += "\ufffd";
    record.tenant = some;
    EXPECT_EQ(text(parsed(json_line(record)), "tenant"), c < 128 ? some : replaced)
        << "ASCII comes back as it was, what is no UTF-8 does not";
  }
  record.tenant = "é€😀";
  EXPECT_EQ(text(parsed(json_line(record)), "tenant"), record.tenant);
  record.tenant =
      "\xc2\x9b"
      "31m";  // a terminal's control sequence
  EXPECT_THAT(json_line(record), HasSubstr("\"\\u009b31m\""));
  EXPECT_THAT(combined_line(record), HasSubstr(" \\xc2\\x9b31m "));
}

TEST(AccessLine, WhatIsNoUtf8IsReplaced) {
  for (const std::string bad :
       {"\x80", "\xff", "\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xc0\xaf", "\xe0\x80\xaf",
        "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xc3("}) {
    AccessRecord record = ordinary();
    record.tenant = bad;
    const std::string got = text(parsed(json_line(record)), "tenant");
    EXPECT_THAT(got, StartsWith("\ufffd"));
  }
}

TEST(AccessLine, LongTextsAreCutAndTheLineSaysSo) {
  for (const char filler : {'x', '"', '\x01', '\xff'}) {
    const std::string longest(100'000, filler);
    AccessRecord record = ordinary();
    for (std::string_view* each :
         {&record.request_id, &record.trace_id, &record.tenant, &record.route, &record.method,
          &record.path, &record.query, &record.referer, &record.user_agent, &record.reason,
          &record.filter, &record.client, &record.service}) {
      *each = longest;
    }
    record.status = 65535;
    record.received = record.sent = UINT64_MAX;
    record.queue = record.upstream = record.overhead = record.total = Duration::max();
    record.attempts = UINT32_MAX;
    record.cut = true;
    const std::string line = json_line(record);
    EXPECT_LE(line.size(), kMaxAccessLine);
    const auto object = parsed(line);
    EXPECT_TRUE(object.at("truncated").as_bool());
    EXPECT_TRUE(object.at("cut").as_bool()) << "nothing but texts is cut";
    const std::string combined = combined_line(record);
    EXPECT_LE(combined.size(), kMaxAccessLine);
    EXPECT_THAT(combined, EndsWith("\" truncated\n"));
    EXPECT_EQ(std::count(combined.begin(), combined.end(), '\n'), 1);
  }
  EXPECT_THAT(json_line(ordinary()), Not(HasSubstr("truncated")));
}

TEST(AccessLine, TextIsCutBetweenCharacters) {
  std::string text_of_four;
  for (int i = 0; i < 1000; ++i) text_of_four += "😀";
  for (std::size_t shift = 0; shift < 4; ++shift) {
    AccessRecord record = ordinary();
    const std::string tenant = std::string(shift, 'x') + text_of_four;
    record.tenant = tenant;
    const auto object = parsed(json_line(record));
    EXPECT_TRUE(object.at("truncated").as_bool());
    EXPECT_THAT(tenant, StartsWith(text(object, "tenant")));
    EXPECT_EQ((text(object, "tenant").size() - shift) % 4, 0U);
  }
}

TEST(AccessLine, QueryIsThereWithoutCredentials) {
  AccessRecord record = ordinary();
  record.query = "page=2&access_token=abc&API-Key=k&empty&password=&q=a=b&X-Amz-Signature=s";
  EXPECT_EQ(
      text(parsed(json_line(record)), "path"),
      "/a/b?page=2&access_token=***&API-Key=***&empty&password=***&q=a=b&X-Amz-Signature=***");
  record.query = "%74oken=abc&tenant=t-1";
  record.hidden_parameter = "tenant";
  EXPECT_EQ(text(parsed(json_line(record)), "path"), "/a/b?%74oken=***&tenant=***");
}

TEST(AccessLine, PathIsThereWithoutCredentials) {
  AccessRecord record = ordinary();
  record.path = "/a;jsessionid=12;v=1/b";
  EXPECT_EQ(text(parsed(json_line(record)), "path"), "/a;jsessionid=***;v=1/b");
  record.path = "/v1/k-123/items/k-123";
  record.hidden = record.path.substr(4, 5);
  record.shown_as = "sha256:0123456789ab";
  EXPECT_EQ(text(parsed(json_line(record)), "path"), "/v1/sha256:0123456789ab/items/k-123");
}

TEST(AccessLine, TraceIdIsTakenOnlyOutOfASoundTraceparent) {
  const std::string id = "0af7651916cd43dd8448eb211c80319c";
  const std::string rest = "-b7ad6b7169203331-01";
  EXPECT_EQ(trace_id_of("00-" + id + rest), id);
  EXPECT_EQ(trace_id_of("cc-" + id + rest + "-later"), id);
  for (const std::string& bad :
       {std::string(), "00-" + id, "00-" + id + rest + "x", "00-" + id + rest + "-x",
        "ff-" + id + rest, "00-" + std::string(32, '0') + rest, "00-" + std::string(32, 'G') + rest,
        "00-" + std::string(32, '"') + rest, "cc-" + id + rest + "x", "00_" + id + rest}) {
    EXPECT_EQ(trace_id_of(bad), "") << bad;
  }
}

}  // namespace
}  // namespace weir
