// Small answers are taken for sent before their socket has them. What a full socket does not take
// of them is neither lost nor kept for ever, whatever comes next: another request, a drain, a
// close.
#include <string>
#include <thread>
#include <utility>

#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

// More answers than any socket buffer holds.
constexpr int kPipelined = 8000;

Service numbered() {
  return Service([](const ServiceRequest& r) {
    std::string body = r.target + ";";
    body.resize(1000, 'x');
    Reply reply;
    reply.raw = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + body;  // in one write
    return reply;
  });
}

// The requests are written by a thread: weir does not read on while nobody takes its answers.
class Pipeliner {
 public:
  explicit Pipeliner(const Weir& weir)
      : socket_(Socket::connect(weir.address(), 4 << 10)), writer_([this] {
          std::string requests;
          for (int i = 0; i < kPipelined; ++i) {
            requests += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n";
            requests += i + 1 == kPipelined ? "Connection: close\r\n\r\n" : "\r\n";
          }
          socket_.write_all(requests);
        }) {}
  ~Pipeliner() {
    socket_.stop();
    writer_.join();
  }
  // Those that are whole and in order; nothing but the last may be cut.
  int answers() {
    std::string text;
    socket_.read_to_end(text);
    int n = 0;
    while (text.find("\r\n\r\n") != std::string::npos && !::testing::Test::HasFailure()) {
      const Response r = parse_response(text, &text);
      EXPECT_EQ(r.status, 200);
      EXPECT_EQ(r.body.size(), 1000U) << n;
      EXPECT_TRUE(r.body.starts_with("/" + std::to_string(n) + ";")) << n << ": " << r.body;
      ++n;
    }
    EXPECT_EQ(text, "");
    return n;
  }

 private:
  Socket socket_;
  std::thread writer_;
};

// Nothing has moved for a while.
void wait_for_standstill(Weir& weir) {
  double before = -1;
  EXPECT_TRUE(eventually([&] {
    const double now = weir.metrics().sum("weir_requests_total");
    std::this_thread::sleep_for(milliseconds(100));
    return std::exchange(before, now) == now && now > 0;
  }));
  EXPECT_LT(before, kPipelined) << "a socket has held it all";
}

TEST(FullSocket, APipelinerThatReadsLateGetsAllItsAnswers) {
  Service service = numbered();
  Weir weir(service.text(), "chain: []\n");
  Pipeliner client(weir);
  wait_for_standstill(weir);
  EXPECT_EQ(client.answers(), kPipelined);
}

TEST(FullSocket, APipelinerThatNeverReadsIsReset) {
  Service service = numbered();
  Weir weir(service.text(), "chain: []\nlimits: {send_timeout: 500ms}\n");
  Pipeliner client(weir);
  EXPECT_TRUE(weir.metrics_reach([](const Samples& s) {
    return s.sum("weir_requests_total") > 0 &&
           s.value("weir_connections_active", {{"side", "downstream"}}) == 0;
  }));
}

TEST(FullSocket, ADrainWaitsForWhatAPipelinerHasNotReadYet) {
  Service service = numbered();
  Weir weir(service.text(), "chain: []\n");
  Pipeliner client(weir);
  wait_for_standstill(weir);
  weir.process().signal(SIGTERM);
  ASSERT_TRUE(weir.process().wait_for("draining"));
  EXPECT_GT(client.answers(), 0);
  EXPECT_EQ(weir.process().wait(), 0) << weir.errors();
}

// One request at a time on a Unix socket, whose buffer has one size: so the answer that fills it is
// always the same one, and its client can stop right behind it.
class Asker {
 public:
  explicit Asker(const std::string& config = {})
      : weir_(service_.text(), "listen: \"unix:" + path() + "\"\nchain: []\n" + config),
        client_(Socket::connect({.host = "", .port = 0, .path = path()})) {}

  // False: the answer does not come to its end within a while.
  bool ask(const std::string& field = "") {
    client_.write_all("GET /" + std::to_string(asked_) + " HTTP/1.1\r\nHost: h\r\n" + field +
                      "\r\n");
    ++asked_;
    return eventually([&] { return service_.counts().ended == asked_; }, milliseconds(300));
  }
  // Not a byte of the last answer is on its way any more.
  void settle() { std::this_thread::sleep_for(milliseconds(50)); }
  // Those that come whole.
  std::uint64_t answers() {
    std::string text;
    client_.read_to_end(text);
    std::uint64_t n = 0;
    while (text.find("\r\n\r\n") != std::string::npos) {
      const Response r = parse_response(text, &text);
      if (r.body.size() != 1000) break;
      ++n;
    }
    return n;
  }
  Weir& weir() { return weir_; }

 private:
  std::string path() const { return folder_.file("weir.sock"); }

  TempDir folder_;
  Service service_ = numbered();
  Weir weir_;
  Socket client_;
  std::uint64_t asked_ = 0;
};

// How many are answered to a client that does not read, until its socket is full and the next
// request has to wait.
std::uint64_t fills_it() {
  Asker asker;
  std::uint64_t n = 0;
  while (n < 100'000 && asker.ask()) ++n;
  return n;
}

TEST(FullSocket, ADrainWaitsForTheAnswerThatFilledIt) {
  const std::uint64_t full = fills_it();
  ASSERT_GT(full, 10U);
  for (const std::uint64_t n : {full - 1, full}) {
    Asker asker;
    for (std::uint64_t i = 0; i < n; ++i) ASSERT_TRUE(asker.ask());
    asker.settle();
    asker.weir().process().signal(SIGTERM);
    ASSERT_TRUE(asker.weir().process().wait_for("draining"));
    asker.settle();
    EXPECT_EQ(asker.answers(), n);
    EXPECT_EQ(asker.weir().process().wait(), 0) << asker.weir().errors();
  }
}

TEST(FullSocket, TheLastAnswerBeforeACloseComesWhole) {
  const std::uint64_t full = fills_it();
  for (const std::uint64_t n : {full - 1, full}) {
    Asker asker;
    for (std::uint64_t i = 1; i < n; ++i) ASSERT_TRUE(asker.ask());
    ASSERT_TRUE(asker.ask("Connection: close\r\n"));
    asker.settle();
    EXPECT_EQ(asker.answers(), n);
  }
}

TEST(FullSocket, WhoNeverReadsTheAnswerThatFilledItIsReset) {
  const std::uint64_t full = fills_it();
  Asker asker("limits: {send_timeout: 300ms}\n");
  for (std::uint64_t i = 0; i < full; ++i) ASSERT_TRUE(asker.ask());
  EXPECT_TRUE(asker.weir().metrics_reach([](const Samples& s) {
    return s.value("weir_connections_active", {{"side", "downstream"}}) == 0;
  }));
}

}  // namespace
}  // namespace weir::testing
