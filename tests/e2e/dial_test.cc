// How weir connects to the service: full accept queues, names with many addresses, names that move.
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/e2e/fixture.h"
#include "tests/e2e/full_queue.h"

namespace weir::testing {
namespace {

// Names for weir: see tests/preload/names.cc.
class Names {
 public:
  void set(const std::string& name, const std::vector<std::string>& addresses) {
    std::string line = name;
    for (const std::string& address : addresses) line += " " + address;
    // Whole, or not at all.
    std::filesystem::rename(folder_.write("next", line + "\n"), folder_.file("names"));
  }
  std::map<std::string, std::string> environment() const {
    const char* asan = std::getenv("ASAN_OPTIONS");
    return {
        {"LD_PRELOAD", WEIR_BUILD_DIR "/test_names.so"},
        {"WEIR_TEST_NAMES", folder_.file("names")},
        {"ASAN_OPTIONS", std::string(asan != nullptr ? asan : "") + ":verify_asan_link_order=0"}};
  }

 private:
  TempDir folder_;
};

struct Named : Names {
  Named() { set("svc.test", {"127.0.0.1"}); }
  WeirOptions options(std::uint16_t port, const std::string& upstream = {},
                      const std::string& rest = "chain: []\n") const {
    WeirOptions out;
    out.config =
        "upstream: {address: \"svc.test:" + std::to_string(port) + "\"" + upstream + "}\n" + rest;
    out.environment = environment();
    return out;
  }
};

Address at(const std::string& host, std::uint16_t port = 0) {
  Address out;
  out.host = host;
  out.port = port;
  return out;
}

// An address, and more keys of `upstream:`.
WeirOptions with_upstream(const std::string& address, const std::string& keys) {
  WeirOptions out;
  out.config = "upstream: {address: \"" + address + "\", " + keys + "}\nchain: []\n";
  return out;
}

const ClientRequest kPost = {"POST", "/", {}, "abc"};
constexpr const char* kTimedOut = "cannot connect to .*timed out";

// --- full accept queues

TEST(Dial, ASynThatAFullAcceptQueueDropsIsSentAgain) {
  FullQueue service;
  Weir weir(service.text(), "chain: []\n");
  Client client(weir.address());
  ASSERT_TRUE(client.send(kPost));
  ASSERT_TRUE(weir.process().wait_for(kTimedOut)) << weir.errors();
  EXPECT_TRUE(service.serve_one());
  EXPECT_EQ(client.read().status, 200) << weir.errors();
}

TEST(Dial, AUnixSocketWhoseQueueIsFullIsTriedAgain) {
  TempDir folder;
  Address address;
  address.path = folder.file("service");
  FullQueue service(address);
  Weir weir(service.text(), "chain: []\n");
  Client client(weir.address());
  ASSERT_TRUE(client.send(kPost));
  ASSERT_TRUE(
      weir.metrics_reach([](const Samples& s) { return s.sum("weir_requests_inside") == 1; }));
  EXPECT_TRUE(service.serve_one());
  EXPECT_EQ(client.read().status, 200) << weir.errors();
}

TEST(Dial, AUnixSocketWhoseQueueStaysFullIsAFailedAttempt) {
  TempDir folder;
  Address address;
  address.path = folder.file("service");
  FullQueue service(address);
  Weir weir(with_upstream(service.text(), "connect_timeout: 200ms"));
  EXPECT_EQ(weir.get().status, 502);
}

// --- names with many addresses

TEST(Dial, ConnectTimeoutIsForAllAddressesTogether) {
  std::vector<std::unique_ptr<FullQueue>> dead;
  std::vector<std::string> addresses;
  for (int i = 2; i <= 11; ++i) {
    addresses.push_back("127.0.0." + std::to_string(i));
    dead.push_back(std::make_unique<FullQueue>(
        at(addresses.back(), dead.empty() ? std::uint16_t{0} : dead[0]->address().port)));
  }
  Named names;
  names.set("svc.test", addresses);
  // Ten times the connect_timeout would be a 504.
  Weir weir(names.options(dead[0]->address().port, ", connect_timeout: 1s",
                          "chain: [timeout: {head: 9s}]\n"));
  EXPECT_EQ(weir.get().status, 502) << weir.errors();
}

TEST(Dial, EachAddressIsTriedWithinTheTime) {
  std::vector<std::unique_ptr<FullQueue>> dead;
  std::vector<std::string> addresses;
  Service service;
  for (int i = 2; i <= 9; ++i) {
    addresses.push_back("127.0.0." + std::to_string(i));
    dead.push_back(std::make_unique<FullQueue>(at(addresses.back(), service.address().port)));
  }
  addresses.push_back("127.0.0.1");
  Named names;
  names.set("svc.test", addresses);
  Weir weir(names.options(service.address().port, ", connect_timeout: 2s"));
  EXPECT_EQ(weir.get().status, 200) << weir.errors();
}

TEST(Dial, OfAnAnswerSixteenDifferentAddressesAreUsed) {
  Service service;
  std::vector<std::string> addresses(500, "127.1.0.1");  // one address
  for (int i = 2; i <= 15; ++i) addresses.push_back("127.1.0." + std::to_string(i));
  addresses.push_back("127.0.0.1");
  Named names;
  names.set("svc.test", addresses);
  {
    Weir weir(names.options(service.address().port));
    EXPECT_EQ(weir.get().status, 200) << "the sixteenth";
  }
  addresses.insert(addresses.begin(), "127.1.0.16");
  for (int i = 1; i <= 1000; ++i)
    addresses.push_back("127.2." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1));
  names.set("svc.test", addresses);
  Weir weir(names.options(service.address().port));
  EXPECT_EQ(weir.get().status, 502) << "the seventeenth";
}

// --- names that move

TEST(Dial, ANameThatMovedIsAskedForBeforeARequestFails) {
  auto before =
      std::make_unique<Service>(Service::Handler{}, ServiceOptions{.address = at("127.0.0.2")});
  const std::uint16_t port = before->address().port;
  Named names;
  names.set("svc.test", {"127.0.0.2"});
  Weir weir(names.options(port));
  ASSERT_EQ(weir.post("/", "abc").status, 200);
  before.reset();
  Service after(Service::Handler{}, ServiceOptions{.address = at("127.0.0.1", port)});
  names.set("svc.test", {"127.0.0.1"});
  // Within kAskAgain of the last answer a failure is told as it is.
  EXPECT_TRUE(eventually([&] { return weir.post("/", "abc").status == 200; }));
  EXPECT_EQ(weir.metrics().value("weir_requests_total", {{"code", "502"}}), 0) << weir.errors();
}

TEST(Dial, ANameThatMovesAwayFromAHostThatDoesNotAnswerIsFollowed) {
  Service after;
  FullQueue before(at("127.0.0.2", after.address().port));
  Named names;
  names.set("svc.test", {"127.0.0.2"});
  Weir weir(names.options(after.address().port));
  Client client(weir.address());
  ASSERT_TRUE(client.send(kPost));
  ASSERT_TRUE(weir.process().wait_for(kTimedOut)) << weir.errors();
  names.set("svc.test", {"127.0.0.1"});
  EXPECT_EQ(client.read().status, 200) << "the same dial: " << weir.errors();
}

// Kept connections are looked after every two seconds, and the name every five.
TEST(Dial, ANameThatMovesWhileTheOldHostAnswersIsFollowed) {
  Service before(Service::Handler{}, ServiceOptions{.address = at("127.0.0.2")});
  Service after(Service::Handler{},
                ServiceOptions{.address = at("127.0.0.1", before.address().port)});
  Named names;
  names.set("svc.test", {"127.0.0.2"});
  Weir weir(names.options(before.address().port, ", max_age: 1d"));
  Client client(weir.address());
  ASSERT_EQ(client.get().status, 200);
  names.set("svc.test", {"127.0.0.1"});
  EXPECT_TRUE(eventually([&] { return client.get().status == 200 && after.counts().begun != 0; }));
}

TEST(Dial, AConnectionIsReplacedAtItsMaximumAge) {
  Service service;
  Weir weir(with_upstream(service.text(), "max_age: 200ms, idle_timeout: 1h"));
  Client client(weir.address());
  EXPECT_TRUE(
      eventually([&] { return client.get().status == 200 && service.counts().connections >= 3; }));
}

TEST(Dial, AnIdleConnectionIsClosedAtItsMaximumAge) {
  Service service;
  Weir weir(with_upstream(service.text(), "max_age: 200ms, idle_timeout: 1h"));
  ASSERT_EQ(weir.get().status, 200);
  EXPECT_TRUE(weir.metrics_reach([](const Samples& s) {
    return s.value("weir_connections_active", {{"side", "upstream"}}) == 0;
  }));
}

// --- a resolver that is slow

TEST(Dial, AResolverThatDoesNotAnswerIsBoundedByConnectTimeout) {
  Named names;
  names.set("svc.test", {"hangs"});
  Weir weir(names.options(1, ", connect_timeout: 300ms"));
  EXPECT_EQ(weir.get().status, 502);
  EXPECT_THAT(weir.errors(), ::testing::HasSubstr("cannot resolve svc.test:1 in time"));
  EXPECT_EQ(weir.stop(), 0) << "the end does not wait for it";
}

}  // namespace
}  // namespace weir::testing
