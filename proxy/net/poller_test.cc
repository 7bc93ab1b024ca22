// The poller's streams, over socket pairs: what is told when, and that no byte is lost, doubled or
// moved.
#include <gmock/gmock.h>

#include "tests/unit/poller_fixture.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Probe = PollerProbe;

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
  EXPECT_TRUE(probe.has_unread_event());
  probe.start_reading();
  turn();
  turn();
  EXPECT_EQ(probe.got, "last words");
  EXPECT_THAT(probe.told, ElementsAre("EOF"));
}

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
  poller_.delete_closed();
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

TEST_F(PollerTest, AConnectThatIsOverIsToldWithoutATurn) {
  sockaddr address{};
  const int listener = bound_socket(address);
  ASSERT_EQ(::listen(listener, 1), 0);
  Probe* probe = probes_.emplace_back(new Probe(poller_));
  ASSERT_EQ(probe->connect_tcp(&address), NetError::none);
  EXPECT_TRUE(probe->finish_connecting_now());  // on the loopback it is over at once
  EXPECT_THAT(probe->told, ElementsAre("connected"));
  EXPECT_FALSE(probe->finish_connecting_now());
  turn();
  EXPECT_THAT(probe->told, ElementsAre("connected"));
  ::close(listener);
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

}  // namespace
}  // namespace weir
