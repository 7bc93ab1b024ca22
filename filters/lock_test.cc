#include "filters/lock.h"

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(LockTest, LetsOneInAtATime) {
  constexpr int kThreads = 4, kTimes = 50'000;
  Lock lock;
  int inside = 0, most = 0;
  std::int64_t count = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < kTimes; ++j) {
        const std::lock_guard<Lock> guard(lock);
        most = std::max(most, ++inside);
        ++count;
        if (j % 1000 == 0) std::this_thread::yield();  // others come to wait
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count, kThreads * kTimes);
  EXPECT_EQ(most, 1);
}

}  // namespace
}  // namespace weir
