// Whatever weir cuts short is reset: it cannot be taken for the whole, and the kernel keeps nothing
// for a client that does not read.
#include <string>

#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
// More than the sockets on the way hold.
constexpr std::size_t kLarge = 24 << 20;

bool is_truncated(const Weir& weir) {
  return weir.metrics_reach(
      [](const Samples& s) { return s.sum("weir_responses_truncated_total") == 1; });
}

Reply begun(Reply::Framing framing, const std::shared_ptr<Hold>& hold) {
  Reply reply = Reply::text(200, std::string(4000, 'x'));
  reply.framing = framing;
  reply.hold_body = hold;
  reply.hold_at = 1000;
  return reply;
}

Socket::Status read_it(Socket& client) {
  std::string text;
  return client.read_to_end(text);
}

TEST(Cut, ByTotalWhileTheClientDoesNotRead) {
  const std::string large(kLarge, 'x');
  Service service([&](const ServiceRequest&) { return Reply::text(200, large); });
  Weir weir(service.text(), "chain: [timeout: {total: 1s}]\n");
  Socket client = Socket::connect(weir.address(), 16 << 10);
  client.write_all(kGet);
  ASSERT_TRUE(is_truncated(weir));
  EXPECT_EQ(read_it(client), Socket::Status::reset);
}

TEST(Cut, ByIdleWhateverTheFraming) {
  for (const Reply::Framing framing :
       {Reply::Framing::content_length, Reply::Framing::chunked, Reply::Framing::until_close}) {
    auto hold = std::make_shared<Hold>();
    Service service([&](const ServiceRequest&) { return begun(framing, hold); });
    Weir weir(service.text(), "chain: [timeout: {idle: 200ms}]\n");
    Socket client = Socket::connect(weir.address());
    client.write_all(kGet);
    EXPECT_EQ(read_it(client), Socket::Status::reset);
  }
}

TEST(Cut, ByAServiceThatCloses) {
  Service service([](const ServiceRequest&) {
    Reply reply = Reply::text(200, "0123456789");
    reply.cut_at = 4;
    reply.then = Reply::Then::close;
    return reply;
  });
  Weir weir(service.text(), "chain: []\n");
  Socket client = Socket::connect(weir.address());
  client.write_all(kGet);
  EXPECT_EQ(read_it(client), Socket::Status::reset);
}

TEST(Cut, ByTheEndOfADrain) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest&) { return begun(Reply::Framing::chunked, hold); });
  Weir weir(service.text(), "chain: []\ndrain: {timeout: 200ms}\n");
  Socket client = Socket::connect(weir.address());
  client.write_all(kGet);
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
  EXPECT_EQ(weir.stop(), 3);
  EXPECT_EQ(read_it(client), Socket::Status::reset);
}

TEST(Cut, ByARequestBodyThatIsMalformedBehindTheHeadOfTheAnswer) {
  RawService service([](RawService::Connection& c) {
    c.read_until();
    c.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf ");
    c.read_exactly(1 << 20);
  });
  Weir weir(service.text(), "chain: []\n");
  Socket client = Socket::connect(weir.address());
  client.write_all("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  std::string text;
  ASSERT_EQ(client.read_until(text, "half "), Socket::Status::ok);
  client.write_all("nonsense\r\n");
  EXPECT_EQ(client.read_to_end(text), Socket::Status::reset);
}

TEST(Cut, ATunnelWhoseClientDoesNotReadIsReset) {
  Listener listener;
  Weir weir(listener.address().text(), "chain: []\nupgrades: {idle_timeout: 300ms}\n");
  Socket client = Socket::connect(weir.address(), 8 << 10);
  client.write_all(
      "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  auto service = listener.accept(kPatience);
  ASSERT_TRUE(service);
  std::string head;
  service->read_until(head, "\r\n\r\n");
  // All of it is in weir's kernel at once, and stays there.
  service->write_all(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n" +
      std::string(256 << 10, 'x'));
  EXPECT_TRUE(weir.metrics_reach([](const Samples& s) {
    return s.value("weir_tunnels_ended_total", {{"result", "idle_timeout"}}) == 1;
  }));
  EXPECT_EQ(read_it(client), Socket::Status::reset);
}

// The whole answer is in the kernel, so the connection is idle; its client never reads.
TEST(Cut, AnIdleConnectionWhoseLastAnswerWasNotRead) {
  Service service(
      [](const ServiceRequest&) { return Reply::text(200, std::string(256 << 10, 'x')); });
  Weir weir(service.text(), "chain: []\nlimits: {idle_timeout: 300ms}\n");
  Socket client = Socket::connect(weir.address(), 8 << 10);
  client.write_all(kGet);
  EXPECT_TRUE(weir.metrics_reach([](const Samples& s) {
    return s.sum("weir_requests_total") == 1 &&
           s.value("weir_connections_active", {{"side", "downstream"}}) == 0;
  }));
  EXPECT_EQ(read_it(client), Socket::Status::reset);
}

TEST(Cut, AnIdleConnectionWhoseLastAnswerWasReadIsClosed) {
  Service service;
  Weir weir(service.text(), "chain: []\nlimits: {idle_timeout: 300ms}\n");
  Socket client = Socket::connect(weir.address());
  client.write_all(kGet);
  EXPECT_EQ(read_it(client), Socket::Status::ok);
}

}  // namespace
}  // namespace weir::testing
