// render_summary: totals, what was refused and why, and what that shows.
#include <algorithm>
#include <chrono>

#include "proxy/demo/board.h"

namespace weir::demo {
namespace {

std::string reasons(const TenantTotals& row) {
  std::string text;
  for (const auto& [reason, n] : row.refused) {
    text += (text.empty() ? "" : ", ") + std::string(to_string(reason)) +
            (row.refused.size() > 1 ? " " + count(n) : "");
  }
  return text;
}

std::string p99(const Closing& c, std::size_t row) {
  if (row >= c.streams.size() || c.streams[row].passed.count() == 0) return "-";
  return milliseconds(c.streams[row].passed.percentile(0.99));
}

std::string p50(const Closing& c, std::size_t row) {
  if (row >= c.streams.size() || c.streams[row].passed.count() == 0) return "-";
  return milliseconds(c.streams[row].passed.percentile(0.5));
}

// What the load itself counted must be what weir says it answered.
std::string cross_check(const Closing& c) {
  std::uint64_t answers = 0, failed = 0, not_sent = 0;
  for (const StreamNumbers& s : c.streams) {
    for (const auto& [status, n] : s.answers) answers += n;
    failed += s.failed;
    not_sent += s.not_sent;
  }
  std::uint64_t ended = 0;
  for (std::size_t i = 0; i < c.streams.size(); ++i) ended += c.totals.tenants[i].ended;
  std::string text = " The load counted " + count(answers) + " answers, weir " + count(ended) +
                     (answers == ended ? ": the same." : " (others joined in, or left early).");
  if (failed > 0) text += " " + count(failed) + " failed.";
  if (not_sent > 0) text += " " + count(not_sent) + " were more than the load could send.";
  return text;
}

// The tenant with the most refusals, and how many requests of the others were refused.
std::vector<std::string> moral(const Closing& c) {
  if (c.streams.empty()) return {};
  const auto& rows = c.totals.tenants;
  std::size_t worst = 0;
  for (std::size_t i = 0; i < c.streams.size(); ++i) {
    if (rows[i].refusals() > rows[worst].refusals()) worst = i;
  }
  if (rows[worst].refusals() == 0) return {" No request was refused."};
  double seconds = std::max(to_seconds(c.running), 0.001);
  std::uint64_t others = 0;
  for (std::size_t i = 0; i < c.streams.size(); ++i) others += i == worst ? 0 : rows[i].refusals();
  std::string first = " " + rows[worst].name + " sent " +
                      rate(static_cast<double>(rows[worst].arrivals) / seconds) + "/s, and " +
                      rate(static_cast<double>(rows[worst].passed) / seconds) +
                      "/s passed: its quota is " + rows[worst].quota + ".";
  std::string second = others == 0
                           ? " No request of the other tenants was refused."
                           : " Of the other tenants' requests, " + count(others) + " were refused.";
  return {first, second};
}

std::string running(Duration d) {
  return d < std::chrono::minutes(2) ? rate(to_seconds(d)) + " s" : clock_time(d) + " min";
}

}  // namespace

std::vector<std::string> render_summary(const Closing& c, const Palette& p) {
  std::string bold(p.bold), off(p.off);
  std::uint64_t came = 0, passed = 0, refused = 0;
  for (const TenantTotals& row : c.totals.tenants) {
    came += row.arrivals;
    passed += row.passed;
    refused += row.refusals();
  }
  std::vector<std::string> lines;
  lines.push_back(bold + " In " + running(c.running) + ", " + count(came) +
                  " requests arrived at weir: " + count(passed) + " passed, " + count(refused) +
                  " were refused." + off);
  lines.push_back("");
  lines.push_back(bold + " tenant  quota   arrived    passed   refused     p50     p99  why" + off);
  for (std::size_t i = 0; i < c.totals.tenants.size(); ++i) {
    const TenantTotals& row = c.totals.tenants[i];
    if (row.name == "others" && row.arrivals == 0) continue;
    std::string why = reasons(row);
    lines.push_back(" " + left(row.name, 7) + right(row.quota, 6) + right(count(row.arrivals), 10) +
                    right(count(row.passed), 10) + right(count(row.refusals()), 10) +
                    right(p50(c, i), 8) + right(p99(c, i), 8) + (why.empty() ? "" : "  " + why));
  }
  lines.push_back("");
  const SampleService::Numbers& s = c.totals.service;
  double seconds = std::max(to_seconds(c.running), 0.001);
  std::string at_most = " never more than " + std::to_string(s.most_busy) + " at a time";
  lines.push_back(" The service served " + count(s.served) + " requests at " +
                  rate(to_seconds(s.worked) / seconds / kPlaces * 100) + "% of its capacity,");
  lines.push_back(s.most_waiting == 0 ? at_most + "; its own queue stayed empty."
                                      : at_most + ", and up to " + count(s.most_waiting) +
                                            " waiting in its own queue.");
  for (std::string& line : moral(c)) lines.push_back(std::move(line));
  if (!c.streams.empty()) lines.push_back(cross_check(c));
  return lines;
}

}  // namespace weir::demo
