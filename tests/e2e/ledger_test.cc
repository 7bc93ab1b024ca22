// The numbers under load, with everything that can go wrong among it: arrivals are what ended and
// what is inside, in every scrape; and at the end they are what clients and service counted.
#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

const std::vector<std::string> kTenants = {"acme", "beta", "gamma"};

// What the clients know, by tenant.
struct Counted {
  std::atomic<std::uint64_t> sent{0};    // whole heads
  std::atomic<std::uint64_t> left{0};    // of these: left without having seen an answer
  std::map<int, std::uint64_t> answers;  // guarded by the mutex
  std::mutex mutex;
};

struct World {
  std::array<Counted, 3> tenants;
  std::atomic<std::uint64_t> malformed{0};
};

void count(Counted& c, int status) {
  std::lock_guard lock(c.mutex);
  ++c.answers[status];
}

// Leaves at once, with a FIN: what was sent is read all the same. Or with a reset, once the answer
// has begun.
void ask_and_leave(const Address& weir, Counted& counted, const std::string& request,
                   bool with_reset) {
  Socket socket = Socket::connect(weir);
  socket.write_all(request);
  ++counted.sent;
  if (!with_reset) {
    ++counted.left;
    socket.close();
    return;
  }
  std::string answer;
  socket.read_until(answer, "\r\n");
  count(counted, answer.size() > 12 ? std::stoi(answer.substr(9, 3)) : 0);
  socket.reset();
}

// One client's life: requests of every kind, seeded.
void live(const Address& weir, World& world, unsigned seed) {
  std::mt19937 random(seed);
  Client client(weir);
  for (int i = 0; i < 120; ++i) {
    std::size_t t = random() % kTenants.size();
    Counted& counted = world.tenants[t];
    Headers headers = {{"x-tenant", kTenants[t]}, {"Host", "h"}};
    const char* targets[] = {"/", "/", "/", "/503", "/reset", "/slow", "/garbage"};
    std::string target = targets[random() % std::size(targets)];
    switch (random() % 10) {
      case 0: {  // leaves before the answer
        const std::string request =
            "GET " + target + " HTTP/1.1\r\nHost: h\r\nx-leaves: yes\r\nx-tenant: " + kTenants[t] +
            "\r\n\r\n";
        ask_and_leave(weir, counted, request, random() % 2 == 0);
        break;
      }
      case 1: {  // leaves in the middle of its body
        const std::string request =
            "POST / HTTP/1.1\r\nHost: h\r\nx-leaves: yes\r\nContent-Length: 1000\r\nx-tenant: " +
            kTenants[t] + "\r\n\r\nabc";
        ask_and_leave(weir, counted, request, false);
        break;
      }
      case 2: {
        Socket socket = Socket::connect(weir);
        socket.write_all("GARBAGE\r\n\r\n");
        socket.wait_for_close();
        ++world.malformed;
        break;
      }
      case 3:
        ++counted.sent;
        count(counted, client
                           .request({"POST", target, headers, pattern_bytes(random() % 9000),
                                     random() % 2 == 0})
                           .status);
        break;
      default: ++counted.sent; count(counted, client.request({"GET", target, headers}).status);
    }
  }
}

