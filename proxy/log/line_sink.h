// Where the lines of a LineLog go: a descriptor that may be a file, pipe, terminal or socket.
//
// Owner and thread: the log's thread, but for open(), which comes before it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace weir {

class LineSink {
 public:
  LineSink() = default;
  ~LineSink() { close(); }
  LineSink(LineSink&& other) noexcept;
  LineSink& operator=(LineSink&& other) noexcept;

  // 0, or an errno. `to`: stdout or a path.
  int open(const std::string& to);

  int descriptor() const { return fd_; }
  // Whether a write may have to wait for whoever reads; false for files.
  bool waits() const { return kind_ != Kind::file; }
  // The most that one write takes without waiting, once poll says that it can be written.
  std::size_t at_once() const;
  ssize_t write(std::string_view bytes) const;  // as write(2)

 private:
  enum class Kind { file, stream, socket };
  void close();
  int fd_ = -1;
  Kind kind_ = Kind::file;
};

}  // namespace weir
