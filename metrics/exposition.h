// The numbers of one weir as Prometheus text (exposition format 0.0.4), what GET /metrics answers.
//
// Owner: the command; threads: text() may be called by any, it is the admin plane's that does. A
// scrape makes one pass of the gate, in which counters are only copied; the text is made outside,
// so that traffic does not wait for it. docs/metrics.md lists every name; a test holds both
// together.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "filters/filter.h"
#include "filters/gate.h"
#include "metrics/worker_metrics.h"

namespace weir {

// What a token_bucket lets through for good of a configured tenant that has a label of its own.
struct TenantQuota {
  std::string filter;
  std::uint32_t label = 0;
  double tokens_per_second = 0;
};

// What became of the reloads of the configuration.
struct ReloadNumbers {
  std::uint64_t successes = 0, failures = 0;
  bool last_successful = true;
  std::chrono::system_clock::time_point last_success{};
};

// Where the numbers come from, and what their labels are called. All of it outlives the Exposition.
struct ExpositionSources {
  std::vector<std::string> tenants;              // by tenant label, the last one being "other"
  std::vector<std::string> routes;               // by Route::index
  std::vector<std::shared_ptr<Filter>> filters;  // all of them; any may be named more than once
  std::vector<const WorkerMetrics*> workers;
  std::vector<TenantQuota> quotas;
  std::vector<std::string> bad_requests;  // by MessageError; empty: not shown
  // Besides what the filters can refuse: what weir itself can refuse with this configuration …
  std::vector<Reason> own_reasons;
  // … and the status codes that weir itself can answer with it.
  std::vector<std::uint16_t> own_codes;
  std::uint64_t folded_tenants = 0;  // configured ones without a label of their own
  std::string version, revision;
  std::chrono::system_clock::time_point started;
  std::function<std::uint64_t()> lost_log_lines;  // may be null, as the next three
  std::function<std::uint64_t()> access_lines_written, access_lines_lost;
  std::function<ReloadNumbers()> reloads;  // null: there were none
};

class Exposition {
 public:
  static constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";

  Exposition(Gate& gate, ExpositionSources sources);
  ~Exposition();
  Exposition(const Exposition&) = delete;
  Exposition& operator=(const Exposition&) = delete;

  std::string text() const;

 private:
  class Collector;  // the prometheus::Collectable
  std::unique_ptr<Collector> collector_;
};

}  // namespace weir
