#include "metrics/worker_metrics.h"

#include <gtest/gtest.h>

#include "metrics/metrics_snapshot.h"

namespace weir {
namespace {

TEST(WorkerMetrics, ArrivalsAreEndedPlusInside) {
  WorkerMetrics metrics(2, 1);
  for (int i = 0; i < 5; ++i) metrics.arrived(1);
  metrics.ended(1, 200, Source::service);
  metrics.ended(1, 200, Source::weir);
  metrics.ended(1, 200, Source::service);
  const auto& entry = metrics.ledger()[1];
  EXPECT_EQ(entry.arrivals, 5U);
  EXPECT_EQ(entry.inside, 2U);
  ASSERT_EQ(entry.ended.rows.size(), 2U);
  EXPECT_EQ(entry.ended.rows[0].count, 2U);
  EXPECT_EQ(entry.ended.rows[1].count, 1U);
  EXPECT_EQ(metrics.ledger()[0].arrivals, 0U);
}

TEST(WorkerMetrics, UnknownLabelCountsAsTheLastOne) {
  WorkerMetrics metrics(3, 1);
  metrics.arrived(99);
  metrics.ended(99, 503, Source::weir);
  EXPECT_EQ(metrics.ledger()[2].arrivals, 1U);
  EXPECT_EQ(metrics.ledger()[2].inside, 0U);
}

TEST(WorkerMetrics, CounterGoesDownAsGauge) {
  Counter gauge;
  gauge.add(3);
  gauge.subtract();
  EXPECT_EQ(gauge.get(), 2U);
}

TEST(SharedHistogram, CountsLikeThePlainOne) {
  SharedHistogram shared;
  Histogram plain;
  for (std::int64_t ns = -1; ns < 200'000'000'000; ns = ns * 3 / 2 + 1) {
    shared.observe(Duration{ns});
    plain.observe(Duration{ns});
  }
  const Histogram read = shared.read();
  EXPECT_EQ(read.counts, plain.counts);
  EXPECT_EQ(read.sum_nanoseconds, plain.sum_nanoseconds);
}

TEST(MetricsSnapshot, RowsOfAllWorkersAreMerged) {
  RequestCounts ledger;
  ledger.ended = {{1, 503, Source::weir, 2},
                  {0, 200, Source::service, 1},
                  {1, 503, Source::service, 4},
                  {1, 503, Source::weir, 3}};
  merge_ended(ledger);
  ASSERT_EQ(ledger.ended.size(), 3U);
  EXPECT_EQ(ledger.ended[0].code, 200);
  EXPECT_EQ(ledger.ended[1].source, Source::service);
  EXPECT_EQ(ledger.ended[2].count, 5U);
}

}  // namespace
}  // namespace weir
