// Bodies larger than anything weir may hold, with a slow reader on either side.
#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

constexpr std::size_t kLarge = 200 << 20;
// What weir may grow by, for one stream: its buffers are of 64 KiB.
constexpr std::uint64_t kGrowth = (kSanitized ? 64 : 8) << 20;

TEST(LargeBody, DownloadToAReaderThatStopsIsNotHeldInMemory) {
  Nginx nginx;  // whose buffers are the kernel's
  Weir weir(nginx.text(), "chain: []\n");
  ASSERT_EQ(weir.get().status, 200);
  std::uint64_t before = weir.process().resident_bytes();
  Socket slow = Socket::connect(weir.address(), 64 << 10);
  slow.write_all("GET /big HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  std::string answer;
  ASSERT_EQ(slow.read_until(answer, "\r\n\r\n"), Socket::Status::ok);
  // It stops reading. What was sent comes to rest, long before the end of the file, and weir
  // answers others.
  for (int i = 0; i < 20; ++i) EXPECT_EQ(weir.get().status, 200);
  EXPECT_EQ(nginx.access_log().find("/big"), std::string::npos) << "nginx is still sending";
  EXPECT_LT(weir.process().resident_bytes(), before + kGrowth);
  EXPECT_EQ(slow.read_to_end(answer), Socket::Status::ok);
  Response r = parse_response(answer);
  EXPECT_TRUE(r.complete);
  EXPECT_TRUE(r.body == pattern_bytes(Nginx::kBigFile));
  EXPECT_LT(weir.process().peak_resident_bytes(), before + kGrowth);
}

TEST(LargeBody, UploadToAServiceThatDoesNotReadIsNotHeldInMemory) {
  auto hold = std::make_shared<Hold>();
  ServiceOptions options;
  options.hold_bodies = hold;
  options.receive_buffer = 64 << 10;
  Service service(
      [](const ServiceRequest& r) { return Reply::text(200, std::to_string(r.body.size())); },
      options);
  Weir weir(service.text(), "chain: []\n");
  std::uint64_t before = weir.process().resident_bytes();
  Socket client = Socket::connect(weir.address());
  client.write_all("POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: " +
                   std::to_string(kLarge) + "\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
  std::string block(1 << 20, 'x');
  std::size_t sent = 0;
  while (sent < kLarge) {
    Socket::Got got =
        client.write_all(std::string_view(block).substr(0, kLarge - sent), milliseconds(500));
    sent += got.bytes;
    if (got.status != Socket::Status::ok) break;
  }
  EXPECT_LT(sent, std::size_t{32} << 20) << "the client must be stopped: nobody reads";
  EXPECT_LT(weir.process().resident_bytes(), before + kGrowth);
  hold->open();
  while (sent < kLarge) {
    Socket::Got got = client.write_all(std::string_view(block).substr(0, kLarge - sent));
    sent += got.bytes;
    ASSERT_EQ(got.status, Socket::Status::ok);
  }
  std::string answer;
  EXPECT_EQ(client.read_to_end(answer), Socket::Status::ok);
  EXPECT_EQ(parse_response(answer).body, std::to_string(kLarge));
  EXPECT_LT(weir.process().peak_resident_bytes(), before + kGrowth);
}

TEST(LargeBody, BodyBeyondMaxBodyIsRefused) {
  Service service;
  Weir weir(service.text(), "chain: []\nlimits: {max_body: 100KiB}\n");
  Response r = weir.post("/", pattern_bytes(200'000));
  EXPECT_EQ(r.status, 413) << r.reason;
  EXPECT_EQ(service.counts().bodies, 0u);
  EXPECT_EQ(weir.post("/", pattern_bytes(100'000)).status, 200);
}

TEST(LargeBody, NginxAndWeirAgreeOnLargeBodiesBothWays) {
  Nginx nginx;
  Weir weir(nginx.text(), "chain: []\n");
  Client client(weir.address());
  std::string body = pattern_bytes(20 << 20);
  Response echoed = client.post("/echo", body);
  EXPECT_EQ(echoed.status, 200);
  EXPECT_TRUE(echoed.body == body);
  EXPECT_EQ(client.request({"PUT", "/store/x", {}, body, true}).status, 201);
  EXPECT_TRUE(client.get("/store/x").body == body);
  EXPECT_EQ(client.get("/sized?n=3000000").body.size(), 3'000'000u);
  EXPECT_EQ(client.connections(), 1);
}

}  // namespace
}  // namespace weir::testing
