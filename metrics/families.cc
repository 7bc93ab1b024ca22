#include "metrics/families.h"

#include <limits>
#include <utility>

namespace weir {

using prometheus::ClientMetric;
using prometheus::MetricType;

Family::Family(std::string_view name, std::string_view help, MetricType type) {
  family_.name = name;
  family_.help = help;
  family_.type = type;
}

ClientMetric& Family::append(Labels labels) {
  ClientMetric& metric = family_.metric.emplace_back();
  metric.label.reserve(labels.size());
  for (const Label& label : labels) {
    auto& out = metric.label.emplace_back();
    out.name = label.name;
    out.value = label.value;
  }
  return metric;
}

void Family::add(Labels labels, double value) {
  ClientMetric& metric = append(labels);
  (family_.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
}

void Family::add(Labels labels, const Histogram& histogram) {
  auto& out = append(labels).histogram;
  out.bucket.reserve(histogram.counts.size());
  for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
    out.sample_count += histogram.counts[i];
    const bool last = i == Histogram::kBounds.size();
    out.bucket.push_back(
        {out.sample_count, last ? std::numeric_limits<double>::infinity() : Histogram::kBounds[i]});
  }
  out.sample_sum = static_cast<double>(histogram.sum_nanoseconds) * 1e-9;
}

Family Families::counter(std::string_view name, std::string_view help) {
  return {name, help, MetricType::Counter};
}
Family Families::gauge(std::string_view name, std::string_view help) {
  return {name, help, MetricType::Gauge};
}
Family Families::histogram(std::string_view name, std::string_view help) {
  return {name, help, MetricType::Histogram};
}

void Families::put(Family&& family) {
  if (!family.family_.metric.empty()) list_.push_back(std::move(family.family_));
}

}  // namespace weir
