// Tells when a file may have changed, by inotify on every directory along its path: through all
// symlinks, and again after each change.
//
// A file can change without being touched: kubelet renames the link `..data` of a ConfigMap,
// git-sync the link of its working tree, and either can stand anywhere along the path. So each
// component of the path, and of every link's target, is watched in the directory that it stands in,
// by its name: what else happens there, as in /tmp, is no event.
//
// Owner and thread: one; poll descriptor() for reading.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>

namespace weir {

class FileWatch {
 public:
  static constexpr int kMostLinks = 40;            // as the kernel follows
  static constexpr std::size_t kMostFolders = 64;  // watched at a time

  explicit FileWatch(const std::string& path);
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  int descriptor() const { return fd_; }  // -1: the kernel watches nothing for this object
  // Takes the events, and follows the path again. False: none of them was about the path.
  bool acknowledge();

  std::size_t folders() const { return names_.size(); }
  // False: a directory along the path may not be watched, or there are too many.
  bool complete() const { return complete_; }

 private:
  // By watch descriptor: the names in that directory which the path goes through.
  using Names = std::map<int, std::set<std::string, std::less<>>>;

  void follow();
  bool watch(const std::filesystem::path& folder, const std::string& name, Names& names) const;
  bool is_about_path(int watch, std::uint32_t mask, const char* name) const;

  const std::filesystem::path path_;  // absolute
  int fd_ = -1;
  bool complete_ = true;
  Names names_;
};

}  // namespace weir
