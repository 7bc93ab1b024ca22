// Metric families as Prometheus text (exposition format 0.0.4), as prometheus-cpp's TextSerializer
// writes them, in a third of its time: numbers by to_chars, no streams. A test holds the two
// together. Internal to metrics/.
#pragma once

#include <string>
#include <vector>

#include <prometheus/metric_family.h>

namespace weir {

// Counters, gauges and histograms.
std::string to_text(const std::vector<prometheus::MetricFamily>& families);

}  // namespace weir
