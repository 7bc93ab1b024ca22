#include "filters/waiter.h"

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir {
namespace {

using namespace std::chrono_literals;

struct Someone final : Waiter {
  explicit Someone(int arrived, std::uint64_t ticket = 0) {
    who.arrived = Time(std::chrono::seconds(arrived));
    who.ticket = ticket;
    request = &who;
  }
  void rearm() override {}
  void granted(const Grant&) override {}
  void revoked() override {}
  Request who;
};

using List = WaiterList<&Waiter::in_line>;

std::vector<Waiter*> forward(const List& list) {
  std::vector<Waiter*> all;
  for (Waiter* w = list.first(); w != nullptr; w = w->in_line.next) all.push_back(w);
  return all;
}

TEST(WaiterListTest, IsOrderedByFirstArrival) {
  List list;
  Someone a(1), b(2), c(3);
  list.insert(b);
  list.insert(c);
  list.insert(a);
  EXPECT_THAT(forward(list), testing::ElementsAre(&a, &b, &c));
  list.remove(b);
  EXPECT_THAT(forward(list), testing::ElementsAre(&a, &c));
  list.remove(c);
  EXPECT_EQ(list.first(), list.last());
  list.remove(a);
  EXPECT_EQ(list.first(), nullptr);
  EXPECT_EQ(list.last(), nullptr);
}

TEST(WaiterListTest, TheTicketBreaksATie) {
  List list;
  Someone later(1, 2), earlier(1, 1);
  list.insert(later);
  list.insert(earlier);
  EXPECT_THAT(forward(list), testing::ElementsAre(&earlier, &later));
  EXPECT_FALSE(before(later.who, earlier.who));
  EXPECT_FALSE(before(later.who, later.who));
}

TEST(WaiterListTest, StaysInOrderWhoeverComesAndGoes) {
  List list;
  std::mt19937 random(9);
  std::vector<std::unique_ptr<Someone>> in;
  for (int i = 0; i < 5000; ++i) {
    if (in.empty() || random() % 2 != 0) {
      in.push_back(std::make_unique<Someone>(static_cast<int>(random() % 100), random()));
      list.insert(*in.back());
    } else {
      std::swap(in[random() % in.size()], in.back());
      list.remove(*in.back());
      in.pop_back();
    }
    const std::vector<Waiter*> all = forward(list);
    ASSERT_EQ(all.size(), in.size());
    ASSERT_EQ(list.size(), in.size());
    ASSERT_TRUE(std::is_sorted(all.begin(), all.end(), [](const Waiter* a, const Waiter* b) {
      return before(*a->request, *b->request);
    }));
    if (!all.empty()) {
      ASSERT_EQ(list.last(), all.back());
    }
  }
}

}  // namespace
}  // namespace weir
