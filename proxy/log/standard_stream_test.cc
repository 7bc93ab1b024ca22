#include "proxy/log/standard_stream.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include <gtest/gtest.h>

#include "tests/support/wait.h"

namespace weir {
namespace {

using testing::eventually;

// Standard error of this process is the end of a pipe or socket for as long as this is there.
class Replaced {
 public:
  explicit Replaced(bool socket) : kept_(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)) {
    EXPECT_EQ(socket ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_.data())
                     : pipe2(ends_.data(), O_CLOEXEC),
              0);
    dup2(ends_[1], STDERR_FILENO);
  }
  ~Replaced() {
    dup2(kept_, STDERR_FILENO);
    for (const int fd : {kept_, ends_[0], ends_[1]}) {
      if (fd >= 0) ::close(fd);
    }
  }
  Replaced(const Replaced&) = delete;
  Replaced& operator=(const Replaced&) = delete;

  void fill() {
    fcntl(ends_[1], F_SETFL, O_NONBLOCK);
    while (::write(ends_[1], "xxxxxxxx", 8) > 0 || errno == EINTR) continue;
    while (::write(ends_[1], "x", 1) > 0 || errno == EINTR) continue;
    fcntl(ends_[1], F_SETFL, 0);
  }
  std::string read() {
    std::array<char, 1 << 16> room;
    const ssize_t n = ::read(ends_[0], room.data(), room.size());
    return {room.data(), static_cast<std::size_t>(n > 0 ? n : 0)};
  }
  void stop_reading() { ::close(std::exchange(ends_[0], -1)); }

 private:
  std::array<int, 2> ends_{};
  int kept_;
};

class StandardStreamTest : public ::testing::TestWithParam<bool> {};

TEST_P(StandardStreamTest, WritesWhatTheReaderTakes) {
  Replaced error(GetParam());
  StandardStream stream(LineSink::Standard::error);
  EXPECT_TRUE(stream.write("one\n"));
  EXPECT_EQ(error.read(), "one\n");
}

TEST_P(StandardStreamTest, WaitsForASlowReader) {
  Replaced error(GetParam());
  error.fill();
  StandardStream stream(LineSink::Standard::error);
  bool whole = false;
  std::thread writer([&] { whole = stream.write("late\n"); });
  std::string got;
  EXPECT_TRUE(eventually([&] {
    got += error.read();
    return got.ends_with("late\n");
  }));
  writer.join();
  EXPECT_TRUE(whole);
}

TEST_P(StandardStreamTest, GivesUpOnceTheProcessEnds) {
  Replaced error(GetParam());
  error.fill();
  StandardStream stream(LineSink::Standard::error);
  std::thread writer([&] { EXPECT_FALSE(stream.write("never\n")); });
  stream.end();
  writer.join();
  EXPECT_FALSE(stream.write("nor this\n")) << "its time is over, and it is still full";
  error.read();
  EXPECT_TRUE(stream.write("this is\n")) << "there is room again";
}

TEST_P(StandardStreamTest, GivesUpWhereNobodyReadsAnyMore) {
  std::signal(SIGPIPE, SIG_IGN);
  Replaced error(GetParam());
  error.stop_reading();
  StandardStream stream(LineSink::Standard::error);
  EXPECT_FALSE(stream.write("never\n"));
}

INSTANTIATE_TEST_SUITE_P(Ends, StandardStreamTest, ::testing::Bool(),
                         [](const auto& each) { return each.param ? "Socket" : "Pipe"; });

}  // namespace
}  // namespace weir
