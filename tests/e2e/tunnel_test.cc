// Tunnels with bytes of the tests' own: how much they hold, how they end, what they count.
#include <thread>

#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kAsk =
    "GET /socket HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
constexpr std::string_view kSwitch =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

// Bytes that are told apart by where they stand.
std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>((i * 2654435761U) >> 13);
  return text;
}

// weir, with one tunnel through it.
struct TunnelTest : ::testing::Test {
  Listener listener;
  std::unique_ptr<Weir> weir;
  Socket client, service;

  void start(const std::string& config = "chain: []\n") {
    weir = std::make_unique<Weir>(listener.address().text(), config);
  }
  // What the service got behind the head is in `early`.
  void open_tunnel(const std::string& behind = {}, int receive_buffer = 0) {
    client = Socket::connect(weir->address(), receive_buffer);
    client.write_all(std::string(kAsk) + behind);
    auto accepted = listener.accept(kPatience);
    ASSERT_TRUE(accepted) << "the service should have been asked";
    service = std::move(*accepted);
    ASSERT_EQ(service.read_until(early, "\r\n\r\n"), Socket::Status::ok);
    early.erase(0, early.find("\r\n\r\n") + 4);
    service.write_all(kSwitch);
    std::string head;
    ASSERT_EQ(client.read_until(head, "\r\n\r\n"), Socket::Status::ok);
    ASSERT_THAT(head, StartsWith("HTTP/1.1 101 "));
  }
  // Writes until nothing has been taken for a while, or all of it has; how much was.
  static std::size_t fill(Socket& socket, std::string_view data) {
    std::size_t taken = 0;
    const auto more = [&] {
      const std::size_t before = taken;
      while (taken < data.size()) {
        const Socket::Got got = socket.write_some(data.substr(taken, 1 << 20));
        if (got.bytes == 0) break;
        taken += got.bytes;
      }
      return taken == before;  // none
    };
    int still = 0;
    eventually([&] { return (still = more() ? still + 1 : 0) == 50 || taken == data.size(); });
    return taken;
  }
  // Reads so much and says how.
  static std::string read_exactly(Socket& socket, std::size_t size) {
    std::string text;
    std::string block(1 << 16, '\0');
    while (text.size() < size) {
      const Socket::Got got =
          socket.read_some(block.data(), std::min(block.size(), size - text.size()));
      if (got.status != Socket::Status::ok) break;
      text.append(block.data(), got.bytes);
    }
    return text;
  }
  bool ended(const std::string& result) const {
    return weir->metrics_reach([&](const Samples& s) {
      return s.value("weir_tunnels_active") == 0 &&
             s.value("weir_tunnels_ended_total", {{"result", result}}) == 1;
    });
  }

  // One remainder of 64 KiB in each direction, in a block of 128 KiB, and what the allocator keeps.
  void expect_held(std::uint64_t before) const {
    if (kSanitized) return;  // it keeps what was freed
    EXPECT_LT(weir->process().peak_resident_bytes(), before + (1 << 20));
  }

  std::string early;
};

constexpr std::size_t kMuch = 48 << 20;

// A reader that stops stops the writer on the other side, and weir holds next to nothing.
TEST_F(TunnelTest, AClientThatDoesNotReadStopsTheService) {
  start();
  open_tunnel({}, 16 << 10);
  const std::string data = pattern(kMuch);
  const std::uint64_t before = weir->process().resident_bytes();
  std::size_t taken = fill(service, data);
  EXPECT_LT(taken, kMuch) << "somebody took everything, though nobody read";
  expect_held(before);
  // It goes on where it stopped, and nothing was lost or came twice.
  std::thread writer([&] {
    service.write_all(std::string_view(data).substr(taken));
    service.half_close();
  });
  EXPECT_TRUE(read_exactly(client, kMuch) == data);
  writer.join();
  EXPECT_EQ(weir->metrics().value("weir_tunnel_bytes_total", {{"side", "downstream"}}), kMuch);
  expect_held(before);
}

