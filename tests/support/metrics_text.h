// The Prometheus text format, as a map that tests can ask.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::testing {

using Labels = std::map<std::string, std::string>;

class Samples {
 public:
  // Throws std::runtime_error on a line that is none of the format (text version 0.0.4).
  explicit Samples(std::string_view text = {});

  // The value of the series with exactly these labels; none if it is not there.
  std::optional<double> find(const std::string& name, const Labels& labels = {}) const;
  // The same, 0 if it is not there.
  double value(const std::string& name, const Labels& labels = {}) const;
  // The sum over all series of that name which have at least these labels.
  double sum(const std::string& name, const Labels& labels = {}) const;
  // All values of that label among the series of that name.
  std::vector<std::string> values_of(const std::string& name, const std::string& label) const;
  bool has(const std::string& name) const { return series_.contains(name); }

 private:
  std::map<std::string, std::map<Labels, double>> series_;
};

}  // namespace weir::testing
