// The drain as a pod sees it: not ready at once, listening for a while, then out.
#include <chrono>
#include <memory>
#include <vector>

#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

int ready(const Weir& weir) { return fetch(weir.admin(), {"GET", "/ready"}).status; }
int ask_to_drain(const Weir& weir) {
  return fetch(weir.admin(), {"POST", "/drain", {{"Host", weir.admin().text()}}}).status;
}

// The environment of a test that may itself run in a pod.
WeirOptions at(const std::string& upstream, const std::string& config, bool kubernetes = false) {
  WeirOptions options = with_chain(upstream, config);
  if (kubernetes) options.environment = {{"KUBERNETES_SERVICE_HOST", "10.0.0.1"}};
  return options;
}

TEST(Drain, GoesOnAcceptingForItsDelay) {
  Service service;
  Weir weir(at(service.text(), "drain: {delay: 2s}\nchain: []\n"));
  Client kept(weir.address());
  ASSERT_EQ(kept.get().status, 200);
  weir.process().signal(SIGTERM);
  ASSERT_TRUE(weir.process().wait_for("draining: not ready from now on, but listening for 2 s"));
  EXPECT_EQ(ready(weir), 503);
  EXPECT_EQ(fetch(weir.admin(), {"GET", "/live"}).status, 200);
  EXPECT_FALSE(kept.get().keep_alive) << "it is said from the start";
  EXPECT_EQ(weir.get().status, 200) << "new connections are taken";
  ASSERT_TRUE(weir.process().wait_for("draining: stopped accepting"));
  EXPECT_TRUE(eventually([&] { return !Socket::try_connect(weir.address()).open(); }));
  EXPECT_EQ(weir.process().wait(), 0) << weir.errors();
}

TEST(Drain, AConnectionWithoutARequestIsAnsweredOnceMoreWithinTheGrace) {
  Service service;
  Weir weir(at(service.text(), "drain: {delay: 0s, grace: 1m, timeout: 1m}\nchain: []\n"));
  Client kept(weir.address());
  ASSERT_EQ(kept.get().status, 200);
  weir.process().signal(SIGTERM);
  ASSERT_TRUE(eventually([&] { return !Socket::try_connect(weir.address()).open(); }));
  const Response last = kept.get();
  EXPECT_EQ(last.status, 200);
  EXPECT_FALSE(last.keep_alive);
  EXPECT_EQ(weir.process().wait(), 0) << "nothing is open any more: " << weir.errors();
}

TEST(Drain, AConnectionThatStaysSilentIsClosedAfterTheGrace) {
  Service service;
  Weir weir(at(service.text(), "drain: {delay: 0s, grace: 100ms, timeout: 1m}\nchain: []\n"));
  Client kept(weir.address());
  ASSERT_EQ(kept.get().status, 200);
  weir.process().signal(SIGTERM);
  EXPECT_TRUE(kept.socket().wait_for_close());
  EXPECT_EQ(weir.process().wait(), 0) << weir.errors();
}

// Its answer began before the drain and did not say close: its client may send another request.
TEST(Drain, AConnectionThatBecomesIdleLaterHasAGraceOfItsOwn) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest& request) {
    Reply reply;
    if (request.target == "/long") reply.hold_body = hold;
    return reply;
  });
  Weir weir(at(service.text(), "drain: {delay: 0s, grace: 3s, timeout: 1m}\nchain: []\n"));
  Client silent(weir.address()), inside(weir.address());
  ASSERT_EQ(silent.get().status, 200);
  inside.send({"GET", "/long"});
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
  weir.process().signal(SIGTERM);
  ASSERT_TRUE(silent.socket().wait_for_close()) << "the grace of those that were idle is over";
  hold->open();
  const Response first = inside.read();
  EXPECT_EQ(first.status, 200);
  EXPECT_TRUE(first.keep_alive);
  const Response last = inside.get();
  EXPECT_EQ(last.status, 200);
  EXPECT_FALSE(last.keep_alive);
  EXPECT_EQ(inside.connections(), 1);
  EXPECT_EQ(weir.process().wait(), 0) << weir.errors();
}

TEST(Drain, AnIdleConnectionAtTheEndOfItsTimeIsNotCut) {
  Service service;
  Weir weir(at(service.text(), "drain: {delay: 0s, grace: 1h, timeout: 200ms}\nchain: []\n"));
  Client kept(weir.address());
  ASSERT_EQ(kept.get().status, 200);
  EXPECT_EQ(weir.stop(), 0) << weir.errors();
  EXPECT_TRUE(kept.socket().wait_for_close());
}

