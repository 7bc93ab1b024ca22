#include "proxy/log/line_log.h"

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"
#include "tests/support/wait.h"

namespace weir {
namespace {

using testing::eventually;
using testing::read_file;
using testing::TempDir;

std::unique_ptr<LineLog> open(const std::string& to, std::size_t rings = 1) {
  std::signal(SIGPIPE, SIG_IGN);
  auto opened = LineLog::open(to, rings);
  EXPECT_TRUE(opened.log) << opened.error;
  return std::move(opened.log);
}

// A named pipe, since LineLog takes paths.
struct Pipe {
  explicit Pipe(const TempDir& folder) : path(folder.file("pipe")) {
    EXPECT_EQ(mkfifo(path.c_str(), 0600), 0);
    reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  }
  ~Pipe() { close(); }
  void close() {
    if (reader >= 0) ::close(reader);
    reader = -1;
  }
  // What is there now.
  std::string read() const {
    std::string all;
    char part[65536];
    for (ssize_t n; (n = ::read(reader, part, sizeof part)) > 0;) {
      all.append(part, static_cast<std::size_t>(n));
    }
    return all;
  }
  std::string path;
  int reader = -1;
};

TEST(LineLog, LinesOfAllRingsAreWrittenWholeAndInOrder) {
  const TempDir folder;
  constexpr int kLines = 20'000, kRings = 3;
  {
    const auto log = open(folder.file("log"), kRings);
    std::vector<std::thread> writers;
    for (int r = 0; r < kRings; ++r) {
      writers.emplace_back([&log, r] {
        for (int i = 0; i < kLines; ++i) {
          log->ring(r).write(std::to_string(r) + " " + std::to_string(i) + "\n");
        }
      });
    }
    for (std::thread& writer : writers) writer.join();
    EXPECT_TRUE(eventually([&] { return log->written() + log->lost() == kRings * kLines; }));
    EXPECT_EQ(log->lost(), 0U) << "a ring holds them all";
  }
  std::array<int, kRings> next{};
  std::istringstream lines(read_file(folder.file("log")));
  for (int r = 0, i = 0; lines >> r >> i;) EXPECT_EQ(i, next.at(r)++);
  EXPECT_THAT(next, ::testing::Each(kLines));
}

TEST(LineLog, EndWritesOutWhatIsQueued) {
  const TempDir folder;
  open(folder.file("log"))->ring(0).write("last words\n");
  EXPECT_EQ(read_file(folder.file("log")), "last words\n");
}

TEST(LineLog, FullPipeLosesLinesAndNeverWaits) {
  const TempDir folder;
  Pipe pipe(folder);
  const auto log = open(pipe.path);
  std::string line(1000, 'x');
  line.back() = '\n';
  constexpr std::uint64_t kLines = 3 * LineLog::kRing / 1000;
  for (std::uint64_t i = 0; i < kLines; ++i) log->ring(0).write(line);
  EXPECT_GE(log->lost(), kLines / 3);
  std::string all;
  ASSERT_TRUE(eventually([&] {
    all += pipe.read();
    return log->written() + log->lost() == kLines && all.size() >= 1000 * log->written();
  }));
  EXPECT_EQ(all.size(), 1000 * log->written());
  EXPECT_EQ(all.size() / 1000 + log->lost(), kLines) << "each line is read or counted as lost";
  for (std::size_t i = 0; i < all.size(); i += 1000) ASSERT_EQ(all.substr(i, 1000), line);
}

TEST(LineLog, FullPipeDoesNotKeepItFromEnding) {
  const TempDir folder;
  const Pipe pipe(folder);
  auto log = open(pipe.path);
  for (int i = 0; i < 1000; ++i) log->ring(0).write(std::string(999, 'x') + "\n");
  ASSERT_TRUE(eventually([&] { return log->written() > 0; }));
  log.reset();  // the test's own time limit is the assertion
}

TEST(LineLog, WhatNobodyReadsIsCountedAsLost) {
  const TempDir folder;
  Pipe pipe(folder);
  const auto log = open(pipe.path);
  pipe.close();
  log->ring(0).write("to nobody\n");
  EXPECT_TRUE(eventually([&] { return log->lost() == 1; }));
  EXPECT_EQ(log->written(), 0U);
}

TEST(LineLog, ReopenedFileIsANewOne) {
  const TempDir folder;
  const std::string path = folder.file("log");
  const auto log = open(path);
  log->ring(0).write("before\n");
  std::filesystem::rename(path, path + ".1");
  log->reopen();
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(path); }));
  log->ring(0).write("after\n");
  EXPECT_TRUE(eventually([&] { return log->written() == 2; }));
  EXPECT_EQ(read_file(path + ".1"), "before\n");
  EXPECT_EQ(read_file(path), "after\n");
}

TEST(LineLog, FileThatCannotBeReopenedLeavesTheOldOne) {
  const TempDir folder;
  const std::string path = folder.file("log");
  const auto log = open(path);
  std::filesystem::rename(path, path + ".1");
  std::filesystem::create_directory(path);
  log->reopen();
  log->ring(0).write("still here\n");
  EXPECT_TRUE(eventually([&] { return log->written() == 1; }));
  EXPECT_EQ(read_file(path + ".1"), "still here\n");
}

TEST(LineLog, ReopenOfABlockedPipeIsDone) {
  const TempDir folder;
  Pipe pipe(folder);
  const auto log = open(pipe.path);
  for (int i = 0; i < 200; ++i) log->ring(0).write(std::string(999, 'x') + "\n");
  ASSERT_TRUE(eventually([&] { return log->written() > 0; }));
  std::filesystem::remove(pipe.path);
  log->reopen();
  EXPECT_TRUE(eventually([&] { return std::filesystem::is_regular_file(pipe.path); }));
  log->ring(0).write("after\n");
  EXPECT_TRUE(eventually([&] { return read_file(pipe.path).ends_with("after\n"); }));
}

TEST(LineLog, WhatCannotBeOpenedIsOneLine) {
  const TempDir folder;
  const auto none = LineLog::open(folder.file("no/such/folder"), 1);
  EXPECT_FALSE(none.log);
  EXPECT_EQ(none.error, "cannot open " + folder.file("no/such/folder") +
                            " (access_log.to): No such file or directory");
  ASSERT_EQ(mkfifo(folder.file("unread").c_str(), 0600), 0);
  EXPECT_FALSE(LineLog::open(folder.file("unread"), 1).log) << "a pipe that nobody reads";
}

}  // namespace
}  // namespace weir
