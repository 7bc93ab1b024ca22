#include "proxy/runtime/server.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <utility>

#include "proxy/clock/clock.h"
#include "proxy/context/access_log.h"
#include "proxy/context/shared_state.h"
#include "proxy/log/line_log.h"
#include "proxy/net/descriptors.h"
#include "proxy/net/listener.h"
#include "proxy/net/memory_return.h"
#include "proxy/runtime/cpu_allowance.h"
#include "proxy/runtime/worker.h"

namespace weir {

class Server::State {
 public:
  State(std::shared_ptr<const Snapshot> snapshot, Gate& gate) : shared(std::move(snapshot), gate) {}

  std::string start();
  void bound_clients(const Settings& settings, std::int64_t worker_count);
  void drain(Time deadline);

  std::string open_access_log(const AccessLogSettings& settings, std::size_t rings);

  SharedState shared;
  ListeningSocket socket;
  std::unique_ptr<LineLog> access_log;  // outlives the workers
  std::string why_so_many = "as configured";
  std::vector<std::unique_ptr<WorkerMetrics>> metrics;
  std::vector<std::unique_ptr<Worker>> workers;
  std::atomic<bool> draining{false};
  bool ended = false;
};

void Server::State::bound_clients(const Settings& settings, std::int64_t worker_count) {
  const std::int64_t tunnels = settings.upgrades.protocols.empty() ? 0 : settings.upgrades.max;
  shared.max_clients = clamp_connections(settings.limits.max_connections,
                                         settings.upstream.max_connections + tunnels, worker_count,
                                         raise_descriptor_limit());
}

std::string Server::State::start() {
  const std::shared_ptr<const Snapshot> snapshot = shared.snapshot();
  const Settings& settings = snapshot->settings;
  std::signal(SIGPIPE, SIG_IGN);
  MemoryReturn::configure();
  std::int64_t count = settings.workers;
  if (count == 0) {
    const CpuAllowance allowance = read_cpu_allowance();
    count = allowance.workers();
    why_so_many = allowance.why();
  }
  bound_clients(settings, count);
  if (std::string error = socket.open(settings.listen, "listen"); !error.empty()) return error;
  if (std::string error = open_access_log(settings.access_log, static_cast<std::size_t>(count));
      !error.empty()) {
    return error;
  }
  const auto labels = static_cast<std::uint32_t>(snapshot->labels.size());
  const auto routes = static_cast<std::uint32_t>(snapshot->route_labels.size());
  for (std::int64_t i = 0; i < count; ++i) {
    metrics.push_back(std::make_unique<WorkerMetrics>(labels, routes));
    workers.push_back(std::make_unique<Worker>(shared, *metrics.back()));
    shared.workers.push_back(workers.back().get());
    if (access_log == nullptr) continue;
    workers.back()->set_access_log(std::make_unique<AccessLog>(
        settings.access_log, access_log->ring(static_cast<std::size_t>(i))));
  }
  for (std::size_t i = 0; i < workers.size(); ++i) {
    if (std::string error = workers[i]->start(socket); !error.empty()) {
      workers.resize(i);
      drain(Time{});
      return error;
    }
  }
  return {};
}

std::string Server::State::open_access_log(const AccessLogSettings& settings, std::size_t rings) {
  if (!settings.on()) return {};
  LineLog::OpenResult opened = LineLog::open(settings.to, rings);
  access_log = std::move(opened.log);
  return std::move(opened.error);
}

void Server::State::drain(Time deadline) {
  draining = true;
  shared.leaving = true;
  shared.draining = true;
  for (const auto& worker : workers) worker->drain(deadline);
}

namespace {

// Whom the new limits and rates let in has waited by those before.
void serve_waiters(const Snapshot& snapshot, Gate& gate) {
  for (const auto& filter : snapshot.filters) {
    std::size_t from = 0;
    for (bool more = true; more;) {
      const Gate::Pass pass(gate);
      more = filter->serve_waiters(from);
    }
  }
}

}  // namespace

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::StartResult Server::start(std::shared_ptr<const Snapshot> snapshot, Gate& gate,
                                  std::function<void()> on_released) {
  auto state = std::make_unique<State>(std::move(snapshot), gate);
  state->shared.on_released = std::move(on_released);
  StartResult result;
  result.error = state->start();
  if (result.error.empty()) result.server.reset(new Server(std::move(state)));
  return result;
}

Server::~Server() {
  if (!state_->ended) state_->drain(Time{});
  wait();
}

std::uint16_t Server::port() const { return state_->socket.port(); }
std::string Server::address() const { return state_->socket.address(); }

std::int64_t Server::workers() const { return static_cast<std::int64_t>(state_->workers.size()); }
std::string Server::why_so_many() const { return state_->why_so_many; }

void Server::reopen_logs() {
  if (state_->access_log != nullptr) state_->access_log->reopen();
}
std::uint64_t Server::access_lines_written() const {
  return state_->access_log != nullptr ? state_->access_log->written() : 0;
}
std::uint64_t Server::access_lines_lost() const {
  return state_->access_log != nullptr ? state_->access_log->lost() : 0;
}

void Server::announce_drain() { state_->shared.leaving = true; }

void Server::drain(Duration timeout) {
  if (state_->ended) return;
  state_->drain(saturating_add(read_clock(), timeout));
  state_->socket.close();
}

bool Server::draining() const { return state_->draining; }

bool Server::wait() {
  bool cut = false;
  for (const auto& worker : state_->workers) {
    worker->join();
    cut = cut || worker->had_to_cut();
  }
  state_->ended = true;
  return !cut;
}

const std::vector<std::unique_ptr<WorkerMetrics>>& Server::metrics() const {
  return state_->metrics;
}

std::shared_ptr<const Snapshot> Server::snapshot() const { return state_->shared.snapshot(); }

bool Server::replace(std::shared_ptr<const Snapshot> snapshot) {
  constexpr Duration kReaction = std::chrono::seconds(10);
  const auto labels = static_cast<std::uint32_t>(snapshot->labels.size());
  const auto routes = static_cast<std::uint32_t>(snapshot->route_labels.size());
  for (const auto& metrics : state_->metrics) metrics->grow(labels, routes, state_->shared.gate);
  {
    const Gate::Pass pass(state_->shared.gate);
    snapshot->activate();
  }
  state_->bound_clients(snapshot->settings, std::ssize(state_->workers));
  state_->shared.replace(std::move(snapshot));
  for (const auto& worker : state_->workers) worker->take_snapshot();
  serve_waiters(*state_->shared.snapshot(), state_->shared.gate);
  return state_->shared.wait_until_taken(kReaction);
}

std::size_t Server::destroy_retired() { return state_->shared.destroy_retired(); }

}  // namespace weir
