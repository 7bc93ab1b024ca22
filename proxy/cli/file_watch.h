// Tells when a file may have changed: inotify on the directory that it stands in, and on the one
// that it leads to if it is a symlink. A ConfigMap is changed by a rename of the link `..data` in
// that directory, which touches the file itself in no way.
//
// Owner and thread: one; poll descriptor() for reading.
#pragma once

#include <string>

namespace weir {

class FileWatch {
 public:
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
  int target_ = -1;  // the watch of the directory that it leads to
  std::string target_folder_;
};

}  // namespace weir
