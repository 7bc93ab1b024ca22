// What the workers count outside the gate: durations, attempts, connections.

#include <array>
#include <map>
#include <string>

#include "metrics/exposition.h"
#include "metrics/families.h"

namespace weir {
namespace {

constexpr std::array kSides = {Side::downstream, Side::upstream};

template <std::size_t n>
std::uint64_t sum(const ExpositionSources& sources, std::array<Counter, n> WorkerMetrics::*counters,
                  std::size_t index) {
  std::uint64_t total = 0;
  for (const WorkerMetrics* worker : sources.workers) total += (worker->*counters)[index].get();
  return total;
}

std::uint64_t sum(const ExpositionSources& sources, Counter WorkerMetrics::*counter) {
  std::uint64_t total = 0;
  for (const WorkerMetrics* worker : sources.workers) total += (worker->*counter).get();
  return total;
}

// Routes of the same name are one series.
Family by_route(Family family, const ExpositionSources& sources,
                HistogramList WorkerMetrics::*histograms) {
  std::map<std::string_view, Histogram> by_name;
  for (std::size_t i = 0; i < sources.routes.size(); ++i) {
    Histogram& merged = by_name[sources.routes[i]];
    for (const WorkerMetrics* worker : sources.workers) {
      const auto& list = worker->*histograms;
      if (i < list.size()) merged.merge(list[i].read());
    }
  }
  for (const auto& [route, histogram] : by_name) family.add({{"route", route}}, histogram);
  return family;
}

Family by_side(Family family, const ExpositionSources& sources,
               std::array<Counter, 2> WorkerMetrics::*counters) {
  for (const Side side : kSides) {
    family.add({{"side", to_string(side)}}, sum(sources, counters, static_cast<std::size_t>(side)));
  }
  return family;
}

Family single(Family family, std::uint64_t value) {
  family.add({}, value);
  return family;
}

Family merged(Family family, const ExpositionSources& sources,
              SharedHistogram WorkerMetrics::*histogram) {
  Histogram all;
  for (const WorkerMetrics* worker : sources.workers) all.merge((worker->*histogram).read());
  family.add({}, all);
  return family;
}

Family tunnels(const ExpositionSources& sources) {
  Family family = Families::counter("weir_tunnels_total", "Tunnels that were opened, by protocol.");
  for (const TunnelProtocol each : {TunnelProtocol::websocket, TunnelProtocol::other}) {
    family.add({{"protocol", to_string(each)}},
               sum(sources, &WorkerMetrics::tunnels, static_cast<std::size_t>(each)));
  }
  return family;
}

Family tunnels_ended(const ExpositionSources& sources) {
  Family family =
      Families::counter("weir_tunnels_ended_total", "Tunnels that ended, by how they ended.");
  for (std::size_t i = 0; i < static_cast<std::size_t>(TunnelEnd::count_); ++i) {
    family.add({{"result", to_string(static_cast<TunnelEnd>(i))}},
               sum(sources, &WorkerMetrics::tunnels_ended, i));
  }
  return family;
}

Family attempts(const ExpositionSources& sources) {
  Family family =
      Families::counter("weir_upstream_attempts_total", "Attempts at the service, by result.");
  for (std::size_t i = 0; i < static_cast<std::size_t>(AttemptResult::count_); ++i) {
    family.add({{"result", to_string(static_cast<AttemptResult>(i))}},
               sum(sources, &WorkerMetrics::attempts, i));
  }
  return family;
}

Family connections_refused(const ExpositionSources& sources) {
  Family family =
      Families::counter("weir_connections_refused_total",
                        "Client connections closed at once because a limit was reached.");
  for (std::size_t i = 0; i < static_cast<std::size_t>(ConnectionRefusal::count_); ++i) {
    family.add({{"reason", to_string(static_cast<ConnectionRefusal>(i))}},
               sum(sources, &WorkerMetrics::connections_refused, i));
  }
  return family;
}

}  // namespace

void add_worker_families(const ExpositionSources& sources, Families& out) {
  out.put(by_route(Families::histogram("weir_request_duration_seconds",
                                       "From a request's head to the last byte of its answer."),
                   sources, &WorkerMetrics::request_duration));
  out.put(by_route(Families::histogram("weir_upstream_duration_seconds",
                                       "From sending an attempt to the head of the answer."),
                   sources, &WorkerMetrics::upstream_duration));
  out.put(
      merged(Families::histogram("weir_overhead_seconds",
                                 "Time that weir itself added to a request: not waits in a queue, "
                                 "the service or slow clients."),
             sources, &WorkerMetrics::overhead));
  out.put(merged(
      Families::histogram(
          "weir_loop_lag_seconds",
          "Delay between the time that an event was due and its handling in a worker's loop."),
      sources, &WorkerMetrics::loop_lag));
  out.put(attempts(sources));
  out.put(
      single(Families::counter("weir_upstream_resends_total",
                               "Attempts sent again because a reused connection had been closed."),
             sum(sources, &WorkerMetrics::resends)));
  out.put(by_side(Families::counter("weir_responses_truncated_total",
                                    "Responses cut after their head, by the side that ended them."),
                  sources, &WorkerMetrics::responses_truncated));
  out.put(
      by_side(Families::gauge("weir_connections_active", "Open connections, including idle ones."),
              sources, &WorkerMetrics::connections_active));
  out.put(connections_refused(sources));
  out.put(single(Families::counter("weir_connections_evicted_total",
                                   "Idle client connections closed to make room for new ones."),
                 sum(sources, &WorkerMetrics::connections_evicted)));
  out.put(single(Families::gauge("weir_tunnels_active", "Upgraded connections."),
                 sum(sources, &WorkerMetrics::tunnels_active)));
  out.put(tunnels(sources));
  out.put(tunnels_ended(sources));
  out.put(by_side(Families::counter("weir_tunnel_bytes_total",
                                    "Bytes carried through tunnels, by the side they went to."),
                  sources, &WorkerMetrics::tunnel_bytes));
}

}  // namespace weir
