// The poller and its streams, over socket pairs: what is told when, and that no byte is lost,
// doubled or moved.
#include "proxy/net/poller.h"

#include <array>
#include <functional>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/net/stream.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string name_of(NetError error) {
  if (error == NetError::end_of_stream) return "EOF";
  return ::strerrorname_np(static_cast<int>(error));
}

class Probe final : public Stream {
 public:
  explicit Probe(Poller& poller) : Stream(poller) {}

  using Stream::connect_pipe;
  using Stream::connect_tcp;
  using Stream::open;

  Written put(std::string_view text, When when = When::with_others) {
    std::array<iovec, 1> buffers = {buffer_of(text)};
    return write(buffers, &taken, when);
  }

  std::string got;
  std::vector<std::string> told;
  std::size_t taken = 0;
  std::size_t room = Poller::kBulk;
  std::size_t longest = 0;
  std::function<void()> on_bytes;
  bool* deleted = nullptr;

 private:
  ~Probe() override {
    if (deleted != nullptr) *deleted = true;
  }
  void on_connected(NetError error) override {
    told.push_back(error == NetError::none ? "connected" : name_of(error));
  }
  std::size_t read_room() const override { return room; }
  void on_read(char* data, std::size_t size) override {
    got.append(data, size);
    longest = std::max(longest, size);
    if (on_bytes) on_bytes();
  }
  void on_end(NetError error) override { told.emplace_back(name_of(error)); }
  void on_backlog() override { told.emplace_back("backlog"); }
  void on_drained() override { told.emplace_back("drained"); }
  void on_write_failed() override { told.emplace_back("failed"); }
};

// On a free port of the loopback; `address` says which.
int bound_socket(sockaddr& address) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
  socklen_t size = sizeof address;
  EXPECT_EQ(::getsockname(fd, &address, &size), 0);
  return fd;
}

class PollerTest : public testing::Test {
 protected:
  PollerTest() {
    uv_loop_init(&loop_);
    EXPECT_TRUE(poller_.open(loop_));
  }
  ~PollerTest() override {
    for (Probe* probe : probes_) probe->close();
    turn();  // who is listed is passed over first
    poller_.sweep();
    EXPECT_EQ(poller_.streams(), 0U);
    for (const int peer : peers_) {
      if (peer >= 0) ::close(peer);
    }
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
  }

