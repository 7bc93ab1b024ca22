#include "proxy/cli/file_watch.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

// A directory to change, and what a FileWatch in it says. Events of inotify are there as soon as
// the call that causes them has returned.
class FileWatchTest : public ::testing::Test {
 protected:
  fs::path at(const std::string& name) const { return fs::path(folder_.path()) / name; }
  void write(const std::string& name) const {
    fs::create_directories(at(name).parent_path());
    std::ofstream(at(name)) << "text";
  }
  void link(const std::string& target, const std::string& name) const {
    fs::create_symlink(target, at(name));
  }
  // As `ln -sfn` does, kubelet and git-sync too: a new link, renamed over the old one.
  void swap_link(const std::string& target, const std::string& name) const {
    link(target, "swap");
    fs::rename(at("swap"), at(name));
  }

  testing::TempDir folder_;
};

TEST_F(FileWatchTest, TellsOfAWriteARenameAndANewFile) {
  write("weir.yaml");
  FileWatch watch(at("weir.yaml"));
  ASSERT_GE(watch.descriptor(), 0);
  EXPECT_FALSE(watch.acknowledge());
  write("weir.yaml");
  EXPECT_TRUE(watch.acknowledge());
  write("other.yaml");
  fs::rename(at("other.yaml"), at("weir.yaml"));
  EXPECT_TRUE(watch.acknowledge());
  fs::remove(at("weir.yaml"));
  write("weir.yaml");
  EXPECT_TRUE(watch.acknowledge());
  EXPECT_FALSE(watch.acknowledge());
}

TEST_F(FileWatchTest, IsSilentAboutOtherNames) {
  write("conf/weir.yaml");
  FileWatch watch(at("conf/weir.yaml"));
  write("conf/weir.yaml.tmp");
  write("other");
  EXPECT_FALSE(watch.acknowledge());
}

// kubelet: a new folder, `..data` swapped, the old folder removed.
TEST_F(FileWatchTest, SeesEachSwapOfAConfigMapAtTheTopAndInASubfolder) {
  write("..gen0/weir.yaml");
  write("..gen0/conf/weir.yaml");
  link("..gen0", "..data");
  link("..data/weir.yaml", "weir.yaml");
  link("..data/conf", "conf");
  FileWatch top(at("weir.yaml"));
  FileWatch below(at("conf/weir.yaml"));
  for (int i = 1; i < 5; ++i) {
    const std::string generation = "..gen" + std::to_string(i);
    write(generation + "/weir.yaml");
    write(generation + "/conf/weir.yaml");
    EXPECT_FALSE(top.acknowledge()) << generation;
    EXPECT_FALSE(below.acknowledge()) << generation;
    swap_link(generation, "..data");
    EXPECT_TRUE(top.acknowledge()) << generation;
    EXPECT_TRUE(below.acknowledge()) << generation;
    fs::remove_all(at("..gen" + std::to_string(i - 1)));
    top.acknowledge();
    below.acknowledge();
    write(generation + "/conf/weir.yaml");
    EXPECT_FALSE(top.acknowledge()) << generation;
    EXPECT_TRUE(below.acknowledge()) << "the new folder is watched";
  }
}

TEST_F(FileWatchTest, SeesEachSwapOfALinkInTheMiddle) {
  write("rev0/etc/weir.yaml");
  link("rev0", "current");
  FileWatch watch(at("current/etc/weir.yaml"));
  const std::size_t folders = watch.folders();
  for (int i = 1; i < 5; ++i) {
    const std::string revision = "rev" + std::to_string(i);
    write(revision + "/etc/weir.yaml");
    swap_link(revision, "current");
    EXPECT_TRUE(watch.acknowledge()) << revision;
    write(revision + "/etc/weir.yaml");
    EXPECT_TRUE(watch.acknowledge()) << revision;
    EXPECT_EQ(watch.folders(), folders) << "old ones are given up";
  }
}

TEST_F(FileWatchTest, FollowsAbsoluteTargetsAndOnesThatGoUp) {
  write("store/a/weir.yaml");
  write("store/b/weir.yaml");
  link(at("store/a"), "absolute");
  fs::create_directories(at("links"));
  fs::create_symlink("../absolute/../a/./weir.yaml", at("links/weir.yaml"));
  FileWatch watch(at("links/weir.yaml"));
  write("store/a/weir.yaml");
  EXPECT_TRUE(watch.acknowledge());
  write("store/b/weir.yaml");
  EXPECT_FALSE(watch.acknowledge());
  swap_link(at("store/b"), "absolute");
  EXPECT_TRUE(watch.acknowledge());
}

TEST_F(FileWatchTest, SeesWhatIsMadeLaterAndWhatIsMadeAnew) {
  FileWatch watch(at("not/there/weir.yaml"));
  ASSERT_GE(watch.descriptor(), 0);
  fs::create_directories(at("not"));
  EXPECT_TRUE(watch.acknowledge());
  fs::create_directories(at("not/there"));
  EXPECT_TRUE(watch.acknowledge());
  write("not/there/weir.yaml");
  EXPECT_TRUE(watch.acknowledge());
  fs::remove_all(at("not"));
  watch.acknowledge();
  write("new/there/weir.yaml");
  fs::rename(at("new"), at("not"));
  EXPECT_TRUE(watch.acknowledge());
  write("not/there/weir.yaml");
  EXPECT_TRUE(watch.acknowledge());
}

TEST_F(FileWatchTest, BoundsTheLinksThatItFollows) {
  link("b", "a");
  link("a", "b");
  FileWatch loop(at("a"));
  EXPECT_GE(loop.descriptor(), 0);
  swap_link("c", "a");
  EXPECT_TRUE(loop.acknowledge());
  write("c");
  EXPECT_TRUE(loop.acknowledge()) << "the path leads somewhere now";
}

TEST_F(FileWatchTest, BoundsTheDirectoriesThatItWatches) {
  std::string deep;
  for (std::size_t i = 0; i < FileWatch::kMostFolders + 10; ++i) deep += "d/";
  write(deep + "weir.yaml");
  FileWatch watch(at(deep + "weir.yaml"));
  EXPECT_EQ(watch.folders(), FileWatch::kMostFolders);
  EXPECT_FALSE(watch.complete());
  write("weir.yaml");
  FileWatch shallow(at("weir.yaml"));
  EXPECT_TRUE(shallow.complete());
}

}  // namespace
}  // namespace weir