// More than one turn of the loop accepts.
TEST(Drain, ConnectionsThatTheKernelHasQueuedAreAnswered) {
  constexpr int kQueued = 100;
  Service service;
  Weir weir(at(service.text(), "drain: {delay: 0s}\nchain: []\n"));
  weir.process().signal(SIGSTOP);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < kQueued; ++i) {
    clients.push_back(std::make_unique<Client>(weir.address()));
    ASSERT_TRUE(clients.back()->send({}));
  }
  weir.process().signal(SIGTERM);
  weir.process().signal(SIGCONT);
  int answered = 0;
  for (const auto& client : clients) answered += client->read().status == 200 ? 1 : 0;
  EXPECT_EQ(answered, kQueued);
  EXPECT_EQ(weir.process().wait(), 0) << weir.errors();
}

TEST(Drain, AnswersToTheLastWithConnectionClose) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest&) { return Reply::held(hold); });
  Weir weir(at(service.text(), "drain: {delay: 200ms}\nchain: []\n"));
  Client inside(weir.address());
  inside.send({});
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
  weir.process().signal(SIGTERM);
  ASSERT_TRUE(eventually([&] { return !Socket::try_connect(weir.address()).open(); }));
  hold->open();
  const Response response = inside.read();
  EXPECT_EQ(response.status, 200);
  EXPECT_FALSE(response.keep_alive);
  EXPECT_EQ(weir.process().wait(), 0);
}

TEST(Drain, PostMakesItNotReadyBeforeItIsAnswered) {
  Service service;
  for (int i = 0; i < 5; ++i) {
    Weir weir(at(service.text(), "drain: {delay: 1m}\nchain: []\n"));
    ASSERT_EQ(ready(weir), 200);
    ASSERT_EQ(ask_to_drain(weir), 202);
    EXPECT_EQ(ready(weir), 503);
    EXPECT_EQ(weir.get().status, 200);
    EXPECT_EQ(ask_to_drain(weir), 202) << "again: no harm";
  }
}

// In a pod the preStop hook goes first, and TERM comes when the service has gone.
TEST(Drain, TermAfterPostGoesOnDraining) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest&) { return Reply::held(hold); });
  Weir weir(at(service.text(), "drain: {delay: 0s}\nchain: []\n"));
  Client inside(weir.address());
  inside.send({});
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
  ASSERT_EQ(ask_to_drain(weir), 202);
  ASSERT_TRUE(weir.process().wait_for("stopped accepting"));
  weir.process().signal(SIGTERM);
  ASSERT_EQ(ask_to_drain(weir), 202);
  EXPECT_EQ(ready(weir), 503) << "it still runs";
  hold->open();
  EXPECT_EQ(inside.read().status, 200);
  EXPECT_EQ(weir.process().wait(), 0) << weir.errors();
}

TEST(Drain, SecondTermEndsAtOnceEvenWithinTheDelay) {
  Service service;
  Weir weir(at(service.text(), "drain: {delay: 1h}\nchain: []\n"));
  weir.process().signal(SIGTERM);
  ASSERT_TRUE(weir.process().wait_for("draining"));
  weir.process().signal(SIGTERM);
  EXPECT_EQ(weir.process().wait(), 3);
}

TEST(Drain, DelayIsFiveSecondsInKubernetesAndNoneElsewhere) {
  Service service;
  Weir pod(at(service.text(), "chain: []\n", true));
  pod.process().signal(SIGTERM);
  EXPECT_TRUE(pod.process().wait_for("listening for 5 s"));
  Weir told(at(service.text(), "drain: {delay: 0s}\nchain: []\n", true));
  EXPECT_EQ(told.stop(), 0);
  EXPECT_THAT(told.errors(), Not(HasSubstr("listening for")));
  WeirOptions plain = at(service.text(), "chain: []\n");
  Weir host(plain);
  EXPECT_EQ(host.stop(), 0);
  EXPECT_THAT(host.errors(), HasSubstr("stopped accepting"));
}

TEST(Drain, CommandWaitsThroughDelayAndRequests) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest&) { return Reply::held(hold); });
  Weir weir(at(service.text(), "drain: {delay: 300ms}\nchain: []\n"));
  Client inside(weir.address());
  inside.send({});
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
  ProcessOptions options;
  options.command = {WEIR_BINARY, "drain", "--wait", "--admin", weir.admin().text()};
  Process command(std::move(options));
  ASSERT_TRUE(weir.process().wait_for("stopped accepting"));
  EXPECT_TRUE(command.running()) << command.output();
  hold->open();
  EXPECT_EQ(inside.read().status, 200);
  EXPECT_EQ(command.wait(), 0) << command.errors();
  EXPECT_THAT(command.output(), HasSubstr("ended"));
  EXPECT_EQ(weir.process().wait(), 0);
}

TEST(Drain, CommandGivesUpAfterItsTime) {
  Service service;
  Weir weir(at(service.text(), "drain: {delay: 1h}\nchain: []\n"));
  const Finished drained = run_weir(
      WEIR_BINARY, {"drain", "--wait", "--wait-at-most", "200ms", "--admin", weir.admin().text()});
  EXPECT_EQ(drained.code, 3);
  EXPECT_THAT(drained.errors, HasSubstr("still drains"));
}

}  // namespace
}  // namespace weir::testing
