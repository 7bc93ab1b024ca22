#include "metrics/text_format.h"

#include <cmath>
#include <limits>
#include <sstream>

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include "filters/labeled_counter.h"

namespace weir {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily family(MetricType type, const std::vector<double>& values) {
  MetricFamily family;
  family.name = "weir_test";
  family.help = "A test.";
  family.type = type;
  for (const double value : values) {
    ClientMetric& metric = family.metric.emplace_back();
    metric.counter.value = metric.gauge.value = value;
    metric.label = {{"a", "quote \" backslash \\ newline \n é"}, {"b", ""}};
    for (const double bound : Histogram::kBounds) metric.histogram.bucket.push_back({3, bound});
    metric.histogram.bucket.push_back({9, std::numeric_limits<double>::infinity()});
    metric.histogram.sample_count = 9;
    metric.histogram.sample_sum = value;
  }
  if (!values.empty()) family.metric.back().label.clear();
  return family;
}

// The lines in two columns: the series, and the number as a parser reads it.
std::vector<std::pair<std::string, double>> parsed(const std::string& text) {
  std::vector<std::pair<std::string, double>> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) {
      out.emplace_back(line, 0);
      continue;
    }
    const std::size_t space = line.rfind(' ');
    char* end = nullptr;
    const double value = std::strtod(line.c_str() + space + 1, &end);
    EXPECT_EQ(*end, '\0') << line;
    out.emplace_back(line.substr(0, space), std::isnan(value) ? -77 : value);
  }
  return out;
}

TEST(TextFormat, IsWhatPrometheusCppWrites) {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> values = {
      0,   1,        -1,        1e15,    1e16,      9007199254740993.0, 0.1,         1e-9,
      2.5, infinity, -infinity, 1.0e300, 1234567.5, 120.000201,         std::nan("")};
  std::vector<MetricFamily> families = {
      family(MetricType::Counter, values), family(MetricType::Gauge, values),
      family(MetricType::Histogram, values), family(MetricType::Gauge, {})};
  std::ostringstream expected;
  prometheus::TextSerializer().Serialize(expected, families);
  EXPECT_EQ(parsed(to_text(families)), parsed(expected.str()));
}

TEST(TextFormat, NumbersAreShort) {
  const std::string text = to_text({family(MetricType::Gauge, {0.1, 3, 1e15 - 1, 1e-9})});
  for (const char* end : {" 0.1\n", " 3\n", " 999999999999999\n", " 1e-09\n"}) {
    EXPECT_NE(text.find(end), std::string::npos) << end << text;
  }
}

}  // namespace
}  // namespace weir