TEST_F(TunnelTest, AServiceThatDoesNotReadStopsTheClient) {
  start();
  open_tunnel();
  const std::string data = pattern(kMuch);
  const std::uint64_t before = weir->process().resident_bytes();
  std::size_t taken = fill(client, data);
  EXPECT_LT(taken, kMuch) << "somebody took everything, though nobody read";
  std::thread writer([&] {
    client.write_all(std::string_view(data).substr(taken));
    client.half_close();
  });
  EXPECT_TRUE(read_exactly(service, kMuch) == data);
  writer.join();
  EXPECT_EQ(weir->metrics().value("weir_tunnel_bytes_total", {{"side", "upstream"}}), kMuch);
  expect_held(before);
}

// What stands on one side does not hold up the other direction.
TEST_F(TunnelTest, TheOtherDirectionGoesOnWhileOneStands) {
  start();
  open_tunnel({}, 16 << 10);
  ASSERT_LT(fill(service, pattern(kMuch)), kMuch);
  client.write_all("ping");
  EXPECT_EQ(read_exactly(service, 4), "ping");
}

TEST_F(TunnelTest, EachSideMayCloseAndTheOtherGoesOn) {
  start();
  open_tunnel();
  client.write_all("the last of mine");
  client.half_close();
  std::string text;
  ASSERT_EQ(service.read_to_end(text), Socket::Status::ok);
  EXPECT_EQ(text, "the last of mine");
  const std::string much = pattern(4 << 20);
  std::thread writer([&] {
    service.write_all(much);
    service.close();
  });
  std::string rest;
  EXPECT_EQ(client.read_to_end(rest), Socket::Status::ok);
  writer.join();
  EXPECT_TRUE(rest == much);
  EXPECT_TRUE(ended("closed"));
}

TEST_F(TunnelTest, TheServiceMayCloseFirst) {
  start();
  open_tunnel();
  service.write_all("bye");
  service.half_close();
  std::string text;
  ASSERT_EQ(client.read_to_end(text), Socket::Status::ok);
  EXPECT_EQ(text, "bye");
  const std::string much = pattern(4 << 20);
  std::thread writer([&] {
    client.write_all(much);
    client.close();
  });
  EXPECT_TRUE(read_exactly(service, much.size()) == much);
  EXPECT_TRUE(service.wait_for_close());
  writer.join();
  EXPECT_TRUE(ended("closed"));
}

TEST_F(TunnelTest, AResetIsPassedOnAsAReset) {
  start();
  open_tunnel();
  service.reset();
  std::string text;
  EXPECT_EQ(client.read_to_end(text), Socket::Status::reset);
  EXPECT_TRUE(ended("service_failed"));
}

// Nothing is read from a client whose service stands still, so nothing tells of its reset.
TEST_F(TunnelTest, AResetIsSeenWhileNothingIsRead) {
  start();
  open_tunnel();
  ASSERT_LT(fill(client, pattern(kMuch)), kMuch);
  client.reset();
  EXPECT_TRUE(ended("client_failed"));
}

