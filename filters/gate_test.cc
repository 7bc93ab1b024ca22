#include "filters/gate.h"

#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "filters/request.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

struct Clock {
  Time now = Time(1s);
  static Time read(void* self) { return static_cast<Clock*>(self)->now; }
};

class Box final : public Mailbox {
 public:
  int notified = 0;

 protected:
  void notify() override { ++notified; }
};

class GateTest : public testing::Test {
 protected:
  Clock clock;
  Gate gate{Clock::read, &clock};
};

TEST_F(GateTest, TimeNeverRunsBackwardsInside) {
  EXPECT_EQ(Gate::Pass(gate).now(), Time(1s));
  clock.now = Time(500ms);
  EXPECT_EQ(Gate::Pass(gate).now(), Time(1s));
  clock.now = Time(2s);
  EXPECT_EQ(Gate::Pass(gate).now(), Time(2s));
}

TEST_F(GateTest, CountsItsPasses) {
  const std::uint64_t first = (Gate::Pass(gate), gate.pass());
  const std::uint64_t second = (Gate::Pass(gate), gate.pass());
  EXPECT_EQ(second, first + 1);
}

TEST_F(GateTest, AMailboxIsToldOnceAPassAndAfterIt) {
  Box box;
  Request a, b;
  a.mailbox = b.mailbox = &box;
  {
    const Gate::Pass pass(gate);
    box.put(a, gate);
    box.put(b, gate);
    box.put(a, gate);
    EXPECT_EQ(box.notified, 0);
  }
  EXPECT_EQ(box.notified, 1);
  const Gate::Pass pass(gate);
  EXPECT_EQ(box.take(), &a);
  EXPECT_EQ(box.take(), &b);
  EXPECT_EQ(box.take(), nullptr);
}

TEST_F(GateTest, ManyMailboxesAreAllTold) {
  std::vector<std::unique_ptr<Box>> boxes;
  std::vector<std::unique_ptr<Request>> requests;
  for (int i = 0; i < 50; ++i) {
    boxes.push_back(std::make_unique<Box>());
    requests.push_back(std::make_unique<Request>());
    requests.back()->mailbox = boxes.back().get();
  }
  {
    const Gate::Pass pass(gate);
    for (std::size_t i = 0; i < 50; ++i) boxes[i]->put(*requests[i], gate);
  }
  for (const auto& box : boxes) EXPECT_EQ(box->notified, 1);
  const Gate::Pass pass(gate);
  for (const auto& request : requests) Mailbox::unlink(*request);
}

TEST_F(GateTest, WhatIsUnlinkedIsNotDelivered) {
  Box box;
  Request a, b, c;
  a.mailbox = b.mailbox = c.mailbox = &box;
  const Gate::Pass pass(gate);
  for (Request* request : {&a, &b, &c}) box.put(*request, gate);
  Mailbox::unlink(b);
  Mailbox::unlink(b);  // once more does nothing
  EXPECT_EQ(box.take(), &a);
  Mailbox::unlink(c);
  EXPECT_TRUE(box.empty());
  box.put(b, gate);
  EXPECT_EQ(box.take(), &b);
}

TEST_F(GateTest, LetsOneThreadInAtATime) {
  int inside = 0, count = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5000; ++i) {
        const Gate::Pass pass(gate);
        ASSERT_EQ(++inside, 1);
        ++count;
        --inside;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(count, 20'000);
}

}  // namespace
}  // namespace weir
