#include "proxy/demo/board.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::demo {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// What takes up room on a terminal: no escape sequences, and UTF-8 by characters.
std::size_t columns(const std::string& line) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\x1b') {
      i = line.find('m', i);
      continue;
    }
    n += (static_cast<unsigned char>(line[i]) & 0xC0) != 0x80;
  }
  return n;
}

TenantTotals tenant(const std::string& name, std::uint64_t scale) {
  TenantTotals t;
  t.name = name;
  t.quota = "9999/s";
  t.arrivals = 50'000 * scale;
  t.passed = t.ended = 40'000 * scale;
  t.queue = 99'999;
  if (scale > 0) t.refused = {{Reason::quota_exceeded, 9'000}, {Reason::concurrency_limit, 1'000}};
  return t;
}

Moment moment() {
  Moment m;
  m.before.tenants = {tenant("greedy", 0), tenant("others", 0)};
  m.now.at = m.before.at + std::chrono::seconds(1);
  m.now.tenants = {tenant("greedy", 1), tenant("others", 1)};
  m.now.service.busy = 8;
  m.now.service.worked = std::chrono::seconds(8);
  m.latencies.resize(1);
  m.latencies[0].add(std::chrono::milliseconds(999));
  m.running = std::chrono::seconds(67);
  m.run_for = std::chrono::minutes(29);
  m.queue_capacity = 64;
  return m;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

TEST(Board, TableFitsEightyColumnsWithTheLargestNumbers) {
  for (const Palette& palette : {Palette::plain(), Palette::coloured()}) {
    for (const std::string& line : render_table(moment(), palette)) {
      EXPECT_LT(columns(line), 80u) << line;
    }
  }
}

TEST(Board, ShowsRatesAndTheChiefReason) {
  std::string text = joined(render_table(moment(), Palette::plain()));
  EXPECT_THAT(text, HasSubstr("50000"));
  EXPECT_THAT(text, HasSubstr("10000  quota_exceeded +1"));
  EXPECT_THAT(text, HasSubstr("999 ms"));
  EXPECT_THAT(text, HasSubstr("8 of 8 places busy, 100% used"));
  EXPECT_THAT(text, HasSubstr("1:07 of 29:00"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(Board, OthersAppearOnceSomebodyJoinsIn) {
  Moment m = moment();
  EXPECT_THAT(joined(render_table(m, Palette::plain())), HasSubstr("others"));
  m.now.tenants[1].arrivals = 0;
  EXPECT_THAT(joined(render_table(m, Palette::plain())), Not(HasSubstr("others")));
  EXPECT_THAT(joined(render_lines(m)), Not(HasSubstr("others")));
}

TEST(Summary, SaysWhoWasRefusedAndWhetherTheCountsAgree) {
  Closing c;
  c.totals = moment().now;
  c.running = std::chrono::seconds(10);
  c.streams.resize(1);
  c.streams[0].answers = {{200, 40'000}};
  std::string text = joined(render_summary(c, Palette::plain()));
  EXPECT_THAT(text, HasSubstr("In 10 s, 100,000 requests arrived at weir: 80,000 passed, 20,000"));
  EXPECT_THAT(text, HasSubstr("quota_exceeded 9,000, concurrency_limit 1,000"));
  EXPECT_THAT(text, HasSubstr("greedy sent 5000/s, and 4000/s passed"));
  EXPECT_THAT(text, HasSubstr("40,000 answers, weir 40,000: the same."));
  c.streams[0].answers = {{200, 39'999}};
  EXPECT_THAT(joined(render_summary(c, Palette::plain())), Not(HasSubstr("the same")));
}

}  // namespace
}  // namespace weir::demo
