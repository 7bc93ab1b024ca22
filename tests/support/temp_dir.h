// A directory of one test's own, gone with the object.
#pragma once

#include <string>
#include <string_view>

namespace weir::testing {

class TempDir {
 public:
  TempDir();  // under $TMPDIR or /tmp; throws std::runtime_error
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }
  // Writes a file of that name; returns its path.
  std::string write(std::string_view name, std::string_view content) const;

 private:
  std::string path_;
};

// The whole file; empty if it cannot be read.
std::string read_file(const std::string& path);

}  // namespace weir::testing
