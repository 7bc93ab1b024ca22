#include "proxy/cli/file_watch.h"

#include <array>
#include <filesystem>
#include <sys/inotify.h>
#include <unistd.h>
#include <utility>

namespace weir {
namespace {

constexpr std::uint32_t kEvents = IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR;

}  // namespace

FileWatch::FileWatch(std::string path) : path_(std::move(path)) {
  fd_ = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd_ < 0) return;
  const std::string folder = std::filesystem::path(path_).parent_path();
  if (inotify_add_watch(fd_, folder.empty() ? "." : folder.c_str(), kEvents) < 0) {
    close(std::exchange(fd_, -1));
    return;
  }
  watch();
}

FileWatch::~FileWatch() {
  if (fd_ >= 0) close(fd_);
}

void FileWatch::watch() {
  std::error_code error;
  const std::string folder = std::filesystem::canonical(path_, error).parent_path();
  if (error || folder == target_folder_) return;
  const std::string own =
      std::filesystem::canonical(std::filesystem::absolute(path_, error).parent_path(), error);
  if (target_ >= 0) inotify_rm_watch(fd_, target_);
  // The same directory twice is one watch, which must not be removed with the other.
  target_ = folder == own ? -1 : inotify_add_watch(fd_, folder.c_str(), kEvents);
  target_folder_ = folder;
}

void FileWatch::acknowledge() {
  alignas(inotify_event) std::array<char, 4096> events;
  while (read(fd_, events.data(), events.size()) > 0) {
  }
  watch();
}

}  // namespace weir
