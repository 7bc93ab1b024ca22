// Quotas that one client would like to dodge, or to take for itself.
#include <string>
#include <vector>

#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

using ::testing::HasSubstr;

// The tests name clients as a proxy does.
constexpr const char* kBehindAProxy = "trusted_proxies: [127.0.0.1]\n";
Headers from(const std::string& client, const std::string& tenant) {
  return {{"x-forwarded-for", client}, {"x-tenant", tenant}};
}
std::string named(int i) { return "made-up-" + std::to_string(i); }

// --- tenant.new_keys

TEST(NewKeys, AClientBringsUpAFewNewNames) {
  Service service;
  Weir weir(service.text(), std::string(kBehindAProxy) +
                                "tenant: {new_keys: {rate: 1/h, burst: 5}}\n"
                                "tenants: {acme: {rate: 1000/s}, '*': {rate: 1000/s}}\n"
                                "chain: [token_bucket]\n"
                                "routes: [{match: {path: /free}, chain: []},\n"
                                "         {match: {path: /none}, tenant: none}]\n");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(weir.get("/", from("192.0.2.1", named(i))).status, 200);
  const Response refused = weir.get("/", from("192.0.2.1", named(5)));
  EXPECT_EQ(refused.status, 429);
  EXPECT_THAT(refused.body, HasSubstr("\"new_keys\""));
  EXPECT_EQ(refused.headers["retry-after"], "3600");
  // What is known, has an entry, comes from another client or needs no state by tenant passes.
  EXPECT_EQ(weir.get("/", from("192.0.2.1", named(0))).status, 200);
  EXPECT_EQ(weir.get("/", from("192.0.2.1", "acme")).status, 200);
  EXPECT_EQ(weir.get("/", from("192.0.2.2", named(0))).status, 200);
  EXPECT_EQ(weir.get("/", from("192.0.2.2", named(5))).status, 200);
  EXPECT_EQ(weir.get("/", from("192.0.2.1", named(5))).status, 200);
  EXPECT_EQ(weir.get("/free", from("192.0.2.1", named(6))).status, 200);
  EXPECT_EQ(weir.get("/none", from("192.0.2.1", named(6))).status, 200);
  const Samples s = weir.metrics();
  EXPECT_EQ(s.value("weir_rejected_total",
                    {{"filter", "new_keys"}, {"reason", "new_keys"}, {"tenant", "other"}}),
            1);
}

TEST(NewKeys, ASixtyFourthOfIpv6IsOneClient) {
  Service service;
  Weir weir(service.text(), std::string(kBehindAProxy) +
                                "tenant: {new_keys: {rate: 1/h, burst: 1}}\n"
                                "tenants: {'*': {rate: 1000/s}}\nchain: [token_bucket]\n");
  EXPECT_EQ(weir.get("/", from("2001:db8:0:1::1", named(0))).status, 200);
  EXPECT_EQ(weir.get("/", from("2001:db8:0:1:ffff::2", named(1))).status, 429);
  EXPECT_EQ(weir.get("/", from("2001:db8:0:2::1", named(2))).status, 200);
}

// --- the table of keys

// One client fills a table whose keys stay busy for an hour; another one still gets buckets.
TEST(KeyTableOverHttp, OneClientCannotTakeItAll) {
  Service service;
  Weir weir(service.text(), std::string(kBehindAProxy) +
                                "chain: [token_bucket: {key: header x-tenant, rate: 1/h, burst: 1, "
                                "max_keys: 320}]\n");
  Client client(weir.address());
  int served = 0;
  for (int i = 0; i < 1000; ++i) {
    served += client.get("/", from("192.0.2.1", named(i))).status == 200;
  }
  EXPECT_EQ(served, 300 + 1) << "and one for all that share a bucket";
  for (int i = 0; i < 3; ++i) {
    const Headers other = from("192.0.2.2", "honest-" + std::to_string(i));
    EXPECT_EQ(client.get("/", other).status, 200) << i;
    EXPECT_EQ(client.get("/", other).status, 429) << i;
  }
  const Samples s = weir.metrics();
  EXPECT_EQ(s.value("weir_keys_overflowed_total", {{"filter", "token_bucket"}}), 700);
  EXPECT_EQ(s.value("weir_keys_over_share_total", {{"filter", "token_bucket"}}), 700);
}

// --- tunnels

// The first line of the answer to a handshake, without its phrase.
std::string asked(Socket& client, const std::string& tenant, Listener* service = nullptr,
                  std::vector<Socket>* services = nullptr) {
  client.write_all(
      "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nx-tenant: " +
      tenant + "\r\n\r\n");
  if (service != nullptr) {
    auto accepted = service->accept(kPatience);
    if (!accepted) return "the service was not asked";
    std::string head;
    accepted->read_until(head, "\r\n\r\n");
    accepted->write_all(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    services->push_back(std::move(*accepted));
  }
  std::string head;
  client.read_until(head, "\r\n\r\n");
  return head.substr(0, head.find(' ') + 4);
}

TEST(TunnelQuota, OneTenantHasItsShare) {
  Listener listener;
  Weir weir(listener.address().text(), "upgrades: {max: 8}\ntenants: {a: {}, b: {}}\nchain: []\n");
  std::vector<Socket> clients, services;
  const auto open = [&](const std::string& tenant) {
    clients.push_back(Socket::connect(weir.address()));
    return asked(clients.back(), tenant, &listener, &services);
  };
  const auto refused = [&](const std::string& tenant) {
    Socket client = Socket::connect(weir.address());
    return asked(client, tenant);
  };
  EXPECT_EQ(open("a"), "HTTP/1.1 101");
  EXPECT_EQ(open("a"), "HTTP/1.1 101");
  EXPECT_EQ(refused("a"), "HTTP/1.1 503");
  EXPECT_EQ(open("b"), "HTTP/1.1 101");
  EXPECT_EQ(open("made-up"), "HTTP/1.1 101");
  // A place is free again with the tunnel's end.
  clients.front() = Socket();
  services.front() = Socket();
  ASSERT_TRUE(
      weir.metrics_reach([](const Samples& s) { return s.value("weir_tunnels_active") == 3; }));
  EXPECT_EQ(open("a"), "HTTP/1.1 101");
  EXPECT_EQ(refused("a"), "HTTP/1.1 503");
  EXPECT_EQ(weir.metrics().value("weir_rejected_total",
                                 {{"filter", "weir"}, {"reason", "upgrades"}, {"tenant", "a"}}),
            2);
}

TEST(TunnelQuota, AHandshakeThatFailsGivesTheTenantsPlaceBack) {
  Service service;  // it does not switch
  Weir weir(service.text(), "upgrades: {max: 8, max_per_tenant: 1}\nchain: []\n");
  for (int i = 0; i < 3; ++i) {
    Socket client = Socket::connect(weir.address());
    EXPECT_EQ(asked(client, "a"), "HTTP/1.1 200");
  }
}

}  // namespace
}  // namespace weir::testing
