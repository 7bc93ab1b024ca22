#include "tests/support/metrics_text.h"

#include <algorithm>
#include <set>
#include <stdexcept>

namespace weir::testing {
namespace {

// One sample line: name{label="value",…} number
class Line {
 public:
  explicit Line(std::string_view text) : text_(text) {}

  std::string name() {
    std::size_t end = text_.find_first_of("{ ", at_);
    if (end == std::string_view::npos) fail();
    std::string name(text_.substr(at_, end - at_));
    at_ = end;
    return name;
  }
  Labels labels() {
    Labels labels;
    if (text_[at_] != '{') return labels;
    ++at_;
    while (peek() != '}') {
      std::size_t equals = text_.find('=', at_);
      if (equals == std::string_view::npos) fail();
      std::string label(text_.substr(at_, equals - at_));
      at_ = equals + 1;
      if (!labels.emplace(label, quoted()).second) fail();
      if (peek() == ',') ++at_;
    }
    ++at_;
    return labels;
  }
  double number() {
    if (peek() != ' ') fail();
    return std::stod(std::string(text_.substr(at_ + 1)));
  }

 private:
  char peek() {
    if (at_ >= text_.size()) fail();
    return text_[at_];
  }
  std::string quoted() {
    std::string value;
    if (peek() != '"') fail();
    for (++at_; peek() != '"'; ++at_) {
      if (peek() == '\\') {
        ++at_;
        value += peek() == 'n' ? '\n' : peek();
      } else {
        value += peek();
      }
    }
    ++at_;
    return value;
  }
  [[noreturn]] void fail() {
    throw std::runtime_error("no line of the metrics format: " + std::string(text_));
  }
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Samples::Samples(std::string_view text) {
  while (!text.empty()) {
    std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view row = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (row.empty() || row[0] == '#') continue;
    Line line(row);
    std::string name = line.name();
    Labels labels = line.labels();
    if (!series_[name].emplace(std::move(labels), line.number()).second) {
      throw std::runtime_error("the same series twice: " + std::string(row));
    }
  }
}

std::optional<double> Samples::find(const std::string& name, const Labels& labels) const {
  auto family = series_.find(name);
  if (family == series_.end()) return std::nullopt;
  auto row = family->second.find(labels);
  if (row == family->second.end()) return std::nullopt;
  return row->second;
}

double Samples::value(const std::string& name, const Labels& labels) const {
  return find(name, labels).value_or(0);
}

double Samples::sum(const std::string& name, const Labels& labels) const {
  double total = 0;
  auto family = series_.find(name);
  if (family == series_.end()) return total;
  for (const auto& sample : family->second) {
    const auto& all = sample.first;
    bool matches = std::ranges::all_of(labels, [&](const auto& wanted) {
      auto found = all.find(wanted.first);
      return found != all.end() && found->second == wanted.second;
    });
    if (matches) total += sample.second;
  }
  return total;
}

std::vector<std::string> Samples::values_of(const std::string& name,
                                            const std::string& label) const {
  std::set<std::string> values;
  auto family = series_.find(name);
  if (family == series_.end()) return {};
  for (const auto& [all, value] : family->second) {
    if (auto found = all.find(label); found != all.end()) values.insert(found->second);
  }
  return {values.begin(), values.end()};
}

}  // namespace weir::testing
