#include "proxy/process/pid_file.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace weir {
namespace {

using ::testing::HasSubstr;

namespace fs = std::filesystem;

class PidFileTest : public ::testing::Test {
 protected:
  std::size_t files() const {
    const fs::directory_iterator all(folder_.path());
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }

  testing::TempDir folder_;
  const std::string path_ = folder_.file("weir.pid");
  const std::string own_ = std::to_string(getpid()) + "\n";
};

TEST_F(PidFileTest, HoldsTheProcessIdAndIsGoneAfterwards) {
  {
    const PidFile::Result made = PidFile::create(path_);
    ASSERT_TRUE(made.file) << made.error;
    EXPECT_EQ(testing::read_file(path_), own_);
    EXPECT_EQ(files(), 1U) << "nothing beside it";
    struct stat file {};
    ASSERT_EQ(stat(path_.c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 0777U, 0644U);
  }
  EXPECT_EQ(files(), 0U);
}

TEST_F(PidFileTest, ASecondOneIsRefusedWhileTheFirstLives) {
  PidFile::Result first = PidFile::create(path_);
  ASSERT_TRUE(first.file);
  const PidFile::Result second = PidFile::create(path_);
  EXPECT_FALSE(second.file);
  EXPECT_THAT(second.error, HasSubstr("--pid-file: " + path_ + " belongs to a running weir"));
  EXPECT_THAT(second.error, HasSubstr(std::to_string(getpid())));
  EXPECT_EQ(testing::read_file(path_), own_);
  EXPECT_EQ(files(), 1U);
  first.file->remove();
  EXPECT_TRUE(PidFile::create(path_).file);
}

// A number that lives is no weir: process ids are given again, and mean something else in another
// container.
TEST_F(PidFileTest, WhatACrashLeftBehindIsTakenOver) {
  const pid_t crashed = fork();
  ASSERT_GE(crashed, 0);
  if (crashed == 0) {
    const PidFile::Result made = PidFile::create(path_);
    _exit(made.file ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(crashed, &status, 0), crashed);
  ASSERT_EQ(status, 0);
  EXPECT_EQ(testing::read_file(path_), std::to_string(crashed) + "\n");
  {
    const PidFile::Result made = PidFile::create(path_);
    ASSERT_TRUE(made.file) << made.error;
    EXPECT_EQ(testing::read_file(path_), own_);
  }
  for (const char* left : {"", "1\n", "12345"}) {
    folder_.write("weir.pid", left);
    EXPECT_TRUE(PidFile::create(path_).file) << left;
  }
}

TEST_F(PidFileTest, OtherFilesAreLeftAsTheyAre) {
  for (const char* text :
       {"listen: :8080\n", "12 34\n", "-1\n", "123456789012345678901234567890\n"}) {
    folder_.write("weir.pid", text);
    const PidFile::Result made = PidFile::create(path_);
    EXPECT_FALSE(made.file) << text;
    EXPECT_THAT(made.error, HasSubstr("does not hold a process id"));
    EXPECT_EQ(testing::read_file(path_), text);
  }
  fs::remove(path_);
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(PidFile::create(path_).error, HasSubstr("is not a regular file"));
  fs::remove(path_);
  fs::create_symlink(folder_.file("elsewhere"), path_);
  EXPECT_THAT(PidFile::create(path_).error, HasSubstr("is a symbolic link"));
  fs::remove(path_);
  fs::create_directory(path_);
  EXPECT_FALSE(PidFile::create(path_).file);
  EXPECT_THAT(PidFile::create(folder_.file("not/there/weir.pid")).error,
              HasSubstr("No such file or directory"));
}

TEST_F(PidFileTest, RemovesOnlyItsOwn) {
  PidFile::Result made = PidFile::create(path_);
  ASSERT_TRUE(made.file);
  fs::remove(path_);
  const PidFile::Result next = PidFile::create(path_);
  ASSERT_TRUE(next.file) << "an operator has removed it";
  made.file->remove();
  EXPECT_EQ(testing::read_file(path_), own_) << "the next one's";
}

}  // namespace
}  // namespace weir
