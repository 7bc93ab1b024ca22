#include "proxy/process/pid_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace weir {
namespace {

// Others may put a file there, or take it away, at the same time: then once more.
constexpr int kTries = 16;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

bool is_file_at(int fd, const std::string& path) {
  struct stat open {};
  struct stat there {};
  return fstat(fd, &open) == 0 && lstat(path.c_str(), &there) == 0 && open.st_dev == there.st_dev &&
         open.st_ino == there.st_ino;
}

std::string last_error() { return std::strerror(errno); }

// What stands in the way at `path`: nothing (empty), or why it cannot be replaced. `fd`: of it.
std::string why_kept(int fd) {
  struct stat file {};
  if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode)) return "is not a regular file";
  std::array<char, 32> text{};
  const ssize_t size = pread(fd, text.data(), text.size(), 0);
  std::string_view pid(text.data(), size < 0 ? 0 : static_cast<std::size_t>(size));
  if (pid.ends_with('\n')) pid.remove_suffix(1);
  const bool number =
      pid.size() < 20 && std::ranges::all_of(pid, [](char c) { return c >= '0' && c <= '9'; });
  if (size < 0 || !number) return "exists and does not hold a process id: it is left as it is";
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return {};
  if (errno != EWOULDBLOCK) return "cannot be locked: " + last_error();
  return "belongs to a running weir (process " + std::string(pid) + ")";
}

// Puts the file `from` at `path`. `again`: something has changed there meanwhile.
std::string put(const std::string& from, const std::string& path, bool& again) {
  again = false;
  const Descriptor old(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (old.get() < 0) {
    if (errno != ENOENT) return errno == ELOOP ? "is a symbolic link" : last_error();
    if (link(from.c_str(), path.c_str()) == 0) return {};
    again = errno == EEXIST;
    return last_error();
  }
  if (std::string why = why_kept(old.get()); !why.empty()) return why;
  // The lock is of what was there before: only the process that has it may replace that.
  again = !is_file_at(old.get(), path);
  if (again) return "changes all the time";
  return rename(from.c_str(), path.c_str()) == 0 ? std::string() : last_error();
}

}  // namespace

PidFile::Result PidFile::create(const std::string& path) {
  std::string made = path + ".XXXXXX";
  Descriptor fd(mkostemp(made.data(), O_CLOEXEC));
  const std::string error = "--pid-file: " + path + " ";
  if (fd.get() < 0) return {std::nullopt, error + "cannot be written: " + last_error()};
  const std::string text = std::to_string(getpid()) + "\n";
  std::string why;
  if (fchmod(fd.get(), 0644) != 0 || flock(fd.get(), LOCK_EX | LOCK_NB) != 0 ||
      write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    why = "cannot be written: " + last_error();
  }
  bool again = why.empty();
  for (int i = 0; i < kTries && again; ++i) why = put(made, path, again);
  unlink(made.c_str());  // gone already after a rename
  if (!why.empty()) return {std::nullopt, error + why};
  return {PidFile(path, fd.release()), {}};
}

PidFile::PidFile(PidFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

PidFile& PidFile::operator=(PidFile&& other) noexcept {
  if (this == &other) return *this;
  remove();
  path_ = std::move(other.path_);
  fd_ = std::exchange(other.fd_, -1);
  return *this;
}

// Unlocked last: a process that finds it locked is told of a running weir.
void PidFile::remove() {
  if (fd_ < 0) return;
  if (is_file_at(fd_, path_)) unlink(path_.c_str());
  close(std::exchange(fd_, -1));
}

}  // namespace weir
