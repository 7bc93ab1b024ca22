// Answers that come before the request's end, to clients that go on sending: they arrive whole.
#include <atomic>
#include <fstream>
#include <string>
#include <thread>

#include "tests/e2e/fixture.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace weir::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::size_t kAnswer = 3 << 20;
constexpr const char* kQuota = "chain: [token_bucket: {key: method, rate: 1/d, burst: 1}]\n";

// Sends all the time, and reads a megabyte a second: three times as long as weir waits for a client
// that does neither.
TEST(EarlyAnswer, ArrivesWholeAtAClientThatSendsAndReadsSlowly) {
  RawService service([](RawService::Connection& c) {
    c.read_until();
    c.write("HTTP/1.1 422 No\r\nConnection: close\r\nContent-Length: " + std::to_string(kAnswer) +
            "\r\n\r\n" + std::string(kAnswer, 'e'));
    while (!c.read_until("never").empty()) {
    }
  });
  Weir weir(service.text(), "chain: []\n");
  Socket client = Socket::connect(weir.address(), 64 << 10);
  client.write_all("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 50000000\r\n\r\n");
  std::atomic<bool> over = false;
  std::thread sender([&] {
    const std::string piece(20'000, 'x');
    while (!over) {
      const Socket::Status sent = client.write_some(piece).status;
      if (sent == Socket::Status::closed || sent == Socket::Status::reset) break;
      std::this_thread::sleep_for(milliseconds(50));
    }
  });
  std::string answer;
  std::string room(50'000, '\0');
  while (answer.size() < kAnswer) {
    const Socket::Got got = client.read_some(room.data(), room.size());
    if (got.status != Socket::Status::ok) break;
    answer.append(room.data(), got.bytes);
    std::this_thread::sleep_for(milliseconds(50));
  }
  over = true;
  sender.join();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 422 "));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_GT(answer.size(), kAnswer);
}

class EarlyRefusal : public ::testing::Test {
 protected:
  EarlyRefusal() {
    EXPECT_EQ(Client(weir_.address()).post("/", "").status, 200);
    std::ofstream(file_) << std::string(20'000'000, 'x');
  }
  std::string url() const { return "http://" + weir_.address().text() + "/"; }

  Service service_;
  Weir weir_{service_.text(), kQuota};
  TempDir folder_;
  std::string file_ = folder_.path() + "/body";
};

TEST_F(EarlyRefusal, ReachesCurl) {
  ProcessOptions options;
  options.command = {"curl",         "-sS", "-o",      "/dev/null",     "-w",
                     "%{http_code}", "-H",  "Expect:", "--data-binary", "@" + file_,
                     url()};
  for (int i = 0; i < 5; ++i) {
    const Finished curl = run_process(options);
    EXPECT_EQ(curl.code, 0) << curl.errors;
    EXPECT_EQ(curl.output, "429");
  }
}

// Which reads nothing until it has sent all.
TEST_F(EarlyRefusal, ReachesPythonsHttpClient) {
  ProcessOptions options;
  options.command = {"python3", "-c",
                     "import http.client, sys\n"
                     "c = http.client.HTTPConnection(sys.argv[1])\n"
                     "c.request('POST', '/', body=open(sys.argv[2], 'rb'))\n"
                     "print(c.getresponse().status)\n",
                     weir_.address().text(), file_};
  for (int i = 0; i < 5; ++i) {
    const Finished python = run_process(options);
    EXPECT_EQ(python.code, 0) << python.errors;
    EXPECT_EQ(python.output, "429\n");
  }
}

}  // namespace
}  // namespace weir::testing
