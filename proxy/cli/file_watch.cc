#include "proxy/cli/file_watch.h"

#include <array>
#include <deque>
#include <sys/inotify.h>
#include <unistd.h>
#include <utility>

namespace weir {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kEvents =
    IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR | IN_EXCL_UNLINK;
// A bound on one turn's work: a directory in which files are made all the time has no end of
// events.
constexpr int kReadsAtOnce = 64;

}  // namespace

FileWatch::FileWatch(const std::string& path) : path_(fs::absolute(path)) {
  fd_ = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd_ < 0) return;
  follow();
  if (names_.empty()) close(std::exchange(fd_, -1));
}

FileWatch::~FileWatch() {
  if (fd_ >= 0) close(fd_);
}

// The watch is placed before the name is looked at: what changes in between is an event.
bool FileWatch::watch(const fs::path& folder, const std::string& name, Names& names) const {
  const int watch = inotify_add_watch(fd_, folder.c_str(), kEvents);
  if (watch < 0) return false;
  if (!names.contains(watch) && names.size() >= kMostFolders) {
    if (!names_.contains(watch)) inotify_rm_watch(fd_, watch);
    return false;
  }
  names[watch].insert(name);
  return true;
}

// As far as the path exists: the rest shows once its first missing name is made.
void FileWatch::follow() {
  Names names;
  complete_ = true;
  std::deque<fs::path> left(path_.begin(), path_.end());
  fs::path at = "/";
  int links = 0;
  while (!left.empty()) {
    const fs::path name = left.front();
    left.pop_front();
    if (name.empty() || name == "." || name == "/") continue;
    if (name == "..") {
      at = at.parent_path();
      continue;
    }
    if (!watch(at, name, names)) complete_ = false;
    std::error_code error;
    const fs::path target = fs::read_symlink(at / name, error);
    if (error) {  // not a link, or not there
      at /= name;
      continue;
    }
    if (++links > kMostLinks) break;
    if (target.is_absolute()) at = "/";
    left.insert(left.begin(), target.begin(), target.end());
  }
  for (const auto& [watch, unused] : names_) {
    if (!names.contains(watch)) inotify_rm_watch(fd_, watch);
  }
  names_ = std::move(names);
}

bool FileWatch::is_about_path(int watch, std::uint32_t mask, const char* name) const {
  if ((mask & IN_Q_OVERFLOW) != 0) return true;
  const auto found = names_.find(watch);
  if (found == names_.end()) return false;
  const bool removed = (mask & IN_IGNORED) != 0;  // the directory is gone
  return removed || (name != nullptr && found->second.contains(std::string_view(name)));
}

bool FileWatch::acknowledge() {
  bool about_path = false;
  alignas(inotify_event) std::array<char, 4096> events;
  for (int i = 0; i < kReadsAtOnce; ++i) {
    const ssize_t size = read(fd_, events.data(), events.size());
    if (size <= 0) break;
    for (ssize_t at = 0; at < size;) {
      const auto& event = *reinterpret_cast<const inotify_event*>(events.data() + at);
      about_path |= is_about_path(event.wd, event.mask, event.len != 0 ? event.name : nullptr);
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
  }
  if (about_path) follow();
  return about_path;
}

}  // namespace weir
