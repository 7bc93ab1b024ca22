// The whole process stands still for a while (a debugger, a frozen container, a machine that
// sleeps): what came in time is seen before its time is up.
#include <csignal>
#include <string>

#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

using ::testing::StartsWith;

class Standstill {
 public:
  explicit Standstill(Weir& weir) : weir_(weir) {
    weir_.process().signal(SIGSTOP);
    EXPECT_TRUE(eventually([&] { return state() == 'T'; }));
  }
  // Ends it once so much time is over.
  void end_after(milliseconds time) {
    const Deadline deadline(time);
    eventually([&] { return deadline.over(); });
    weir_.process().signal(SIGCONT);
  }

 private:
  char state() const {
    const std::string stat = read_file("/proc/" + std::to_string(weir_.process().pid()) + "/stat");
    const std::size_t name_end = stat.rfind(") ");
    return name_end == std::string::npos ? '?' : stat[name_end + 2];
  }
  Weir& weir_;
};

std::string answer_of(Socket& socket) {
  std::string answer;
  socket.read_until(answer, "\r\n\r\n");
  return answer;
}

TEST(Standstill, WhatCameInTimeIsNotTimedOut) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest& request) {
    return request.target == "/held" ? Reply::held(hold) : Reply::text(200);
  });
  Weir weir(service.text(),
            "limits: {head_timeout: 2s, body_timeout: 2s}\nchain: [timeout: {head: 2s}]\n");
  Socket head = Socket::connect(weir.address()), body = Socket::connect(weir.address()),
         answer = Socket::connect(weir.address());
  head.write_all("GET / HTTP/1.1\r\nHost:");
  body.write_all("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab");
  answer.write_all("GET /held HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 1 && service.counts().begun == 2; }));
  {
    Standstill still(weir);
    head.write_all(" h\r\n\r\n");
    body.write_all("cd");
    hold->open();
    EXPECT_TRUE(eventually([&] { return service.counts().answered == 1; }));
    still.end_after(milliseconds(2500));
  }
  EXPECT_THAT(answer_of(head), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer_of(body), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer_of(answer), StartsWith("HTTP/1.1 200 "));
}

TEST(Standstill, WhatDidNotComeIsTimedOut) {
  Service service([](const ServiceRequest&) { return Reply::fault(Reply::Then::silence); });
  Weir weir(service.text(), "limits: {head_timeout: 300ms}\nchain: [timeout: {head: 300ms}]\n");
  Socket head = Socket::connect(weir.address()), answer = Socket::connect(weir.address());
  head.write_all("GET / HTTP/1.1\r\nHost:");
  answer.write_all("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return service.counts().begun == 1; }));
  Standstill(weir).end_after(milliseconds(500));
  EXPECT_THAT(answer_of(head), StartsWith("HTTP/1.1 408 "));
  EXPECT_THAT(answer_of(answer), StartsWith("HTTP/1.1 504 "));
}

}  // namespace
}  // namespace weir::testing
