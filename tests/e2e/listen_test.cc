// Where weir listens and where it connects to: TCP, Unix sockets, names; and what it does when the
// descriptors are used up.
#include <netdb.h>
#include <sys/resource.h>

#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Listen, UnixSocketsOnBothSides) {
  TempDir folder;
  ServiceOptions options;
  options.address.path = folder.file("app.sock");
  Service service([](const ServiceRequest& r) { return Reply::text(200, r.target); }, options);
  Weir weir(service.text(), "listen: \"unix:" + folder.file("weir.sock") + "\"\nchain: []\n");
  EXPECT_EQ(weir.address().path, folder.file("weir.sock"));
  Client client(weir.address());
  EXPECT_EQ(client.get("/a").body, "/a");
  EXPECT_EQ(client.get("/b").body, "/b");
  EXPECT_EQ(client.connections(), 1);
  CurlResult curl = run_curl({"--unix-socket", folder.file("weir.sock"), "http://localhost/c"});
  EXPECT_EQ(curl.response.body, "/c") << curl.errors;
  EXPECT_EQ(weir.stop(), 0);
  EXPECT_FALSE(Socket::try_connect(weir.address()).open());
}

TEST(Listen, UnixSocketLeftBehindByADeadWeirIsTakenOver) {
  TempDir folder;
  Service service;
  std::string config = "listen: \"unix:" + folder.file("weir.sock") + "\"\nchain: []\n";
  {
    Weir killed(service.text(), config);
    killed.process().kill();
  }
  Weir weir(service.text(), config);
  EXPECT_EQ(weir.get().status, 200);
}

TEST(Listen, NginxBehindAUnixSocket) {
  Nginx nginx(true);
  Weir weir(nginx.text(), "chain: []\n");
  Client client(weir.address());
  EXPECT_EQ(client.get("/").body, "nginx\n");
  EXPECT_EQ(client.post("/echo", pattern_bytes(100'000)).body, pattern_bytes(100'000));
  EXPECT_TRUE(eventually([&] { return nginx.logged_requests() == 2; }));
}

TEST(Listen, ServiceByNameIsTriedOnAllItsAddresses) {
  addrinfo* found = nullptr;
  ASSERT_EQ(getaddrinfo("localhost", nullptr, nullptr, &found), 0)
      << "this machine does not know localhost: /etc/hosts should say 127.0.0.1 localhost";
  freeaddrinfo(found);
  Service service;  // on 127.0.0.1 alone; localhost may also be ::1
  Weir weir("localhost:" + std::to_string(service.address().port), "chain: []\n");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(weir.get().status, 200);
}

TEST(Listen, NameThatDoesNotResolveIsA502) {
  Weir weir("no-such-host.invalid:80", "chain: []\n");
  Response r = weir.get();
  EXPECT_EQ(r.status, 502);
  EXPECT_THAT(r.body, HasSubstr("connect_failure"));
}

TEST(Listen, ManyWorkersServeOneAddress) {
  Service service;
  Weir weir(service.text(), "workers: 4\nchain: []\n");
  for (int i = 0; i < 40; ++i) EXPECT_EQ(weir.get().status, 200);
  EXPECT_EQ(service.counts().begun, 40u);
  EXPECT_EQ(weir.metrics().sum("weir_arrivals_total"), 40);
}

TEST(Listen, GarbageIsA400AndTheConnectionCloses) {
  Service service;
  Weir weir(service.text(), "chain: []\n");
  std::vector<std::string> garbage = {
      "hello\r\n\r\n", "\x16\x03\x01\x02\x01\x01\xfc\x03\x03\r\n\r\n",
      "GET / HTTP/1.1\r\nno colon\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      std::string(100, '\0')};
  for (const std::string& bytes : garbage) {
    Socket socket = Socket::connect(weir.address());
    socket.write_all(bytes);
    std::string answer;
    EXPECT_EQ(socket.read_to_end(answer), Socket::Status::ok) << bytes.substr(0, 20);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 ")) << bytes.substr(0, 20);
  }
  EXPECT_EQ(weir.get().status, 200);
  Samples s = weir.metrics();
  EXPECT_EQ(s.sum("weir_bad_requests_total"), static_cast<double>(garbage.size()));
  EXPECT_EQ(s.sum("weir_arrivals_total"), 1) << "garbage is no arrival";
  EXPECT_EQ(service.counts().begun, 1u);
}

std::size_t count_of(const std::string& text, const std::string& word) {
  std::size_t n = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++n;
  return n;
}

TEST(Listen, FewDescriptorsLowerTheConnectionsWithAWarning) {
  Service service;
  WeirOptions options = with_chain(service.text(), "chain: []\n");
  options.max_descriptors = 160;
  Weir weir(options);
  EXPECT_EQ(count_of(weir.errors(), "limits.max_connections"), 1u) << weir.errors();
  Client kept(weir.address());
  ASSERT_EQ(kept.get().status, 200);
  std::vector<Socket> crowd;
  for (int i = 0; i < 300; ++i) crowd.push_back(Socket::connect(weir.address()));
  EXPECT_TRUE(eventually([&] { return weir.get().status == 200; }))
      << "the crowd has been dealt with";
  for (int i = 0; i < 20; ++i) EXPECT_EQ(weir.get().status, 200) << "idle ones give way";
  EXPECT_LT(weir.process().descriptors(), 160u);
  crowd.clear();
  EXPECT_TRUE(eventually([&] { return weir.get().status == 200; })) << "newcomers again";
}

TEST(Listen, OutOfDescriptorsItServesWhatItHasAndSaysSoOnce) {
  Service service;
  Weir weir(service.text(), "chain: []\n");
  Client kept(weir.address());
  ASSERT_EQ(kept.get().status, 200);
  // One comes and goes before: UBSan looks at each object's type for the first time through a pipe,
  // and where there is no descriptor for that it takes the object for none.
  ASSERT_EQ(weir.get().status, 200);
  // Another part of the process, or the system, has used them up: accept fails with EMFILE.
  rlimit limit{weir.process().descriptors() + 4, 1024};
  ASSERT_EQ(prlimit(weir.process().pid(), RLIMIT_NOFILE, &limit, nullptr), 0);
  std::vector<Socket> crowd;
  for (int i = 0; i < 50; ++i) crowd.push_back(Socket::connect(weir.address()));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(kept.get().status, 200) << "who is in is served";
  milliseconds before = weir.process().processor_time();
  // A loop that spins on accept would take all of a second.
  EXPECT_FALSE(
      eventually([&] { return weir.process().processor_time() - before > milliseconds(500); },
                 milliseconds(1000)));
  EXPECT_EQ(kept.get().status, 200);
  std::string said = weir.errors();
  EXPECT_GE(count_of(said, "descriptor"), 1u) << said;
  EXPECT_LE(count_of(said, "\n"), 4u) << said;
  crowd.clear();
  EXPECT_TRUE(eventually([&] { return weir.get().status == 200; })) << "newcomers again";
}

}  // namespace
}  // namespace weir::testing