TEST_F(TunnelTest, MuchThatCameBeforeThe101IsNotLost) {
  start();
  const std::string behind = pattern(60'000);  // more than limits.max_head
  open_tunnel(behind);
  early += read_exactly(service, behind.size() - early.size());
  EXPECT_TRUE(early == behind);
  client.write_all("and more");
  EXPECT_EQ(read_exactly(service, 8), "and more");
}

TEST_F(TunnelTest, BothWaysAtOnceNothingIsMixedUp) {
  start("workers: 2\nchain: []\n");
  open_tunnel();
  const std::string up = pattern(16 << 20);
  const std::string down(up.rbegin(), up.rend());
  std::thread client_writes([&] {
    client.write_all(up);
    client.half_close();
  });
  std::thread service_writes([&] {
    service.write_all(down);
    service.half_close();
  });
  std::string at_client;
  std::thread client_reads([&] { at_client = read_exactly(client, down.size()); });
  EXPECT_TRUE(read_exactly(service, up.size()) == up);
  client_reads.join();
  client_writes.join();
  service_writes.join();
  EXPECT_TRUE(at_client == down);
  EXPECT_TRUE(ended("closed"));
}

// The request ends with the 101; what goes on is no request any more.
TEST_F(TunnelTest, TheRequestEndsWithThe101) {
  start("chain: [{concurrency_limit: {limit: 1}}]\n");
  open_tunnel();
  // The client may have its 101 before the worker goes on.
  ASSERT_TRUE(
      weir->metrics_reach([](const Samples& s) { return s.value("weir_tunnels_active") == 1; }));
  const Samples s = weir->metrics();
  EXPECT_EQ(s.sum("weir_requests_total", {{"code", "101"}, {"source", "service"}}), 1);
  EXPECT_EQ(s.sum("weir_requests_inside"), 0);
  EXPECT_EQ(s.value("weir_permits_in_use", {{"filter", "concurrency_limit"}}), 0);
  EXPECT_EQ(s.value("weir_permits_in_use", {{"filter", "upstream"}}), 0);
  EXPECT_EQ(s.value("weir_tunnels_active"), 1);
  EXPECT_EQ(s.value("weir_connections_active", {{"side", "upstream"}}), 1);
  expect_balanced(s);
}

// A client that leaves before the 101 leaves no tunnel and no place behind.
TEST_F(TunnelTest, AClientThatLeavesBeforeThe101LeavesNothingBehind) {
  start("upgrades: {max: 1}\nchain: []\n");
  client = Socket::connect(weir->address());
  client.write_all(kAsk);
  auto accepted = listener.accept(kPatience);
  ASSERT_TRUE(accepted);
  ASSERT_EQ(accepted->read_until(early, "\r\n\r\n"), Socket::Status::ok);
  client.reset();
  ASSERT_TRUE(weir->metrics_reach([](const Samples& s) {
    return s.value("weir_connections_active", {{"side", "downstream"}}) == 0;
  }));
  accepted->write_all(kSwitch);
  EXPECT_TRUE(accepted->wait_for_close());
  ASSERT_TRUE(weir->idle());
  EXPECT_EQ(weir->metrics().value("weir_tunnels_active"), 0);
  early.clear();
  open_tunnel();
}

// A client that asks while the drain is on is told to go elsewhere.
TEST_F(TunnelTest, NoneIsOpenedDuringADrain) {
  start("drain: {timeout: 30s}\nchain: []\n");
  open_tunnel();
  // One that has begun its head, so that the drain does not close it as idle, and one that is idle:
  // its end tells that the drain has begun. weir answers both by itself.
  const std::string options = "OPTIONS / HTTP/1.1\r\nHost: h\r\nMax-Forwards: 0\r\n\r\n";
  std::string answer;
  Socket other = Socket::connect(weir->address());
  other.write_all(options + std::string(kAsk.substr(0, 10)));
  ASSERT_EQ(other.read_until(answer, "\r\n\r\n"), Socket::Status::ok);
  Socket idle = Socket::connect(weir->address());
  idle.write_all(options);
  answer.clear();
  ASSERT_EQ(idle.read_until(answer, "\r\n\r\n"), Socket::Status::ok);
  answer.clear();
  weir->process().signal(SIGTERM);
  ASSERT_TRUE(idle.wait_for_close());
  other.write_all(kAsk.substr(10));
  other.read_to_end(answer);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answer, HasSubstr("\"reason\":\"draining\""));
  // The tunnel goes on until both sides have closed, and then the drain is done.
  client.write_all("still");
  EXPECT_EQ(read_exactly(service, 5), "still");
  client.close();
  service.close();
  EXPECT_EQ(weir->process().wait(), 0);
}

}  // namespace
}  // namespace weir::testing
