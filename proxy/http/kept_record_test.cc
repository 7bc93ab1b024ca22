#include "proxy/http/kept_record.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace weir {
namespace {

std::string line_of(const AccessRecord& record) {
  std::array<char, kMaxAccessLine> room;
  return std::string(write_json_line(record, room));
}

// Whatever the texts were, they may be gone when the line is written.
TEST(KeptRecord, WritesTheSameLineAsTheRecord) {
  std::string path = "/t/s3cret/end;token=x";
  std::string query = "hush=1&b=2";
  std::string tenant = "acme";
  AccessRecord record;
  record.request_id = "id-1";
  record.trace_id = "0af7651916cd43dd8448eb211c80319c";
  record.client = "192.0.2.7";
  record.tenant = tenant;
  record.route = "default";
  record.method = "GET";
  record.path = path;
  record.query = query;
  record.hidden = std::string_view(path).substr(3, 6);
  record.shown_as = "sha256:0";
  record.hidden_parameter = "hush";
  record.service = "127.0.0.1:80";
  record.status = 101;
  record.tunnel = "closed";
  const std::string expected = line_of(record);
  EXPECT_EQ(expected.find("s3cret"), std::string::npos);
  KeptRecord kept(record);
  path.assign(path.size(), 'x');
  query.assign(query.size(), 'x');
  tenant.assign(tenant.size(), 'x');
  EXPECT_EQ(line_of(kept.record()), expected);
}

TEST(KeptRecord, ALongTextIsStillSaidToBeCut) {
  AccessRecord record;
  const std::string path = "/" + std::string(30'000, 'a');
  record.path = record.query = record.tenant = record.user_agent = path;
  KeptRecord kept(record);
  EXPECT_EQ(line_of(kept.record()), line_of(record));
  EXPECT_LE(kept.record().path.size() + kept.record().query.size(), 2000U);
}

TEST(KeptRecord, AHiddenPartIsNeverKeptInPieces) {
  const std::string path = "/" + std::string(1000, 'a') + "/s3cret-s3cret-s3cret-s3cret/b";
  AccessRecord record;
  record.path = path;
  record.hidden = std::string_view(path).substr(1002, 27);
  record.shown_as = "sha256:0";
  KeptRecord kept(record);
  EXPECT_EQ(line_of(kept.record()).find("s3c"), std::string::npos);
}

}  // namespace
}  // namespace weir
