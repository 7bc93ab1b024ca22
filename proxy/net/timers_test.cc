#include "proxy/net/timers.h"

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "proxy/clock/clock.h"
#include "proxy/net/buffer_pool.h"

namespace weir {
namespace {

using std::chrono::milliseconds;

class Entry final : public Timer {
 public:
  explicit Entry(std::function<void()> rang = {}) : rang_(std::move(rang)) {}
  Time rang_at{};

 private:
  void on_timer() override {
    rang_at = read_clock();
    if (rang_) rang_();
  }
  std::function<void()> rang_;
};

class TimersTest : public testing::Test {
 protected:
  TimersTest() {
    uv_loop_init(&loop_);
    EXPECT_TRUE(timers_.open(&loop_));
  }
  ~TimersTest() override {
    timers_.close();
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
  }
  // The loop has its timerfd at all times, so it is run until the entry has rung.
  void run_until(const Entry& entry) {
    while (entry.rang_at == Time{}) uv_run(&loop_, UV_RUN_ONCE);
  }
  uv_loop_t loop_;
  Timers timers_;
};

TEST_F(TimersTest, CoarseOnesRingWithinATick) {
  Entry entry;
  const Time at = read_clock() + milliseconds(20);
  timers_.set(entry, at);
  run_until(entry);
  EXPECT_GE(entry.rang_at, at);
  EXPECT_FALSE(entry.armed());
}

TEST_F(TimersTest, ExactOnesRingInOrder) {
  std::vector<int> order;
  Entry last([&] { order.push_back(3); });
  Entry first([&] { order.push_back(1); });
  Entry second([&] { order.push_back(2); });
  const Time now = read_clock();
  timers_.set(last, now + milliseconds(6), true);
  timers_.set(first, now + milliseconds(2), true);
  timers_.set(second, now + milliseconds(4), true);
  run_until(last);
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
  EXPECT_GE(last.rang_at, now + milliseconds(6));
}

TEST_F(TimersTest, ManyOfAllDistancesRingEachOnceAndNotEarly) {
  std::vector<std::unique_ptr<Entry>> entries;
  int rang = 0;
  const Time now = read_clock();
  for (int i = 0; i < 300; ++i) {
    entries.push_back(std::make_unique<Entry>([&rang] { ++rang; }));
    timers_.set(*entries.back(), now + milliseconds(i % 40), i % 7 == 0);
  }
  Entry far;
  timers_.set(far, now + std::chrono::hours(100));
  while (rang < 300) uv_run(&loop_, UV_RUN_ONCE);
  for (int i = 0; i < 300; ++i) EXPECT_GE(entries[i]->rang_at, now + milliseconds(i % 40));
  EXPECT_TRUE(far.armed());
  timers_.cancel(far);
}

TEST_F(TimersTest, WhoRingsMayCancelAndMoveOthers) {
  Entry cancelled([] { ADD_FAILURE(); });
  Entry moved;
  const Time now = read_clock();
  Entry ringer([&] {
    timers_.cancel(cancelled);
    timers_.set(moved, now + milliseconds(60));
  });
  for (Entry* entry : {&ringer, &cancelled, &moved}) timers_.set(*entry, now + milliseconds(30));
  run_until(moved);
  EXPECT_NE(ringer.rang_at, Time{});
  EXPECT_GE(moved.rang_at, now + milliseconds(30));
}

TEST_F(TimersTest, MovingFromCoarseToExactRingsOnce) {
  int rang = 0;
  Entry entry([&] { ++rang; });
  const Time now = read_clock();
  timers_.set(entry, now + milliseconds(5));
  timers_.set(entry, now + milliseconds(3), true);
  Entry later;
  timers_.set(later, now + milliseconds(30));
  run_until(later);
  EXPECT_EQ(rang, 1);
}

TEST(ByteQueue, KeepsBytesInOrder) {
  BufferPool pool;
  ByteQueue queue;
  std::string expected;
  for (int i = 0; i < 2000; ++i) {
    const std::string piece(static_cast<std::size_t>(i % 97), static_cast<char>('a' + i % 26));
    queue.append(pool, piece);
    expected += piece;
    const std::size_t drop = std::min<std::size_t>(expected.size(), i % 53);
    queue.drop(drop);
    expected.erase(0, drop);
    ASSERT_EQ(queue.view(), expected);
  }
  ByteQueue other = std::move(queue);
  EXPECT_EQ(other.view(), expected);
  EXPECT_TRUE(queue.empty());  // NOLINT(bugprone-use-after-move)
  other.release();
  EXPECT_TRUE(other.empty());
}

}  // namespace
}  // namespace weir
