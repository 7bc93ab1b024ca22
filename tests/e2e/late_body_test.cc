// A service that sends a body where there must be none (behind its answer to HEAD, with 304 or
// 204): whenever it comes, nobody gets it as an answer.
#include <utility>

#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

enum class When : std::uint8_t { with_the_head, in_a_packet_of_its_own, with_the_next_request };

struct LateBody {
  const char* name;
  When when;
  std::string method, head;  // asked, and answered
};

// What the service holds back, another request's answer to whoever reads it.
constexpr std::string_view kPoison = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison";

class LateBodies : public ::testing::TestWithParam<LateBody> {
 protected:
  // Answers /odd so, and any other target with itself.
  void serve(RawService::Connection& connection) const {
    const LateBody& late = GetParam();
    std::string held;
    for (;;) {
      const std::string request = connection.read_until();
      if (request.empty()) return;
      connection.write(std::exchange(held, {}));
      const std::size_t at = request.find(' ') + 1;
      const std::string target = request.substr(at, request.find(' ', at) - at);
      if (target != "/odd") {
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(target.size()) +
                         "\r\n\r\n" + target);
        continue;
      }
      const std::string body(kPoison);
      const std::string size = std::to_string(body.size());
      std::string head = late.head;
      head.replace(head.find("SIZE"), 4, size);
      if (late.when == When::with_the_head) {
        connection.write(head + body);
      } else {
        connection.write(head);
        if (late.when == When::in_a_packet_of_its_own) connection.write(body);
        if (late.when == When::with_the_next_request) held = body;
      }
    }
  }
};

TEST_P(LateBodies, NobodyGetsThemAsAnAnswer) {
  RawService service([this](RawService::Connection& connection) { serve(connection); });
  Weir weir(service.text(), "chain: []\n");
  Client odd(weir.address()), plain(weir.address());
  for (int i = 0; i < 100; ++i) {
    odd.send({GetParam().method, "/odd"});
    ASSERT_LT(odd.read(GetParam().method).status, 400);
    const std::string target = "/" + std::to_string(i);
    plain.send({"GET", target});
    const Response response = plain.read();
    ASSERT_EQ(response.status, 200) << i;
    ASSERT_EQ(response.body, target) << i;
  }
}

std::vector<LateBody> late_bodies() {
  const std::string length = "Content-Length: SIZE\r\n\r\n";
  std::vector<LateBody> all;
  for (const When when :
       {When::with_the_head, When::in_a_packet_of_its_own, When::with_the_next_request}) {
    all.push_back({"ToHead", when, "HEAD", "HTTP/1.1 200 OK\r\n" + length});
    all.push_back({"With304", when, "GET", "HTTP/1.1 304 Not Modified\r\n" + length});
    all.push_back({"With204", when, "GET", "HTTP/1.1 204 No Content\r\n" + length});
    all.push_back({"ChunkedToHead", when, "HEAD",
                   "HTTP/1.1 200 OK\r\nX: SIZE\r\nTransfer-Encoding: chunked\r\n\r\n"});
  }
  return all;
}

std::string name_of(const ::testing::TestParamInfo<LateBody>& tested) {
  constexpr const char* kWhen[] = {"WithTheHead", "InAPacketOfItsOwn", "WithTheNextRequest"};
  return std::string(tested.param.name) + kWhen[static_cast<std::size_t>(tested.param.when)];
}

INSTANTIATE_TEST_SUITE_P(Services, LateBodies, ::testing::ValuesIn(late_bodies()), name_of);

// What such a service costs others: honest answers without a body keep their connection.
TEST(LateBody, AnswersThatAnnounceNoneKeepTheirConnection) {
  RawService service([](RawService::Connection& connection) {
    while (!connection.read_until().empty()) connection.write("HTTP/1.1 200 OK\r\n\r\n");
  });
  Weir weir(service.text(), "chain: []\n");
  Client client(weir.address());
  for (int i = 0; i < 10; ++i) {
    client.send({"HEAD", "/"});
    ASSERT_EQ(client.read("HEAD").status, 200);
  }
  EXPECT_EQ(service.received().size(), 1U);
}

}  // namespace
}  // namespace weir::testing
