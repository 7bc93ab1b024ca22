#include "proxy/demo/board.h"

#include <algorithm>
#include <cmath>

namespace weir::demo {
namespace {

struct Rates {
  double arrivals = 0, passed = 0, refused = 0;
  std::string why;  // the reason that most were refused for, and how many others there are
};

Rates rates(const TenantTotals& before, const TenantTotals& now, double seconds) {
  auto per_second = [seconds](std::uint64_t a, std::uint64_t b) {
    return static_cast<double>(b - a) / seconds;
  };
  Rates r;
  r.arrivals = per_second(before.arrivals, now.arrivals);
  r.passed = per_second(before.passed, now.passed);
  std::uint64_t most = 0;
  int reasons = 0;
  for (const auto& [reason, n] : now.refused) {
    auto old = before.refused.find(reason);
    std::uint64_t added = n - (old == before.refused.end() ? 0 : old->second);
    r.refused += static_cast<double>(added) / seconds;
    reasons += added > 0;
    if (added <= most) continue;
    most = added;
    r.why = to_string(reason);
  }
  if (reasons > 1) r.why += " +" + std::to_string(reasons - 1);
  return r;
}

double elapsed(const Moment& m) { return std::max(to_seconds(m.now.at - m.before.at), 0.001); }

// The share of the service's places that was in use, 0 … 1.
double utilisation(const Moment& m) {
  double worked = to_seconds(m.now.service.worked - m.before.service.worked);
  return std::clamp(worked / (elapsed(m) * kPlaces), 0.0, 1.0);
}

std::string latency(const Moment& m, std::size_t row, double q) {
  if (row >= m.latencies.size() || m.latencies[row].count() == 0) return "-";
  return milliseconds(m.latencies[row].percentile(q));
}

bool silent(const TenantTotals& row) { return row.name == "others" && row.arrivals == 0; }

std::string percent(double share) { return rate(share * 100) + "%"; }

std::string service_words(const Moment& m) {
  const SampleService::Numbers& s = m.now.service;
  std::string text = std::to_string(s.busy) + " of " + std::to_string(kPlaces) + " places busy, " +
                     percent(utilisation(m)) + " used";
  return text + (s.waiting > 0 ? ", " + count(s.waiting) + " in its own queue" : "");
}

std::string bar(double share, int width, const Palette& p) {
  int full = static_cast<int>(std::lround(share * width));
  std::string text(share > 0.95 ? p.yellow : p.green);
  for (int i = 0; i < width; ++i) {
    if (i == full) text += std::string(p.off) + std::string(p.dim);
    text += i < full ? "█" : "░";
  }
  return text + std::string(p.off);
}

std::string table_row(const Moment& m, std::size_t i, const Palette& p) {
  const TenantTotals& row = m.now.tenants[i];
  Rates r = rates(m.before.tenants[i], row, elapsed(m));
  std::string refused = right(rate(r.refused), 10);
  bool some = r.refused > 0;
  return " " + left(row.name, 7) + right(row.quota, 6) + right(rate(r.arrivals), 9) +
         right(rate(r.passed), 7) + std::string(some ? p.red : p.dim) + refused + "  " +
         left(r.why, 17) + std::string(p.off) + right(std::to_string(row.queue), 6) +
         right(latency(m, i, 0.50), 7) + right(latency(m, i, 0.99), 7);
}

}  // namespace

std::vector<std::string> render_table(const Moment& m, const Palette& p) {
  std::string off(p.off), dim(p.dim);
  std::vector<std::string> lines;
  std::string time = clock_time(m.running);
  if (m.run_for) time += " of " + clock_time(*m.run_for);
  lines.push_back(std::string(p.bold) + " tenant  quota arrive/s pass/s refused/s" + "  " +
                  left("why", 17) + " queue    p50    p99" + off);
  std::int64_t queue = 0;
  for (std::size_t i = 0; i < m.now.tenants.size(); ++i) {
    queue += m.now.tenants[i].queue;
    if (!silent(m.now.tenants[i])) lines.push_back(table_row(m, i, p));
  }
  lines.push_back("");
  lines.push_back(" service " + bar(utilisation(m), 24, p) + "  " + service_words(m));
  double share = m.queue_capacity == 0
                     ? 0
                     : static_cast<double>(queue) / static_cast<double>(m.queue_capacity);
  lines.push_back(" queue   " + bar(std::min(share, 1.0), 24, p) + "  " + std::to_string(queue) +
                  " of " + std::to_string(m.queue_capacity) + " waiting in weir's queue");
  lines.push_back(" time    " + time + dim +
                  "  (p50 and p99: of the last 5 s, as clients see them)" + off);
  return lines;
}

std::vector<std::string> render_lines(const Moment& m) {
  std::vector<std::string> lines;
  std::string at = right(clock_time(m.running), 6) + "  ";
  for (std::size_t i = 0; i < m.now.tenants.size(); ++i) {
    const TenantTotals& row = m.now.tenants[i];
    if (silent(row)) continue;
    Rates r = rates(m.before.tenants[i], row, elapsed(m));
    lines.push_back(at + left(row.name, 7) + right(rate(r.arrivals), 4) + "/s arrive" +
                    right(rate(r.passed), 5) + "/s pass" + right(rate(r.refused), 5) +
                    "/s refused" + right(std::to_string(row.queue), 4) + " queued  p50 " +
                    latency(m, i, 0.5) + ", p99 " + latency(m, i, 0.99) +
                    (r.why.empty() ? "" : "  " + r.why));
  }
  lines.push_back(at + "service " + service_words(m));
  return lines;
}

}  // namespace weir::demo
