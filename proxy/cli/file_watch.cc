#include "proxy/cli/file_watch.h"

#include <array>
#include <filesystem>
#include <set>
#include <sys/inotify.h>
#include <unistd.h>
#include <utility>

namespace weir {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kEvents = IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE | IN_ONLYDIR;

// The directories in which something on the way to `path` is named: a change of any of them may
// make it another file. Only those where a link, or the file itself, is named are of interest.
std::set<std::string> directories_on_the_way(const fs::path& path) {
  std::set<std::string> found;
  std::error_code error;
  fs::path left = fs::absolute(path, error).lexically_normal();
  int links = FileWatch::kMostLinks;
  for (bool again = true; again && links > 0;) {
    again = false;
    fs::path at;
    for (auto part = left.begin(); part != left.end(); ++part) {
      const fs::path next = at / *part;
      const bool last = std::next(part) == left.end();
      const bool link = fs::is_symlink(fs::symlink_status(next, error));
      if ((link || last) && found.size() < FileWatch::kMostWatches) found.insert(at.string());
      if (!link) {
        at = next;
        continue;
      }
      fs::path target = fs::read_symlink(next, error);
      if (error) return found;
      if (target.is_relative()) target = at / target;
      for (auto rest = std::next(part); rest != left.end(); ++rest) target /= *rest;
      left = target.lexically_normal();
      --links;
      again = true;
      break;
    }
  }
  return found;
}

}  // namespace

FileWatch::FileWatch(std::string path) : path_(std::move(path)) {
  fd_ = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd_ < 0) return;
  watch();
  if (watched_.empty()) close(std::exchange(fd_, -1));
}

FileWatch::~FileWatch() {
  if (fd_ >= 0) close(fd_);
}

void FileWatch::watch() {
  const std::set<std::string> wanted = directories_on_the_way(path_);
  std::map<std::string, int> watched;
  std::set<int> kept;
  for (const std::string& folder : wanted) {
    const int watch = inotify_add_watch(fd_, folder.c_str(), kEvents);
    if (watch < 0) continue;
    watched.emplace(folder, watch);
    kept.insert(watch);  // the same directory by two names is one watch
  }
  for (const auto& [folder, watch] : watched_) {
    if (!kept.contains(watch)) inotify_rm_watch(fd_, watch);
  }
  watched_ = std::move(watched);
}

void FileWatch::acknowledge() {
  alignas(inotify_event) std::array<char, 4096> events;
  while (read(fd_, events.data(), events.size()) > 0) {
  }
  watch();
}

}  // namespace weir
