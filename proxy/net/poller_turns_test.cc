// The poller's turns: in which order sockets, timers and the rest are served, and how much of each.
#include <gmock/gmock.h>

#include "tests/unit/poller_fixture.h"

namespace weir {
namespace {

using Probe = PollerProbe;

TEST_F(PollerTest, WhatASlotDoesNotHoldIsReadInTheSameTurn) {
  Probe& probe = open();
  say(0, std::string(Poller::kSlot + 20'000, 'x'));
  turn();
  EXPECT_EQ(probe.got.size(), Poller::kSlot + 20'000);
  EXPECT_EQ(probe.longest, 20'000U);
  EXPECT_FALSE(probe.has_unread_event());
}

// What came in time is seen before its time is up, of as many sockets as there are.
TEST_F(PollerTest, TimersRunAfterEachSocketWasLookedAt) {
  constexpr std::size_t kMany = 600;  // more than one look brings
  for (std::size_t i = 0; i < kMany; ++i) open();
  turn();
  for (std::size_t i = 0; i < kMany; ++i) say(i, "x");
  std::size_t seen = 0;
  for (Probe* probe : probes_) probe->on_bytes = [&seen] { ++seen; };
  uv_timer_t timer;
  struct Seen {
    std::size_t &now, at_timer;
  } both{seen, 0};
  uv_timer_init(&loop_, &timer);
  timer.data = &both;
  const auto note = [](uv_timer_t* t) {
    auto* all = static_cast<Seen*>(t->data);
    all->at_timer = all->now;
  };
  uv_timer_start(&timer, note, 0, 0);
  turn();
  EXPECT_EQ(both.at_timer, kMany);
  uv_close(reinterpret_cast<uv_handle_t*>(&timer), nullptr);
  uv_run(&loop_, UV_RUN_NOWAIT);
}

TEST_F(PollerTest, ASocketThatIsAlwaysReadyHoldsUpNoTimer) {
  Probe& probe = open();
  probe.room = 1;
  say(0, std::string(1000, 'x'));
  uv_timer_t timer;
  bool rang = false;
  uv_timer_init(&loop_, &timer);
  timer.data = &rang;
  uv_timer_start(
      &timer, [](uv_timer_t* t) { *static_cast<bool*>(t->data) = true; }, 0, 0);
  turn();
  EXPECT_TRUE(rang);
  EXPECT_LE(probe.got.size(), 2U);
  uv_close(reinterpret_cast<uv_handle_t*>(&timer), nullptr);
  uv_run(&loop_, UV_RUN_NOWAIT);
}

// What ended in one group can be used again in the next, however many sockets have their turn.
TEST_F(PollerTest, ItsHostIsToldBetweenTwoGroups) {
  for (std::size_t i = 0; i < Poller::kGroup; ++i) open();
  turn();
  for (std::size_t i = 0; i < Poller::kGroup; ++i) say(i, "x");
  turn();
  EXPECT_EQ(host_.calls, 0);
  open();
  turn();
  for (std::size_t i = 0; i <= Poller::kGroup; ++i) say(i, "x");
  turn();
  EXPECT_EQ(host_.calls, 1);
}

// Whoever makes weir work hard for each byte has less of them read in a turn.
TEST_F(PollerTest, AStreamThatReadsLessHasASlotATurn) {
  Probe& probe = open();
  probe.on_bytes = [&probe] { probe.read_less(); };
  const std::string bytes(20 * Poller::kSlot, 'x');
  say(0, bytes);
  for (std::size_t turns = 1; turns <= 20; ++turns) {
    turn();
    EXPECT_EQ(probe.got.size(), turns * Poller::kSlot);
  }
  EXPECT_EQ(probe.longest, Poller::kSlot);
}

TEST_F(PollerTest, AStreamReadsMuchAgainAfterSomeSmallReads) {
  Probe& probe = open();
  probe.on_bytes = [&probe] {
    if (probe.got.size() == Poller::kSlot) probe.read_less();
  };
  say(0, std::string(40 * Poller::kSlot, 'x'));
  for (int i = 0; i < 20; ++i) turn();
  EXPECT_EQ(probe.got.size(), 40 * Poller::kSlot);
  EXPECT_GT(probe.longest, Poller::kSlot);
}

TEST_F(PollerTest, AReadThatWasFilledIsFollowedByAnotherWithoutANewEvent) {
  Probe& probe = open();
  probe.room = 10;
  say(0, "0123456789abcdefghij!");
  turn();
  turn();
  turn();
  EXPECT_EQ(probe.got, "0123456789abcdefghij!");
  EXPECT_EQ(probe.longest, 10U);
  turn();
  EXPECT_FALSE(probe.has_unread_event());
}

TEST_F(PollerTest, AnEndlessSenderLeavesTheOthersTheirTurn) {
  Probe& endless = open();
  Probe& other = open();
  const std::string much(150'000, 'x');
  endless.on_bytes = [&] {
    [[maybe_unused]] const ssize_t n =
        ::send(peers_[0], much.data(), much.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  };
  say(0, std::string(Poller::kSlot, 'x'));
  say(1, "me too");
  turn();
  EXPECT_EQ(other.got, "me too");
  EXPECT_TRUE(endless.has_unread_event());
}

TEST_F(PollerTest, MoreThanAGroupAreAllServedInATurn) {
  for (std::size_t i = 0; i < 2 * Poller::kGroup + 3; ++i) open();
  for (std::size_t i = 0; i < probes_.size(); ++i) say(i, "to " + std::to_string(i));
  turn();
  for (std::size_t i = 0; i < probes_.size(); ++i) {
    EXPECT_EQ(probes_[i]->got, "to " + std::to_string(i));
  }
}

TEST_F(PollerTest, WhatWasFetchedBeforeAnotherStoppedItStillComes) {
  Probe& first = open();
  Probe& second = open();
  first.on_bytes = [&] {
    EXPECT_TRUE(second.has_unread_event());
    second.stop_reading();
  };
  say(0, "stop the other");
  say(1, "one");
  turn();
  EXPECT_EQ(second.got, "one");
  say(1, "two");
  turn();
  EXPECT_EQ(second.got, "one");
  second.start_reading();
  turn();
  EXPECT_EQ(second.got, "onetwo");
}

TEST_F(PollerTest, WhoIsClosedInItsGroupHearsNothingMoreAndIsDeletedBySweep) {
  Probe& first = open();
  Probe* const second = &open();
  bool deleted = false;
  second->deleted = &deleted;
  std::string second_got;
  second->on_bytes = [&] { second_got = "something"; };
  first.on_bytes = [&] {
    second->close();
    second->close();
    EXPECT_FALSE(deleted);
  };
  say(0, "close the other");
  say(1, "too late");
  turn();
  EXPECT_EQ(second_got, "");
  EXPECT_EQ(poller_.streams(), 2U);
  poller_.delete_closed();
  EXPECT_TRUE(deleted);
  EXPECT_EQ(poller_.streams(), 1U);
  EXPECT_TRUE(ended(1));
  probes_.pop_back();
}

TEST_F(PollerTest, WhoClosesWhileItIsListedIsDeletedAfterItsTurn) {
  Probe* const probe = &open();
  Probe& other = open();
  bool deleted = false;
  probe->deleted = &deleted;
  probe->room = 1;
  other.on_bytes = [&] {
    if (probe->closing()) return;
    EXPECT_EQ(probe->got, "a") << "\"b\" is to come";
    probe->close();
    poller_.delete_closed();
    EXPECT_FALSE(deleted);
  };
  say(0, "ab");
  say(1, "x");
  turn();
  other.on_bytes = nullptr;
  turn();
  poller_.delete_closed();
  EXPECT_TRUE(deleted);
  probes_.erase(probes_.begin());
}

// --- writing

TEST_F(PollerTest, LibuvHasItsTurn) {
  int timers = 0, wakes = 0;
  uv_timer_t timer;
  uv_async_t async;
  uv_timer_init(&loop_, &timer);
  uv_async_init(&loop_, &async, [](uv_async_t* handle) { ++*static_cast<int*>(handle->data); });
  timer.data = &timers;
  async.data = &wakes;
  uv_timer_start(
      &timer, [](uv_timer_t* t) { ++*static_cast<int*>(t->data); }, 20, 0);
  while (timers == 0) poller_.turn(true);  // waits for nothing else
  uv_async_send(&async);
  while (wakes == 0) poller_.turn(true);
  EXPECT_EQ(timers, 1);
  EXPECT_EQ(wakes, 1);
  uv_close(reinterpret_cast<uv_handle_t*>(&timer), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&async), nullptr);
  EXPECT_TRUE(poller_.has_work());
  poller_.turn(true);
  EXPECT_EQ(uv_loop_alive(&loop_), 0);
}

}  // namespace
}  // namespace weir
