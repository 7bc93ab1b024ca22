#include "config/read_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace weir {

namespace {

using Text = Result<std::string>;

constexpr std::size_t kFirstRead = 4096;  // of a file that does not know its size

Text unreadable(const std::string& why) { return Text::failed("cannot be read: " + why); }

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string too_large(std::size_t most) {
  const bool whole = most % (1 << 20) == 0;
  return "it is larger than " +
         (whole ? std::to_string(most >> 20) + " MiB" : std::to_string(most) + " bytes");
}

// What is wrong with reading such a file; empty if nothing is.
std::string complaint(const struct stat& status, std::size_t most) {
  const auto other_than_regular = [](std::string_view kind) {
    std::string why = "it is a ";
    why += kind;
    return why += ", and only regular files are read: copy its text to one";
  };
  if (S_ISDIR(status.st_mode)) return std::strerror(EISDIR);
  if (S_ISFIFO(status.st_mode)) return other_than_regular("pipe");
  if (S_ISSOCK(status.st_mode)) return other_than_regular("socket");
  if (!S_ISREG(status.st_mode)) return other_than_regular("device");
  if (static_cast<std::uintmax_t>(status.st_size) > most) return too_large(most);
  return "";
}

}  // namespace

Text read_regular_file(const std::string& path, std::size_t most) {
  struct stat status {};
  // Before it is opened, since to open a device may do something.
  if (::stat(path.c_str(), &status) != 0) return unreadable(std::strerror(errno));
  if (std::string why = complaint(status, most); !why.empty()) return unreadable(why);
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) return unreadable(std::strerror(errno));
  if (std::string why = complaint(status, most); !why.empty()) return unreadable(why);
  std::string text;
  std::size_t size = 0;
  // One byte more, so that the end is seen by the same read.
  text.resize(std::max(kFirstRead, static_cast<std::size_t>(status.st_size) + 1));
  for (;;) {
    const ssize_t n = ::read(file.get(), text.data() + size, text.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return unreadable(std::strerror(errno));
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
    if (size > most) return unreadable(too_large(most));
    if (size == text.size()) text.resize(std::min(2 * size, most + 1));
  }
  text.resize(size);
  return Text::ok(std::move(text));
}

}  // namespace weir
