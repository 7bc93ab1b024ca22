#include "config/read_file.h"

#include <fcntl.h>
#include <filesystem>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace weir {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kMost = 1 << 20;

std::string error_of(const std::string& path) { return read_regular_file(path, kMost).error; }

TEST(ReadFile, GivesTheWholeText) {
  const testing::TempDir folder;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{4096}, kMost}) {
    const std::string text(size, 'x');
    const auto read = read_regular_file(folder.write("file", text), kMost);
    ASSERT_TRUE(read) << read.error;
    EXPECT_EQ(*read, text);
  }
}

TEST(ReadFile, FollowsLinks) {
  const testing::TempDir folder;
  std::filesystem::create_symlink(folder.write("file", "text"), folder.file("link"));
  EXPECT_EQ(*read_regular_file(folder.file("link"), kMost), "text");
}

TEST(ReadFile, OfTheKernelThatHasNoSize) {
  const auto read = read_regular_file("/proc/self/status", kMost);
  ASSERT_TRUE(read) << read.error;
  EXPECT_THAT(*read, HasSubstr("VmRSS:"));
}

TEST(ReadFile, TooLargeIsRefusedUnread) {
  const testing::TempDir folder;
  EXPECT_EQ(error_of(folder.write("file", std::string(kMost + 1, 'x'))),
            "cannot be read: it is larger than 1 MiB");
  const std::string sparse = folder.write("sparse", "");
  ASSERT_EQ(truncate(sparse.c_str(), off_t{1} << 40), 0);
  EXPECT_EQ(error_of(sparse), "cannot be read: it is larger than 1 MiB");
}

TEST(ReadFile, TooLargeWithoutASizeIsRefused) {
  EXPECT_EQ(read_regular_file("/proc/self/status", 100).error,
            "cannot be read: it is larger than 100 bytes");
}

TEST(ReadFile, APipeWithoutAWriterIsNotWaitedFor) {
  const testing::TempDir folder;
  const std::string pipe = folder.file("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(error_of(pipe),
            "cannot be read: it is a pipe, and only regular files are read: copy its text to one");
}

TEST(ReadFile, SaysWhatElseItIs) {
  const testing::TempDir folder;
  EXPECT_THAT(error_of("/dev/zero"), HasSubstr("it is a device"));
  EXPECT_EQ(error_of(folder.path()), "cannot be read: Is a directory");
  EXPECT_EQ(error_of(folder.file("missing")), "cannot be read: No such file or directory");
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const std::string path = folder.file("s");
  path.copy(name.sun_path, sizeof name.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  EXPECT_THAT(error_of(path), HasSubstr("it is a socket"));
  close(fd);
}

}  // namespace
}  // namespace weir
