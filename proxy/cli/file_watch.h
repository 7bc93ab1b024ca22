// Tells when a file may have changed: inotify on each directory on the way to it, through all the
// links. A ConfigMap is changed by a rename of the link `..data` in its volume's directory, which
// may be several directories above the file (items: path: conf/weir.yaml); git-sync swaps the link
// to a whole checkout. Neither touches the file itself.
//
// The way is walked anew after each event. Bounds: kMostLinks links, as the kernel has it, and
// kMostWatches directories.
//
// Owner and thread: one; poll descriptor() for reading.
#pragma once

#include <map>
#include <string>

namespace weir {

class FileWatch {
 public:
  static constexpr int kMostLinks = 40;
  static constexpr std::size_t kMostWatches = 64;

  explicit FileWatch(std::string path);
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  int descriptor() const { return fd_; }  // -1: the kernel watches nothing for us
  // Takes the events away, and looks anew at where the file leads to.
  void acknowledge();

 private:
  void watch();

  std::string path_;
  int fd_ = -1;
  std::map<std::string, int> watched_;  // directories and their watches
};

}  // namespace weir
