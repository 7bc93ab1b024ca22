// Collects what is wrong with a file while the parser goes on, so that a user sees all of it at
// once.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"

namespace weir {

// Where something stands in the text; both from 1, columns in bytes.
struct Position {
  int line = 1;
  int column = 1;
  bool operator==(const Position&) const = default;
};

// The way to a value, as a list on the stack: text is made only when there is something to say.
class Path {
 public:
  Path() = default;
  Path(const Path& parent, std::string_view name) : parent_(&parent), name_(name) {}
  Path(const Path& parent, std::size_t index) : parent_(&parent), index_(index), indexed_(true) {}

  std::string text() const;  // chain[2].buffer.capacity

 private:
  void append_to(std::string& out) const;

  const Path* parent_ = nullptr;
  std::string_view name_;
  std::size_t index_ = 0;
  bool indexed_ = false;
};

class Report {
 public:
  explicit Report(std::string file) : file_(std::move(file)) {}

  void error(Position at, const Path& path, std::string message);
  void error(Position at, std::string path, std::string message);
  void warning(Position at, const Path& path, std::string message);
  void warning(Position at, std::string path, std::string message);

  // Of what is wrong so far, to reword it.
  void for_each(const std::function<void(Diagnostic&)>& use);

  bool failed() const { return !errors_.kept.empty(); }
  // So much is wrong that the next message need not be helpful.
  bool crowded() const { return errors_.kept.size() > 5 * kShown; }
  // In the file's order, at most kShown of each; the last one then says how many were left out.
  static constexpr std::size_t kShown = 200;
  // Kept until then; more are only counted.
  static constexpr std::size_t kKept = 10'000;
  std::vector<Diagnostic> take_errors() { return std::move(errors_).in_order(); }
  std::vector<Diagnostic> take_warnings() { return std::move(warnings_).in_order(); }

 private:
  struct List {
    std::vector<Diagnostic> kept;
    std::size_t more = 0;
    void add(Diagnostic diagnostic);
    std::vector<Diagnostic> in_order() &&;
  };

  std::string file_;
  List errors_, warnings_;
};

// How a user's text is shown in a message: in quotes, cut after 60 bytes, control bytes escaped.
std::string quoted(std::string_view text);

// "a, b or c"
std::string either(const std::vector<std::string_view>& words);

}  // namespace weir