Reply behave(const ServiceRequest& r) {
  if (r.target == "/503") {
    Reply reply;  // in one write: weir may try again as soon as it has the head
    reply.raw = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
    return reply;
  }
  if (r.target == "/reset") return Reply::fault(Reply::Then::reset);
  Reply reply = Reply::text(200, std::string(r.number % 5000, 'x'));
  if (r.number % 3 == 0) reply.framing = Reply::Framing::chunked;
  if (r.target == "/garbage") {
    reply.framing = Reply::Framing::content_length;
    reply.raw = "not http\r\n\r\n";
    reply.then = Reply::Then::close;
  }
  if (r.target == "/slow") reply.body = std::string(200'000, 'x');
  return reply;
}

void run_ledger(int workers) {
  Service service(behave);
  Weir weir(service.text(), "workers: " + std::to_string(workers) + R"(
tenants: {acme: {rate: 1000/s}, beta: {rate: 40/s, burst: 5}, gamma: {rate: 1000/s}}
chain:
  - timeout: 30s
  - token_bucket: {key: tenant}
  - buffer: {capacity: 4, max_wait: 100ms}
  - concurrency_limit: {limit: 4}
  - retry: {attempts: 2, retry_on: [reset, 503], backoff: {base: 1ms}, budget: 50%}
)");
  World world;
  std::atomic<bool> over{false};
  int scrapes = 0;
  std::thread scraper([&] {
    while (!over) {
      expect_balanced(weir.metrics());
      ++scrapes;
    }
  });
  std::vector<std::thread> clients;
  for (unsigned i = 0; i < 8; ++i) {
    clients.emplace_back([&, i] { live(weir.address(), world, 100 + i); });
  }
  for (std::thread& t : clients) t.join();
  over = true;
  scraper.join();
  EXPECT_GT(scrapes, 0);
  ASSERT_TRUE(weir.idle());
  // Whoever left right after sending may still stand in the accept queue.
  std::uint64_t sent = 0;
  for (Counted& c : world.tenants) sent += c.sent;
  weir.metrics_reach(
      [&](const Samples& s) {
        return s.sum("weir_arrivals_total") == static_cast<double>(sent) &&
               s.sum("weir_requests_inside") == 0;
      },
      milliseconds(5000));
  ASSERT_TRUE(eventually([&] { return service.counts().inside == 0; }));

  Samples s = weir.metrics();
  expect_balanced(s);
  for (std::size_t t = 0; t < kTenants.size(); ++t) {
    Counted& c = world.tenants[t];
    Labels tenant = {{"tenant", kTenants[t]}};
    EXPECT_EQ(s.value("weir_arrivals_total", tenant), static_cast<double>(c.sent));
    EXPECT_EQ(s.sum("weir_requests_total", tenant), static_cast<double>(c.sent));
    // What each client saw weir counted, and beyond that those only who left before they saw it.
    std::uint64_t answered = 0;
    for (const auto& [status, n] : c.answers) {
      EXPECT_NE(status, 0) << n << " of " << kTenants[t] << " got no answer";
      Labels labels = tenant;
      labels["code"] = std::to_string(status);
      EXPECT_GE(s.sum("weir_requests_total", labels), static_cast<double>(n)) << status;
      answered += n;
    }
    EXPECT_EQ(answered, c.sent - c.left);
    Labels limited = {{"tenant", kTenants[t]}, {"code", "429"}};
    Labels rejected = {{"tenant", kTenants[t]}, {"reason", "quota_exceeded"}};
    EXPECT_EQ(s.sum("weir_rejected_total", rejected), s.sum("weir_requests_total", limited));
  }
  EXPECT_EQ(s.sum("weir_bad_requests_total"), static_cast<double>(world.malformed));
  Service::Counts seen = service.counts();
  EXPECT_LE(seen.max_staying, 4u);
  EXPECT_EQ(seen.malformed, 0u);
  // Each attempt that was not cancelled reached the service, once; and so did what was sent again,
  // unless the reused connection had died before.
  const double attempts = s.sum("weir_upstream_attempts_total");
  const double cancelled = s.sum("weir_upstream_attempts_total", {{"result", "cancelled"}});
  const double resends = s.sum("weir_upstream_resends_total");
  EXPECT_LE(static_cast<double>(seen.begun), attempts + resends);
  EXPECT_GE(static_cast<double>(seen.begun), attempts - cancelled);
  EXPECT_EQ(s.sum("weir_permits_in_use"), 0);
  EXPECT_EQ(s.sum("weir_queue_depth"), 0);
  EXPECT_EQ(weir.stop(), 0) << weir.errors();
}

TEST(Ledger, AddsUpInEveryScrapeAndAgreesWithClientsAndService) { run_ledger(1); }
TEST(Ledger, AddsUpWithThreeWorkersToo) { run_ledger(3); }

}  // namespace
}  // namespace weir::testing
