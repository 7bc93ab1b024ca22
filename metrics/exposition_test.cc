#include "metrics/exposition.h"

#include <set>

#include <gtest/gtest.h>

#include "metrics/exposition_sample.h"

namespace weir {
namespace {

TEST(Exposition, CountsOfAllWorkersAreOneSeries) {
  ExpositionSample sample;
  sample.worker.arrived(0);
  sample.second.arrived(0);
  sample.second.ended(0, 200, Source::service);
  EXPECT_EQ(sample.value("weir_arrivals_total{tenant=\"acme\"}"), "2");
  EXPECT_EQ(sample.value("weir_requests_inside{tenant=\"acme\"}"), "1");
  EXPECT_EQ(sample.value("weir_requests_total{tenant=\"acme\",code=\"200\",source=\"service\"}"),
            "1");
}

TEST(Exposition, EverySeriesOfTheConfigurationIsThereFromTheStart) {
  ExpositionSample sample;
  for (const std::string series :
       {"weir_requests_total{tenant=\"beta\",code=\"429\",source=\"weir\"}",
        "weir_requests_total{tenant=\"beta\",code=\"200\",source=\"service\"}",
        "weir_rejected_total{filter=\"token_bucket\",reason=\"quota_exceeded\",tenant=\"acme\"}",
        "weir_rejected_total{filter=\"weir\",reason=\"draining\",tenant=\"other\"}",
        "weir_shadow_rejected_total{filter=\"trial\",reason=\"quota_exceeded\",tenant=\"beta\"}",
        "weir_bad_requests_total{reason=\"head_too_large\"}",
        "weir_queue_depth{filter=\"buffer\",tenant=\"acme\"}",
        "weir_queue_refusals_total{filter=\"buffer\",how=\"expired\"}",
        "weir_queue_entries_total{filter=\"buffer\"}",
        "weir_permits_busy_seconds_total{filter=\"concurrency_limit\"}",
        "weir_quota_used_total{filter=\"token_bucket\",tenant=\"other\"}",
        "weir_loop_lag_seconds_count", "weir_retries_total{result=\"budget_exhausted\"}",
        "weir_upstream_attempts_total{result=\"connect_failure\"}",
        "weir_responses_truncated_total{side=\"upstream\"}",
        "weir_request_duration_seconds_count{route=\"/upload\"}",
        "weir_config_reloads_total{result=\"failure\"}"}) {
    EXPECT_EQ(sample.value(series), "0") << series;
  }
  EXPECT_EQ(sample.value("weir_concurrency_limit{filter=\"concurrency_limit\"}"), "64");
  EXPECT_EQ(sample.value("weir_quota_tokens_per_second{filter=\"token_bucket\",tenant=\"acme\"}"),
            "250");
  EXPECT_EQ(sample.value("weir_tenants_folded"), "7");
  EXPECT_EQ(sample.value("weir_log_lines_lost_total"), "3");
  EXPECT_EQ(sample.value("weir_access_log_lines_total"), "40");
  EXPECT_EQ(sample.value("weir_access_log_lines_lost_total"), "2");
  EXPECT_EQ(sample.value("weir_workers"), "2");
}

TEST(Exposition, CodeThatNobodyExpectedHasItsSeriesOnceItOccurs) {
  ExpositionSample sample;
  const std::string series =
      "weir_requests_total{tenant=\"other\",code=\"418\",source=\"service\"}";
  EXPECT_EQ(sample.value(series), std::nullopt);
  sample.worker.arrived(2);
  sample.worker.ended(2, 418, Source::service);
  EXPECT_EQ(sample.value(series), "1");
}

TEST(Exposition, FiltersOfOneNameAddUp) {
  ExpositionSample sample;
  for (const auto& filter : sample.filters) {
    if (filter->name() == "timeout") filter->rejected.add(Reason::deadline_in_queue, 1);
  }
  EXPECT_EQ(
      sample.value(
          "weir_rejected_total{filter=\"timeout\",reason=\"deadline_in_queue\",tenant=\"beta\"}"),
      "2");
}

TEST(Exposition, ShadowSeriesBelongToFiltersThatDoNotEnforce) {
  ExpositionSample sample;
  sample.filters[1]->shadow_rejected.add(Reason::quota_exceeded, 0);
  EXPECT_EQ(
      sample.value(
          "weir_shadow_rejected_total{filter=\"trial\",reason=\"quota_exceeded\",tenant=\"acme\"}"),
      "1");
  const std::string text = sample.exposition->text();
  EXPECT_EQ(text.find("weir_shadow_rejected_total{filter=\"token_bucket\""), std::string::npos);
  EXPECT_EQ(text.find("weir_rejected_total{filter=\"trial\""), std::string::npos);
}

TEST(Exposition, HistogramBucketsAreCumulative) {
  ExpositionSample sample;
  sample.worker.overhead.observe(std::chrono::microseconds(100));  // the bound belongs to it
  sample.second.overhead.observe(std::chrono::microseconds(101));
  sample.worker.overhead.observe(std::chrono::minutes(2));
  EXPECT_EQ(sample.value("weir_overhead_seconds_bucket{le=\"0.0001\"}"), "1");
  EXPECT_EQ(sample.value("weir_overhead_seconds_bucket{le=\"0.00025\"}"), "2");
  EXPECT_EQ(sample.value("weir_overhead_seconds_bucket{le=\"60\"}"), "2");
  EXPECT_EQ(sample.value("weir_overhead_seconds_bucket{le=\"+Inf\"}"), "3");
  EXPECT_EQ(sample.value("weir_overhead_seconds_count"), "3");
  EXPECT_EQ(std::stod(sample.value("weir_overhead_seconds_sum").value()), 120.000201);
}

TEST(Exposition, NoSeriesIsThereTwice) {
  ExpositionSample sample;
  std::set<std::string> seen;
  std::istringstream lines(sample.exposition->text());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP")) continue;
    EXPECT_TRUE(seen.insert(line.substr(0, line.rfind(' '))).second) << line;
  }
}

TEST(Exposition, LabelValuesAreEscaped) {
  ExpositionSample sample({"a\"b\\c\nd", "other"});
  EXPECT_EQ(sample.value(R"(weir_arrivals_total{tenant="a\"b\\c\nd"})"), "0");
}

TEST(Exposition, ProcessNumbersAreThere) {
  ExpositionSample sample;
  for (const std::string name :
       {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds",
        "process_max_fds", "process_threads", "process_virtual_memory_bytes"}) {
    EXPECT_GT(std::stod(sample.value(name).value_or("0")), 0) << name;
  }
}

}  // namespace
}  // namespace weir
