// Where the lines of a LineLog go: a descriptor that may be a file, pipe, terminal or socket.
//
// Owner and thread: the log's thread, but for open(), which comes before it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>

#include "filters/time.h"

namespace weir {

// When the process ends, a reader has this long to take what is left: the diagnostics', and then
// the access log's. So nothing that is written holds up the end for a second.
inline constexpr Duration kLastWords = std::chrono::milliseconds(400);

class LineSink {
 public:
  LineSink() = default;
  ~LineSink() { close(); }
  LineSink(LineSink&& other) noexcept;
  LineSink& operator=(LineSink&& other) noexcept;

  // 0, or an errno. `to`: stdout or a path.
  int open(const std::string& to);
  enum class Standard : std::uint8_t { output, error };
  int open(Standard which);

  int descriptor() const { return fd_; }
  // Whether a write may have to wait for whoever reads; false for files.
  bool waits() const { return kind_ != Kind::file; }
  // The most that one write takes without waiting, once poll says that it can be written.
  std::size_t at_once() const;
  ssize_t write(std::string_view bytes) const;  // as write(2)

 private:
  enum class Kind { file, stream, socket };
  void close();
  int take(int fd);
  int fd_ = -1;
  Kind kind_ = Kind::file;
};

}  // namespace weir
