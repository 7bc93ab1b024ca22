// How weir ends: what is under way is finished, whatever the load.
#include <atomic>
#include <thread>

#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

TEST(Lifecycle, TermFinishesWhatIsUnderWayAndExitsWithZero) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest&) { return Reply::held(hold, "done"); });
  Weir weir(service.text(),
            "chain:\n  - buffer: {max_wait: 60s}\n  - concurrency_limit: {limit: 1}\n");
  Client idle(weir.address()), inside(weir.address()), waiting(weir.address());
  idle.socket();
  inside.send({});
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
  waiting.send({});
  ASSERT_TRUE(weir.metrics_reach([](const Samples& s) { return s.sum("weir_queue_depth") == 1; }));
  weir.process().signal(SIGTERM);
  EXPECT_TRUE(idle.socket().wait_for_close()) << "idle connections close";
  EXPECT_TRUE(eventually([&] { return !Socket::try_connect(weir.address()).open(); }))
      << "it no longer listens";
  hold->open();
  Response a = inside.read(), b = waiting.read();
  EXPECT_EQ(a.body, "done");
  EXPECT_FALSE(a.keep_alive) << "says Connection: close";
  EXPECT_EQ(b.status, 200) << "who stands in line is served out";
  EXPECT_EQ(weir.process().wait(), 0) << weir.errors();
}

TEST(Lifecycle, StreamsAreFinishedInADrain) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest&) {
    Reply reply = Reply::text(200, "first, last");
    reply.hold_body = hold;
    reply.hold_at = 5;
    return reply;
  });
  Weir weir(service.text(), "chain: []\n");
  Socket socket = Socket::connect(weir.address());
  socket.write_all("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  std::string answer;
  ASSERT_EQ(socket.read_until(answer, "first"), Socket::Status::ok);
  weir.process().signal(SIGTERM);
  ASSERT_TRUE(weir.process().wait_for("draining"));
  hold->release();
  EXPECT_EQ(socket.read_to_end(answer), Socket::Status::ok);
  EXPECT_EQ(parse_response(answer).body, "first, last");
  EXPECT_EQ(weir.process().wait(), 0);
}

TEST(Lifecycle, DrainUnderLoadLosesNoAnswerThatWasBegun) {
  Service service;
  Weir weir(service.text(), "workers: 2\nchain: []\n");
  std::atomic<bool> over{false};
  std::atomic<int> good{0}, cut{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      while (!over) {
        Socket socket = Socket::try_connect(weir.address());
        if (!socket.open()) return;
        std::string answer;
        socket.write_all("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        socket.read_to_end(answer);
        good += answer.ends_with("\r\n\r\nok\n");
        cut += !answer.empty() && !answer.ends_with("\r\n\r\nok\n");
      }
    });
  }
  ASSERT_TRUE(eventually([&] { return good > 100; }));
  EXPECT_EQ(weir.stop(), 0);
  over = true;
  for (std::thread& t : clients) t.join();
  EXPECT_EQ(cut, 0);
}

TEST(Lifecycle, StartsAndEndsManyTimes) {
  Service service;
  for (int i = 0; i < 5; ++i) {
    Weir weir(service.text(), "workers: 3\nchain: []\n");
    if (i % 2 == 0) {
      EXPECT_EQ(weir.get().status, 200);
    }
    EXPECT_EQ(weir.stop(), 0) << weir.errors();
  }
}

}  // namespace
}  // namespace weir::testing
