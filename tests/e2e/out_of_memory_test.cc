// weir under a limit of memory: its bounds keep it inside of one that is meant for it, and where
// there really is none left it says so in its last line.
#include <vector>

#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kMiB = 1 << 20;

// Sanitizers reserve address space by the terabyte.
struct OutOfMemory : ::testing::Test {
  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "of weir as it is built for use";
  }
};

// A service that floods whatever it is asked for with interim heads.
RawService flood() {
  return RawService([](RawService::Connection& c) {
    c.read_until();
    std::string heads;
    for (int i = 0; i < 900; ++i) {
      heads += "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload; as=style\r\n\r\n";
    }
    while (c.socket().write_all(heads).status == Socket::Status::ok) {
    }
  });
}

TEST_F(OutOfMemory, FloodsStayWithinALimitOfMemory) {
  Service service;
  WeirOptions options;
  options.upstream = service.text();
  options.config = "chain: [token_bucket: {key: header x-tenant, rate: 1/h, burst: 1}]\n";
  options.max_memory = 400 * kMiB;
  Weir weir(options);
  std::string requests;
  while (requests.size() < 256 << 10) requests += "GET / HTTP/1.1\r\nHost:a\r\n\r\n";
  std::vector<Socket> crowd;
  for (int i = 0; i < 128; ++i) {
    crowd.push_back(Socket::connect(weir.address(), 4 << 10));
    crowd.back().write_some(requests);
  }
  EXPECT_EQ(weir.get("/", {{"x-tenant", "other"}}).status, 200);
  // Those that read find each of their requests answered, so weir is still at it.
  EXPECT_TRUE(
      weir.metrics_reach([](const Samples& s) { return s.sum("weir_requests_total") > 1000; }));
  EXPECT_TRUE(weir.process().running());
}

TEST_F(OutOfMemory, InterimFloodsStayWithinALimitOfMemory) {
  RawService service = flood();
  WeirOptions options;
  options.upstream = service.text();
  options.config = "chain: []\n";
  options.max_memory = 400 * kMiB;
  Weir weir(options);
  std::vector<Socket> crowd;
  for (int i = 0; i < 32; ++i) {
    crowd.push_back(Socket::connect(weir.address(), 4 << 10));
    crowd.back().write_all("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  EXPECT_TRUE(weir.metrics_reach([](const Samples& s) {
    return s.sum("weir_requests_inside") + s.sum("weir_requests_total") >= 32;
  }));
  EXPECT_TRUE(weir.process().running());
}

TEST_F(OutOfMemory, EndsWithAClearLineWhereThereIsNone) {
  Service service;
  Weir weir(service.text(), "limits: {max_connections: 4000}\nchain: []\n");
  ASSERT_EQ(weir.get().status, 200);
  weir.process().limit_memory(weir.process().address_space_bytes() + kMiB);
  const std::string part = "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(24 << 10, 'x');
  std::vector<Socket> crowd;
  std::optional<int> code;
  while (crowd.size() < 3900 && !(code = weir.process().wait(milliseconds(0)))) {
    crowd.push_back(Socket::try_connect(weir.address()));
    if (!crowd.back().open()) break;
    crowd.back().write_some(part);
  }
  if (!code) code = weir.process().wait();
  EXPECT_EQ(code, 4);
  EXPECT_THAT(weir.errors(), HasSubstr("weir: ending at once: out of memory\n"));
}

}  // namespace
}  // namespace weir::testing
