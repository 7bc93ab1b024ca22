// Building blocks of the exposition: metric families as prometheus-cpp has them, filled outside the
// gate from plain numbers. Internal to metrics/.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <prometheus/metric_family.h>

#include "filters/labeled_counter.h"

namespace weir {

struct ExpositionSources;
struct MetricsSnapshot;

struct Label {
  std::string_view name, value;
};
using Labels = std::initializer_list<Label>;

// One family under construction.
class Family {
 public:
  // `help`: one plain line; the serializer escapes nothing in it.
  Family(std::string_view name, std::string_view help, prometheus::MetricType type);

  void reserve(std::size_t series) { family_.metric.reserve(series); }
  void add(Labels labels, double value);
  void add(Labels labels, std::uint64_t value) { add(labels, static_cast<double>(value)); }
  void add(Labels labels, std::int64_t value) { add(labels, static_cast<double>(value)); }
  void add(Labels labels, const Histogram& histogram);

 private:
  friend class Families;
  prometheus::ClientMetric& append(Labels labels);
  prometheus::MetricFamily family_;
};

// All of them, in the order in which they are shown. One without any series is left out.
class Families {
 public:
  static Family counter(std::string_view name, std::string_view help);
  static Family gauge(std::string_view name, std::string_view help);
  static Family histogram(std::string_view name, std::string_view help);

  void put(Family&& family);
  std::vector<prometheus::MetricFamily> take() { return std::move(list_); }

 private:
  std::vector<prometheus::MetricFamily> list_;
};

// The parts of the exposition, each in the file that is called so.
void add_request_families(const ExpositionSources& sources, const MetricsSnapshot& reading,
                          Families& out);
void add_refusal_families(const ExpositionSources& sources, const MetricsSnapshot& reading,
                          Families& out);
void add_filter_families(const ExpositionSources& sources, const MetricsSnapshot& reading,
                         Families& out);
void add_worker_families(const ExpositionSources& sources, Families& out);
void add_process_families(const ExpositionSources& sources, Families& out);

}  // namespace weir
