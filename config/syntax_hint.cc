#include "config/syntax_hint.h"

#include <algorithm>

namespace weir {
namespace {

std::string_view line_of(std::string_view text, int line) {
  for (int i = 1; i < line; ++i) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string_view hint(std::string_view line, Position at, std::string_view said) {
  const std::string_view rest =
      line.substr(std::min(line.size(), static_cast<std::size_t>(std::max(at.column - 1, 0))));
  const std::string_view indent = line.substr(0, line.find_first_not_of(" \t"));
  if (contains(indent, "\t")) return "indent with spaces, not with tabs";
  if (contains(line, "${") && contains(said, "flow"))
    return "inside { } and [ ] a variable must be quoted: \"${NAME}\"";
  if (contains(line, "[:") || (contains(line, "]:") && contains(line, "[")))
    return "an IPv6 address must be quoted: \"[::1]:8080\"";
  if (contains(said, "anchor is not defined") || contains(said, "alias"))
    return "a star must be quoted: \"*\", \"*.example.com\"";
  if (rest.starts_with("@") || rest.starts_with("`") || rest.starts_with("%"))
    return "text that begins with @, ` or % must be quoted";
  if (contains(said, "illegal map value"))
    return "quote text that has \": \" in it, and indent the keys of one map alike";
  if (contains(said, "illegal block entry")) return "a list begins on a line of its own";
  if (contains(said, "flow")) return "a { or [ is not closed, or something in it must be quoted";
  if (contains(said, "end of map not found") || contains(said, "end of sequence not found"))
    return "this line does not belong to what is above: look at its indentation and quotes";
  return {};
}

}  // namespace

std::string syntax_message(std::string_view text, Position at, const std::string& said) {
  std::string message = "not valid YAML (" + said + ")";
  const std::string_view mend = hint(line_of(text, at.line), at, said);
  if (!mend.empty()) message += ": " + std::string(mend);
  return message;
}

}  // namespace weir