  // With a peer that the test holds; peers_ has it in the same place.
  Probe& open() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    Probe* probe = probes_.emplace_back(new Probe(poller_));
    peers_.push_back(ends[1]);
    EXPECT_EQ(probe->open(ends[0]), NetError::none);
    probe->start_reading();
    return *probe;
  }
  void turn() { poller_.turn(false); }

  void say(std::size_t peer, const std::string& text) {
    ASSERT_EQ(::send(peers_[peer], text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  std::string heard(std::size_t peer) {
    std::string all;
    std::array<char, 64 << 10> bytes;
    for (;;) {
      const ssize_t n = ::recv(peers_[peer], bytes.data(), bytes.size(), 0);
      if (n <= 0) return all;
      all.append(bytes.data(), static_cast<std::size_t>(n));
    }
  }
  bool ended(std::size_t peer) {
    char byte = 0;
    return ::recv(peers_[peer], &byte, 1, 0) == 0;
  }
  void hang_up(std::size_t peer) { ::close(std::exchange(peers_[peer], -1)); }
  // Writes until the socket is full, in pieces that are sent with others.
  std::string fill(Probe& probe) {
    std::string all;
    while (!probe.has_pending()) {
      const std::string piece(1000, static_cast<char>('a' + all.size() / 1000 % 26));
      EXPECT_EQ(probe.put(piece), Stream::Written::whole);
      all += piece;
      poller_.flush();
    }
    return all;
  }

  uv_loop_t loop_{};
  BufferPool buffers_;
  Poller poller_{buffers_};
  std::vector<Probe*> probes_;
  std::vector<int> peers_;
};

// --- reading

TEST_F(PollerTest, BytesAreToldAndThenTheEndThatCameWithThem) {
  Probe& probe = open();
  say(0, "hello");
  hang_up(0);
  turn();
  EXPECT_EQ(probe.got, "hello");
  turn();
  EXPECT_THAT(probe.told, ElementsAre("EOF"));
  EXPECT_FALSE(probe.reading());
  turn();
  EXPECT_THAT(probe.told, ElementsAre("EOF"));
}

TEST_F(PollerTest, AnEndThatCameWhileNobodyReadIsToldWhenSomebodyDoes) {
  Probe& probe = open();
  probe.stop_reading();
  say(0, "last words");
  hang_up(0);
  turn();
  EXPECT_EQ(probe.got, "");
  EXPECT_TRUE(probe.has_news());
  probe.start_reading();
  turn();
  turn();
  EXPECT_EQ(probe.got, "last words");
  EXPECT_THAT(probe.told, ElementsAre("EOF"));
}

TEST_F(PollerTest, WhatASlotDoesNotHoldIsReadInTheSameTurn) {
  Probe& probe = open();
  say(0, std::string(Poller::kSlot + 20'000, 'x'));
  turn();
  EXPECT_EQ(probe.got.size(), Poller::kSlot + 20'000);
  EXPECT_EQ(probe.longest, 20'000U);
  EXPECT_FALSE(probe.has_news());
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

TEST_F(PollerTest, AReadThatWasFilledIsFollowedByAnotherWithoutANewEvent) {
  Probe& probe = open();
  probe.room = 10;
  say(0, "0123456789abcdefghij!");
  turn();
  EXPECT_EQ(probe.got, "0123456789");
  turn();
  turn();
  EXPECT_EQ(probe.got, "0123456789abcdefghij!");
  EXPECT_EQ(probe.longest, 10U);
  turn();
  EXPECT_FALSE(probe.has_news());
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
  EXPECT_TRUE(endless.has_news());
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
    EXPECT_TRUE(second.has_news());
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
  poller_.sweep();
  EXPECT_TRUE(deleted);
  EXPECT_EQ(poller_.streams(), 1U);
  EXPECT_TRUE(ended(1));
  probes_.pop_back();
}

TEST_F(PollerTest, WhoClosesWhileItIsListedIsDeletedAfterItsTurn) {
  Probe* const probe = &open();
  bool deleted = false;
  probe->deleted = &deleted;
  probe->room = 1;
  probe->on_bytes = [&] { probe->on_bytes = nullptr; };
  say(0, "ab");
  turn();  // "b" is to come
  probe->close();
  poller_.sweep();
  EXPECT_FALSE(deleted);
  turn();
  poller_.sweep();
  EXPECT_TRUE(deleted);
  probes_.clear();
}

// --- writing

TEST_F(PollerTest, WhatIsWrittenInAGroupIsSentBehindIt) {
  Probe& first = open();
  Probe& second = open();
  first.on_bytes = [&] { EXPECT_EQ(first.put("answer"), Stream::Written::whole); };
  second.on_bytes = [&] { EXPECT_EQ(heard(0), ""); };
  say(0, "question");
  say(1, "question");
  turn();
  EXPECT_EQ(second.got, "question");
  EXPECT_EQ(heard(0), "answer");
}

TEST_F(PollerTest, ManyWritesOfSeveralKeepTheirOrder) {
  Probe& first = open();
  Probe& second = open();
  const std::string large(10'000, 'x');
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    const std::string small = "<" + std::to_string(i) + ">";
    first.put(small);
    expected += small;
    if (i % 3 == 0) second.put("other");
    if (i % 50 != 7) continue;
    EXPECT_EQ(first.put(large), Stream::Written::whole);
    expected += large;
  }
  EXPECT_EQ(first.sent_bytes(), expected.size());
  poller_.flush();
  EXPECT_EQ(heard(0), expected);
  EXPECT_EQ(first.sent_bytes(), expected.size());
  EXPECT_EQ(heard(1).size(), 67U * 5);
}

TEST_F(PollerTest, TheOutboxMayFillUp) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < 100; ++i) {
    texts.emplace_back(1500, static_cast<char>('a' + i % 26));
    EXPECT_EQ(open().put(texts[i]), Stream::Written::whole);
  }
  poller_.flush();
  for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(heard(i), texts[i]) << i;
}

TEST_F(PollerTest, WhatTheSocketDoesNotTakeIsToldOfAndKeptAndSentInTheEnd) {
  Probe& probe = open();
  std::string expected = fill(probe);
  EXPECT_THAT(probe.told, ElementsAre("backlog"));
  EXPECT_LT(probe.sent_bytes(), expected.size());
  EXPECT_EQ(probe.put("behind it"), Stream::Written::pending);
  EXPECT_EQ(probe.taken, 0U);
  const std::string large(100'000, 'y');
  EXPECT_EQ(probe.put(large), Stream::Written::pending);
  expected += "behind it" + large;
  std::string all;
  for (int i = 0; i < 1000 && probe.has_pending(); ++i) {
    all += heard(0);
    turn();
  }
  all += heard(0);
  EXPECT_EQ(all, expected);
  EXPECT_THAT(probe.told, ElementsAre("backlog", "drained"));
  EXPECT_EQ(probe.sent_bytes(), expected.size());
}

TEST_F(PollerTest, AFinGoesBehindWhatIsPending) {
  Probe& probe = open();
  const std::string expected = fill(probe);
  probe.shut_down();
  probe.shut_down();
  std::string all;
  for (int i = 0; i < 1000 && probe.has_pending(); ++i) {
    all += heard(0);
    EXPECT_FALSE(ended(0));
    turn();
  }
  all += heard(0);
  EXPECT_EQ(all, expected);
  EXPECT_TRUE(ended(0));
}

TEST_F(PollerTest, AFinGoesBehindWhatWaitsForTheGroup) {
  open().put("last words");
  probes_[0]->shut_down();
  EXPECT_EQ(heard(0), "last words");
  EXPECT_TRUE(ended(0));
}

TEST_F(PollerTest, WhoClosesSendsWhatWaitsForTheGroup) {
  open().put("last words");
  probes_[0]->close();
  EXPECT_EQ(heard(0), "last words");
  EXPECT_TRUE(ended(0));
  poller_.flush();
  poller_.sweep();
  probes_.clear();
}

TEST_F(PollerTest, AWriteThatFailsBehindTheGroupIsToldOfAndCountsNothing) {
  Probe& probe = open();
  hang_up(0);
  EXPECT_EQ(probe.put("nobody there"), Stream::Written::whole);
  EXPECT_EQ(probe.sent_bytes(), 12U);
  poller_.flush();
  EXPECT_THAT(probe.told, ElementsAre("failed"));
  EXPECT_EQ(probe.sent_bytes(), 0U);
  EXPECT_EQ(probe.put("still nobody"), Stream::Written::failed);
  poller_.flush();
  EXPECT_THAT(probe.told, ElementsAre("failed"));
}

TEST_F(PollerTest, AWriteAtOnceFailsAtOnce) {
  Probe& probe = open();
  hang_up(0);
  EXPECT_EQ(probe.put("nobody there", Stream::When::at_once), Stream::Written::failed);
  EXPECT_EQ(probe.taken, 0U);
  EXPECT_THAT(probe.told, IsEmpty());
}

TEST_F(PollerTest, WhatIsPendingFailsWithTheConnection) {
  Probe& probe = open();
  probe.stop_reading();
  fill(probe);
  hang_up(0);
  turn();
  EXPECT_THAT(probe.told, ElementsAre("backlog", "failed"));
  EXPECT_FALSE(probe.has_pending());
}

// --- connecting

TEST_F(PollerTest, ToWhereNobodyListensIsAnErrorNowOrLater) {
  sockaddr address{};
  const int socket = bound_socket(address);
  Probe* probe = probes_.emplace_back(new Probe(poller_));
  ASSERT_EQ(probe->connect_tcp(&address), NetError::none);
  for (int i = 0; i < 1000 && probe->told.empty(); ++i) turn();
  EXPECT_THAT(probe->told, ElementsAre("ECONNREFUSED"));
  ::close(socket);

  Probe* other = probes_.emplace_back(new Probe(poller_));
  EXPECT_EQ(other->connect_pipe("/nonexistent/socket"), net_error(ENOENT));
  Probe* third = probes_.emplace_back(new Probe(poller_));
  EXPECT_EQ(third->connect_pipe(std::string(200, 'x').c_str()), NetError::name_too_long);
}

TEST_F(PollerTest, AServiceThatGreetsIsHeard) {
  sockaddr address{};
  const int listener = bound_socket(address);
  ASSERT_EQ(::listen(listener, 1), 0);
  Probe* probe = probes_.emplace_back(new Probe(poller_));
  ASSERT_EQ(probe->connect_tcp(&address), NetError::none);
  const int accepted = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  peers_.push_back(accepted);
  say(0, "welcome");
  probe->start_reading();
  for (int i = 0; i < 1000 && probe->got.empty(); ++i) turn();
  EXPECT_THAT(probe->told, ElementsAre("connected"));
  EXPECT_EQ(probe->got, "welcome");
  ::close(listener);
}

// --- libuv's loop

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
