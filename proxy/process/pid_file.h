// The file that says which process a weir is, for logrotate and init scripts: `weir run
// --pid-file`.
//
// It appears whole, by a rename, and is locked (flock) for as long as the process runs. The lock
// alone says whether a weir is there, so that what a crash leaves behind is taken over, and a
// number that another process has by now means nothing. A file that holds anything but a number is
// not overwritten.
//
// Owner: the command. Removed by the destructor, unless it is another process's by then.
#pragma once

#include <optional>
#include <string>
#include <utility>

namespace weir {

class PidFile {
 public:
  struct Result;
  static Result create(const std::string& path);

  ~PidFile() { remove(); }
  PidFile(PidFile&& other) noexcept;
  PidFile& operator=(PidFile&& other) noexcept;

  void remove();

 private:
  PidFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  std::string path_;
  int fd_;  // locked; -1: removed
};

struct PidFile::Result {
  std::optional<PidFile> file;
  std::string error;  // one line, if there is no file
};

}  // namespace weir
