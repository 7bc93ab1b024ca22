#include "config/report.h"

#include <algorithm>
#include <cctype>
#include <tuple>

namespace weir {
namespace {

constexpr std::size_t kLongest = 60;  // of a user's text in a message

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongest &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; });
}

}  // namespace

std::string Diagnostic::text() const {
  std::string out = file + ":" + std::to_string(line) + ":" + std::to_string(column) + ": ";
  if (!path.empty()) out += path + ": ";
  return out + message;
}

std::string Path::text() const {
  std::string out;
  append_to(out);
  return out;
}

void Path::append_to(std::string& out) const {
  if (parent_ == nullptr) return;
  parent_->append_to(out);
  if (indexed_) {
    out += "[" + std::to_string(index_) + "]";
    return;
  }
  if (!out.empty()) out += ".";
  out += is_plain_name(name_) ? std::string(name_) : quoted(name_);
}

void Report::error(Position at, const Path& path, std::string message) {
  error(at, path.text(), std::move(message));
}

void Report::error(Position at, std::string path, std::string message) {
  errors_.add({file_, at.line, at.column, std::move(path), std::move(message)});
}

void Report::warning(Position at, const Path& path, std::string message) {
  warning(at, path.text(), std::move(message));
}

void Report::warning(Position at, std::string path, std::string message) {
  warnings_.add({file_, at.line, at.column, std::move(path), std::move(message)});
}

void Report::for_each(const std::function<void(Diagnostic&)>& use) {
  for (List* list : {&errors_, &warnings_}) std::ranges::for_each(list->kept, use);
}

void Report::List::add(Diagnostic diagnostic) {
  if (kept.size() < kKept) {
    kept.push_back(std::move(diagnostic));
  } else {
    ++more;
  }
}

std::vector<Diagnostic> Report::List::in_order() && {
  std::stable_sort(kept.begin(), kept.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  if (kept.size() > kShown) {
    const std::size_t left_out = kept.size() - kShown + more;
    kept.resize(kShown);
    Diagnostic rest = kept.back();
    rest.path.clear();
    rest.message = std::to_string(left_out) + " more below";
    kept.push_back(std::move(rest));
  }
  return std::move(kept);
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const unsigned char c : text.substr(0, kLongest)) {
    if (c < 0x20 || c == 0x7f) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      out += c == '\n'   ? "\\n"
             : c == '\t' ? "\\t"
                         : std::string{'\\', 'x', kDigits[c >> 4], kDigits[c & 15]};
    } else {
      out += static_cast<char>(c);
    }
  }
  if (text.size() > kLongest) {
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xc0) == 0x80) out.pop_back();
    if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xc0) out.pop_back();
    out += "…";
  }
  return out + "\"";
}

std::string either(const std::vector<std::string_view>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += words[i];
  }
  return out;
}

}  // namespace weir
