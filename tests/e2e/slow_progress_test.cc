// Peers that are slow and go on: what they do is progress, and is neither cut nor timed out.
#include <array>
#include <semaphore>
#include <string>
#include <sys/socket.h>

#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

using ::testing::StartsWith;

constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
// More than the sockets on the way hold.
constexpr std::size_t kLarge = 24 << 20;

const std::string& large() {
  static const std::string text(kLarge, 'x');
  return text;
}

// `/silent` is never answered by the service; weir does so after 200 ms, however slow the rest is.
std::string with_a_clock(const std::string& idle) {
  return "chain: [timeout: {head: 30s, idle: " + idle +
         "}]\nroutes: [{match: {path: /silent}, chain: [timeout: 200ms]}]\n";
}

// Lets time pass by weir's own clock.
void pass(const Weir& weir, int timeouts) {
  for (int i = 0; i < timeouts; ++i) EXPECT_EQ(weir.get("/silent").status, 504);
}

// False: it is the clock's request, which is held until weir gives it up.
bool is_asked(RawService::Connection& c) {
  if (!c.read_until().starts_with("GET /silent")) return true;
  c.read_until();
  return false;
}

std::size_t read_so_much(Socket& socket, std::size_t size) {
  std::array<char, 64 << 10> room;
  std::size_t got = 0;
  while (got < size) {
    const Socket::Got read = socket.read_some(room.data(), std::min(room.size(), size - got));
    if (read.status != Socket::Status::ok) break;
    got += read.bytes;
  }
  return got;
}

// The end of the head, and nothing behind it.
std::string read_head(Socket& socket) {
  std::string head;
  char byte = 0;
  while (!head.ends_with("\r\n\r\n") && socket.read_some(&byte, 1).status == Socket::Status::ok) {
    head += byte;
  }
  return head;
}

TEST(SlowProgress, IdleStandsStillWhileTheClientDoesNotRead) {
  RawService service([](RawService::Connection& c) {
    if (!is_asked(c)) return;
    c.write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kLarge) + "\r\n\r\n");
    c.write(large());
    c.read_until();
  });
  Weir weir(service.text(), with_a_clock("1s"));
  Socket client = Socket::connect(weir.address(), 16 << 10);
  client.write_all(kGet);
  EXPECT_THAT(read_head(client), StartsWith("HTTP/1.1 200 "));
  pass(weir, 10);
  EXPECT_EQ(read_so_much(client, kLarge), kLarge);
  EXPECT_EQ(weir.metrics().sum("weir_responses_truncated_total"), 0);
}

// The answer's head is there, and the service silent, since it still gets the request.
TEST(SlowProgress, IdleStandsStillWhileTheClientUploadsBehindTheHead) {
  RawService service([](RawService::Connection& c) {
    if (!is_asked(c)) return;
    c.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
    c.read_exactly(2);
    c.write("cd");
    c.read_until();
  });
  Weir weir(service.text(), with_a_clock("1s"));
  Socket client = Socket::connect(weir.address());
  client.write_all("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n");
  EXPECT_THAT(read_head(client), StartsWith("HTTP/1.1 200 "));
  for (int i = 0; i < 2; ++i) {
    pass(weir, 7);
    client.write_all("x");
  }
  EXPECT_EQ(read_so_much(client, 4), 4U);
}

// A service that takes little at a time frees no third of weir's send buffer for long.
TEST(SlowProgress, AnUploadThatTheServiceTakesSlowlyIsProgressForIdle) {
  constexpr int kSteps = 20;
  std::counting_semaphore<> may_read(0);
  RawService service([&](RawService::Connection& c) {
    const int little = 8 << 10;
    setsockopt(c.socket().descriptor(), SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
    if (!is_asked(c)) return;
    c.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
    for (int i = 0; i < kSteps; ++i) {
      may_read.acquire();
      c.read_exactly(16 << 10);
    }
    c.write("cd");
    c.read_until();
  });
  Weir weir(service.text(), with_a_clock("2s"));
  Socket client = Socket::connect(weir.address());
  client.write_all("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(kLarge) +
                   "\r\n\r\n");
  EXPECT_THAT(read_head(client), StartsWith("HTTP/1.1 200 "));
  client.write_all(large(), milliseconds(300));  // more than is taken
  for (int i = 0; i < kSteps; ++i) {
    pass(weir, 1);
    may_read.release();
  }
  EXPECT_EQ(read_so_much(client, 4), 4U);
}

TEST(SlowProgress, ATunnelWhoseReaderIsSlowIsNotIdle) {
  Listener listener;
  Weir weir(listener.address().text(), "chain: []\nupgrades: {idle_timeout: 1s}\n");
  Socket client = Socket::connect(weir.address(), 8 << 10);
  client.write_all(
      "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  auto service = listener.accept(kPatience);
  ASSERT_TRUE(service);
  std::string head;
  service->read_until(head, "\r\n\r\n");
  service->write_all(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  EXPECT_THAT(read_head(client), StartsWith("HTTP/1.1 101 "));
  service->write_all(large(), milliseconds(300));  // more than is taken
  // Two kilobytes, and a moment; for three times the bound, while nothing of weir's buffer is free.
  std::array<char, 2048> room;
  std::size_t got = 0;
  const Deadline deadline(milliseconds(3500));
  while (!deadline.over()) {
    const Socket::Got read = client.read_some(room.data(), room.size());
    ASSERT_EQ(read.status, Socket::Status::ok) << got;
    got += read.bytes;
    char nothing = 0;
    EXPECT_EQ(service->read_some(&nothing, 1, milliseconds(20)).status, Socket::Status::timed_out);
  }
  EXPECT_EQ(weir.metrics().value("weir_tunnels_active"), 1);
}

}  // namespace
}  // namespace weir::testing
