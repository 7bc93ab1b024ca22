// Standard output and standard error are pipes that are full and that nobody reads: weir ends all
// the same when it is told to.
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>

#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

class FullPipe {
 public:
  FullPipe() {
    EXPECT_EQ(pipe2(ends_.data(), O_CLOEXEC | O_NONBLOCK), 0);
    while (::write(ends_[1], "x", 1) == 1 || errno == EINTR) continue;
    fcntl(ends_[1], F_SETFL, 0);
  }
  ~FullPipe() {
    for (const int fd : ends_) ::close(fd);
  }
  FullPipe(const FullPipe&) = delete;
  FullPipe& operator=(const FullPipe&) = delete;
  int write_end() const { return ends_[1]; }

 private:
  std::array<int, 2> ends_{};
};

// A program of weir's that can tell nobody where it listens.
struct Mute {
  Mute(const std::string& upstream, const std::string& more, bool output_too = false) {
    listen.path = folder.file("socket");
    const std::string config = "listen: unix:" + listen.path +
                               "\nadmin: {listen: \"127.0.0.1:0\"}\nupstream: {address: \"" +
                               upstream + "\"}\n" + more;
    start({"run", "-c", folder.write("weir.yaml", config)}, output_too ? output.write_end() : -1);
  }
  explicit Mute(std::vector<std::string> arguments, bool output_too = false) {
    start(std::move(arguments), output_too ? output.write_end() : -1);
  }

  void start(std::vector<std::string> arguments, int output_to) {
    ProcessOptions options;
    options.command = {WEIR_BINARY};
    options.command.insert(options.command.end(), arguments.begin(), arguments.end());
    options.output_to = output_to;
    options.errors_to = errors.write_end();
    process = std::make_unique<Process>(std::move(options));
  }
  bool listens() const {
    return eventually([&] { return Socket::try_connect(listen).open(); });
  }
  // TERM no longer ends it by itself.
  bool has_blocked_signals() const {
    return eventually([&] {
      const std::string status = read_file("/proc/" + std::to_string(process->pid()) + "/status");
      const std::size_t at = status.find("SigBlk:\t");
      if (at == std::string::npos) return false;
      return (std::stoull(status.substr(at + 8, 16), nullptr, 16) >> (SIGTERM - 1) & 1) == 1;
    });
  }

  const TempDir folder;
  const FullPipe output, errors;
  Address listen;
  std::unique_ptr<Process> process;
};

TEST(FullOutput, DoesNotHoldUpTheEnd) {
  Service service;
  Mute weir(service.text(), "chain: []\n");
  ASSERT_TRUE(weir.listens());
  EXPECT_EQ(fetch(weir.listen, {}).status, 200);
  for (int i = 0; i < 3; ++i) weir.process->signal(SIGHUP);
  weir.process->signal(SIGTERM);
  EXPECT_EQ(weir.process->wait(), 0);
}

TEST(FullOutput, OfTheAccessLogTooDoesNotHoldUpTheEnd) {
  Service service;
  Mute weir(service.text(), "access_log: {to: stdout}\nchain: []\n", true);
  ASSERT_TRUE(weir.listens());
  EXPECT_EQ(fetch(weir.listen, {}).status, 200);
  weir.process->signal(SIGTERM);
  EXPECT_EQ(weir.process->wait(), 0);
}

TEST(FullOutput, DoesNotHoldUpTheSecondSignal) {
  auto hold = std::make_shared<Hold>();
  Service service([&](const ServiceRequest&) { return Reply::held(hold); });
  Mute weir(service.text(), "chain: []\n");
  ASSERT_TRUE(weir.listens());
  Client client(weir.listen);
  client.send({});
  ASSERT_TRUE(eventually([&] { return hold->waiting() == 1; }));
  weir.process->signal(SIGTERM);
  EXPECT_TRUE(eventually([&] { return !Socket::try_connect(weir.listen).open(); })) << "it drains";
  weir.process->signal(SIGTERM);
  EXPECT_EQ(weir.process->wait(), 3);
}

TEST(FullOutput, DoesNotHoldUpTheEndOfAStartThatFails) {
  Mute weir("127.0.0.1:1", "nonsense: 1\n");
  ASSERT_TRUE(weir.has_blocked_signals());
  weir.process->signal(SIGTERM);
  EXPECT_EQ(weir.process->wait(), 1);
}

TEST(FullOutput, DoesNotHoldUpTheEndOfDemoAndSample) {
  for (const std::vector<std::string>& arguments : std::initializer_list<std::vector<std::string>>{
           {"demo", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"},
           {"sample", "--listen", "127.0.0.1:0"}}) {
    Mute weir(arguments, true);
    ASSERT_TRUE(weir.has_blocked_signals());
    weir.process->signal(SIGTERM);
    EXPECT_EQ(weir.process->wait(), 0) << arguments[0];
  }
}

}  // namespace
}  // namespace weir::testing
