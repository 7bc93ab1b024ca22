#include "proxy/log/line_sink.h"

#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace weir {

namespace {

constexpr mode_t kMode = 0640;
constexpr std::size_t kFileAtOnce = 64 << 10;

}  // namespace

LineSink::LineSink(LineSink&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), kind_(other.kind_) {}

LineSink& LineSink::operator=(LineSink&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(kind_, other.kind_);
  return *this;
}

void LineSink::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

int LineSink::open(const std::string& to) {
  if (to == "stdout") return open(Standard::output);
  // The path may be a pipe that nobody reads: opening it is an error, and does not wait.
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  return take(::open(to.c_str(), kFlags, kMode));
}

// A copy: the flags of the descriptor are shared with whoever else has it, so they stay as they
// are.
int LineSink::open(Standard which) {
  const int fd = which == Standard::output ? STDOUT_FILENO : STDERR_FILENO;
  return take(fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

int LineSink::take(int fd) {
  close();
  fd_ = fd;
  if (fd_ < 0) return errno;
  struct stat status {};
  if (fstat(fd_, &status) != 0) return errno;
  kind_ = S_ISREG(status.st_mode)    ? Kind::file
          : S_ISSOCK(status.st_mode) ? Kind::socket
                                     : Kind::stream;
  return 0;
}

std::size_t LineSink::at_once() const { return kind_ == Kind::file ? kFileAtOnce : PIPE_BUF; }

ssize_t LineSink::write(std::string_view bytes) const {
  if (kind_ != Kind::socket) return ::write(fd_, bytes.data(), bytes.size());
  return ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace weir
