#include "metrics/exposition.h"

#include <algorithm>

#include <prometheus/collectable.h>

#include "metrics/families.h"
#include "metrics/metrics_snapshot.h"
#include "metrics/text_format.h"

namespace weir {

class Exposition::Collector : public prometheus::Collectable {
 public:
  Collector(Gate& gate, ExpositionSources sources) : gate_(gate), sources_(std::move(sources)) {
    if (sources_.tenants.empty()) sources_.tenants.emplace_back("other");
    sources_.bad_requests.resize(std::min<std::size_t>(sources_.bad_requests.size(), 64));
    for (const auto& filter : sources_.filters) {
      if (std::find(filters_.begin(), filters_.end(), filter.get()) == filters_.end()) {
        filters_.push_back(filter.get());
      }
    }
  }

  std::vector<prometheus::MetricFamily> Collect() const override {
    const MetricsSnapshot reading =
        take_reading(gate_, filters_, sources_.workers, sources_.tenants.size());
    Families out;
    add_request_families(sources_, reading, out);
    add_refusal_families(sources_, reading, out);
    add_filter_families(sources_, reading, out);
    add_worker_families(sources_, out);
    add_process_families(sources_, out);
    return out.take();
  }

 private:
  Gate& gate_;
  ExpositionSources sources_;
  std::vector<const Filter*> filters_;  // each once
};

Exposition::Exposition(Gate& gate, ExpositionSources sources)
    : collector_(std::make_unique<Collector>(gate, std::move(sources))) {}

Exposition::~Exposition() = default;

std::string Exposition::text() const { return to_text(collector_->Collect()); }

}  // namespace weir
