// For tests: an exposition with every kind of filter and label, on a clock that the test moves.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "filters/buffer/buffer.h"
#include "filters/chain.h"
#include "filters/concurrency_limit/concurrency_limit.h"
#include "filters/load_shed/load_shed.h"
#include "filters/retry/retry.h"
#include "filters/timeout/timeout.h"
#include "filters/token_bucket/token_bucket.h"
#include "metrics/exposition.h"

namespace weir {

class ExpositionSample {
 public:
  explicit ExpositionSample(std::vector<std::string> tenants = {"acme", "beta", "other"})
      : labels(static_cast<std::uint32_t>(tenants.size())), worker(labels, 2), second(labels, 2) {
    add_filters();
    ExpositionSources sources;
    sources.tenants = std::move(tenants);
    sources.routes = {"/", "/upload"};
    sources.filters = filters;
    sources.filters.push_back(filters.front());  // shared by two chains
    sources.workers = {&worker, &second};
    sources.quotas = {{"token_bucket", 0, 250}};
    sources.bad_requests = {"", "bad_method", "head_too_large"};
    sources.own_reasons = {Reason::draining};
    sources.own_codes = {429, 499, 502, 503, 504};
    sources.folded_tenants = 7;
    sources.version = "0.1.0";
    sources.revision = "abc";
    sources.lost_log_lines = [] { return std::uint64_t{3}; };
    sources.access_lines_written = [] { return std::uint64_t{40}; };
    sources.access_lines_lost = [] { return std::uint64_t{2}; };
    exposition = std::make_unique<Exposition>(gate, std::move(sources));
  }

  // The value of one series as it stands in the text, or nothing.
  std::optional<std::string> value(const std::string& series) const {
    std::istringstream lines(exposition->text());
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(series + " ")) return line.substr(series.size() + 1);
    }
    return std::nullopt;
  }

  static Time read(void* self) { return static_cast<ExpositionSample*>(self)->now; }

  Time now{};
  Gate gate{read, this};
  std::uint32_t labels;
  WorkerMetrics worker, second;
  std::vector<std::shared_ptr<Filter>> filters;
  std::unique_ptr<Exposition> exposition;

 private:
  FilterContext context(std::string name, bool enforce = true) {
    return {gate, std::move(name), labels, 1, enforce};
  }
  void add_filters() {
    TokenBucket::Params bucket;
    bucket.quota = Quota{};
    filters.push_back(std::make_shared<TokenBucket>(bucket, context("token_bucket")));
    filters.push_back(std::make_shared<TokenBucket>(bucket, context("trial", false)));
    auto line = std::make_shared<Buffer>(Buffer::Params{}, context("buffer"));
    filters.push_back(line);
    filters.push_back(std::make_shared<LoadShed>(LoadShed::Params{}, context("load_shed"), line));
    ConcurrencyLimit::Params permits;
    permits.limit = 64;
    filters.push_back(std::make_shared<ConcurrencyLimit>(permits, context("concurrency_limit")));
    filters.push_back(std::make_shared<Retry>(Retry::Params{}, context("retry")));
    Timeout::Params timeout;
    timeout.head = std::chrono::seconds(1);
    filters.push_back(std::make_shared<Timeout>(timeout, context("timeout")));
    filters.push_back(std::make_shared<Timeout>(timeout, context("timeout")));
  }
};

}  // namespace weir
