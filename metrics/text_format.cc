#include "metrics/text_format.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace weir {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

std::string_view type_name(MetricType type) {
  switch (type) {
    case MetricType::Counter: return "counter";
    case MetricType::Gauge: return "gauge";
    case MetricType::Histogram: return "histogram";
    default: return "untyped";
  }
}

class Writer {
 public:
  explicit Writer(std::size_t size) { out_.reserve(size); }
  std::string take() { return std::move(out_); }

  void family(const MetricFamily& family) {
    line_of_comment("# HELP ", family.name, family.help);
    line_of_comment("# TYPE ", family.name, type_name(family.type));
    for (const ClientMetric& metric : family.metric) {
      switch (family.type) {
        case MetricType::Counter: series(family.name, metric, metric.counter.value); break;
        case MetricType::Histogram: histogram(family.name, metric); break;
        default: series(family.name, metric, metric.gauge.value); break;
      }
    }
  }

 private:
  void line_of_comment(std::string_view what, std::string_view name, std::string_view text) {
    out_.append(what).append(name).append(" ").append(text).append("\n");
  }

  void series(std::string_view name, const ClientMetric& metric, double value) {
    out_ += name;
    labels(metric, {});
    end(value);
  }

  void histogram(std::string_view name, const ClientMetric& metric) {
    out_.append(name).append("_count");
    labels(metric, {});
    end(static_cast<double>(metric.histogram.sample_count));
    out_.append(name).append("_sum");
    labels(metric, {});
    end(metric.histogram.sample_sum);
    for (const auto& bucket : metric.histogram.bucket) {
      out_.append(name).append("_bucket");
      char bound[32];
      labels(metric, print(bucket.upper_bound, bound));
      end(static_cast<double>(bucket.cumulative_count));
    }
  }

  void labels(const ClientMetric& metric, std::string_view bound) {
    char mark = '{';
    for (const auto& label : metric.label) {
      out_ += mark;
      out_.append(label.name).append("=\"");
      escaped(label.value);
      out_ += '"';
      mark = ',';
    }
    if (!bound.empty()) {
      out_ += mark;
      out_.append("le=\"").append(bound).append("\"");
      mark = ',';
    }
    if (mark == ',') out_ += '}';
  }

  void escaped(std::string_view text) {
    for (const char c : text) {
      if (c == '\n') {
        out_ += "\\n";
        continue;
      }
      if (c == '"' || c == '\\') out_ += '\\';
      out_ += c;
    }
  }

  void end(double value) {
    char digits[32];
    out_ += ' ';
    out_ += print(value, digits);
    out_ += '\n';
  }

  // The shortest text that reads as this very number, and of the bounds of buckets what %g writes:
  // they are labels, which queries compare as texts.
  static std::string_view print(double value, char (&digits)[32]) {
    if (std::isnan(value)) return "Nan";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    constexpr double kWhole = 1e15;  // up to here, without an exponent
    const bool whole = std::abs(value) < kWhole && value == std::trunc(value);
    const auto result =
        whole ? std::to_chars(digits, digits + sizeof digits, static_cast<std::int64_t>(value))
              : std::to_chars(digits, digits + sizeof digits, value, std::chars_format::general);
    return {digits, static_cast<std::size_t>(result.ptr - digits)};
  }

  std::string out_;
};

}  // namespace

std::string to_text(const std::vector<MetricFamily>& families) {
  constexpr std::size_t kUsual = 96;  // bytes a series
  std::size_t count = 0;
  for (const MetricFamily& family : families) count += family.metric.size() + 2;
  Writer writer(count * kUsual);
  for (const MetricFamily& family : families) writer.family(family);
  return writer.take();
}

}  // namespace weir
