// The corpus of all rules through weir to a real nginx: as many requests as nginx has logged, so
// many weir says that it has forwarded. A request that were smuggled past weir would be one too
// many.
#include <iostream>
#include <set>

#include <gtest/gtest.h>

#include "tests/e2e/http_rules_stage.h"
#include "tests/support/nginx.h"

namespace weir::testing::rules {
namespace {

// Small bounds of time, since some of the corpus never ends.
constexpr const char* kConfig =
    "chain: [{timeout: 5s}]\n"
    "limits: {head_timeout: 200ms, body_timeout: 200ms, idle_timeout: 2s, max_body: 64KiB}\n";

const std::string kLast = head("GET /last HTTP/1.1", "Host: h", "Connection: close");

// All that a rule's client sends.
std::string sent_by(const Rule& rule) {
  std::string text;
  for (const Step& step : rule.steps) {
    if (step.kind == Step::Kind::client_sends && step.client == 0) text += step.text;
  }
  return text;
}

std::set<std::string> corpus() {
  std::set<std::string> all;
  for (const auto table : all_tables()) {
    for (const Rule& rule : table()) all.insert(sent_by(rule));
  }
  return all;
}

class HttpDifferential : public ::testing::Test {
 protected:
  // Sends it, a last request behind it, and reads what there is to read.
  void send(const std::string& bytes) {
    Socket client = Socket::connect(weir_.address());
    client.write_all(bytes + kLast);
    std::string got;
    client.read_to_end(got, milliseconds(10'000));
  }

  // Of those that weir has sent to the end, and of all that it has begun.
  struct Forwarded {
    std::size_t whole = 0, all = 0;
  };
  Forwarded forwarded() const {
    const Samples samples = weir_.metrics();
    const auto all = static_cast<std::size_t>(samples.sum("weir_upstream_attempts_total"));
    const auto cut = static_cast<std::size_t>(
        samples.sum("weir_upstream_attempts_total", {{"result", "cancelled"}}));
    return {all - cut, all};
  }

  // Of those in nginx's log, what it has not found cut short: 400 or 499.
  std::size_t logged_whole() const {
    const std::string log = nginx_.access_log();
    std::size_t cut = 0;
    for (const char* status : {"\" 400 ", "\" 499 "}) {
      for (std::size_t at = 0; (at = log.find(status, at)) != std::string::npos; ++at) ++cut;
    }
    return nginx_.logged_requests() - cut;
  }

  Nginx nginx_;
  WeirProcess weir_{WEIR_BINARY, {.config = kConfig, .upstream = nginx_.text()}};
};

// One after the other, so that the input which is taken for more or less than it is can be named.
TEST_F(HttpDifferential, NginxSeesAsManyRequestsAsWeirForwarded) {
  const std::set<std::string> all = corpus();
  EXPECT_GE(all.size(), 200U);
  std::size_t cut_short = 0;
  for (const std::string& bytes : all) {
    const Forwarded before = forwarded();
    const std::size_t logged_before = nginx_.logged_requests();
    const std::size_t logged_whole_before = logged_whole();
    send(bytes);
    ASSERT_TRUE(weir_.idle());
    const Forwarded now = forwarded();
    const std::size_t whole = now.whole - before.whole;
    const std::size_t most = now.all - before.all;
    // What weir cut within its body may be in the log (as a 400) or not, if nothing of it was sent.
    const auto logged = [&] { return nginx_.logged_requests() - logged_before; };
    EXPECT_TRUE(eventually([&] { return logged() >= whole; }, milliseconds(3000)))
        << "nginx has seen " << logged() << " requests, weir has forwarded " << whole << ":\n"
        << readable(bytes);
    EXPECT_LE(logged(), most) << "nginx has seen more than weir has forwarded:\n"
                              << readable(bytes);
    EXPECT_LE(logged_whole() - logged_whole_before, whole)
        << "nginx has taken for whole what weir has cut:\n"
        << readable(bytes);
    cut_short += most != whole ? 1 : 0;
    if (HasFailure()) return;
  }
  std::cout << all.size() << " inputs, " << nginx_.logged_requests() << " requests at nginx, "
            << cut_short << " inputs cut within a body\n";
  // Nothing comes after.
  send("");
  EXPECT_TRUE(eventually([&] { return nginx_.logged_requests() >= forwarded().whole; }));
  EXPECT_LE(nginx_.logged_requests(), forwarded().all);
}

}  // namespace
}  // namespace weir::testing::rules
