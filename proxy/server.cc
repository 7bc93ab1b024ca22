#include "proxy/server.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <utility>

#include "proxy/loop/clock.h"
#include "proxy/loop/descriptors.h"
#include "proxy/loop/listener.h"
#include "proxy/shared_state.h"
#include "proxy/worker.h"

namespace weir {

class Server::State {
 public:
  State(std::shared_ptr<const Snapshot> snapshot, Gate& gate) : shared(std::move(snapshot), gate) {}

  std::string start();
  void bound_clients(const Settings& settings, std::int64_t worker_count);
  void drain(Time deadline);

  SharedState shared;
  ListeningSocket socket;
  std::vector<std::unique_ptr<WorkerMetrics>> metrics;
  std::vector<std::unique_ptr<Worker>> workers;
  std::atomic<bool> draining{false};
  bool ended = false;
};

void Server::State::bound_clients(const Settings& settings, std::int64_t worker_count) {
  shared.max_clients =
      clamp_connections(settings.limits.max_connections, settings.upstream.max_connections,
                        worker_count, raise_descriptor_limit());
}

std::string Server::State::start() {
  const std::shared_ptr<const Snapshot> snapshot = shared.snapshot();
  const Settings& settings = snapshot->settings;
  std::signal(SIGPIPE, SIG_IGN);
  bound_clients(settings, settings.workers);
  if (std::string error = socket.open(settings.listen, "listen"); !error.empty()) return error;
  const auto labels = static_cast<std::uint32_t>(snapshot->labels.size());
  const auto routes = static_cast<std::uint32_t>(snapshot->route_labels.size());
  for (std::int64_t i = 0; i < std::max<std::int64_t>(settings.workers, 1); ++i) {
    metrics.push_back(std::make_unique<WorkerMetrics>(labels, routes));
    workers.push_back(std::make_unique<Worker>(shared, *metrics.back()));
    shared.workers.push_back(workers.back().get());
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

void Server::State::drain(Time deadline) {
  draining = true;
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
    snapshot->take_effect();
  }
  state_->bound_clients(snapshot->settings, std::ssize(state_->workers));
  state_->shared.replace(std::move(snapshot));
  for (const auto& worker : state_->workers) worker->take_snapshot();
  serve_waiters(*state_->shared.snapshot(), state_->shared.gate);
  return state_->shared.wait_until_taken(kReaction);
}

std::size_t Server::destroy_retired() { return state_->shared.destroy_retired(); }

}  // namespace weir
