#include "proxy/server.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <utility>

#include "proxy/loop/clock.h"
#include "proxy/loop/descriptors.h"
#include "proxy/loop/listener.h"
#include "proxy/loop/memory_return.h"
#include "proxy/shared_state.h"
#include "proxy/worker.h"

namespace weir {

class Server::State {
 public:
  State(std::shared_ptr<const Snapshot> snapshot, Gate& gate) : shared(std::move(snapshot), gate) {}

  std::string start();
  void drain(Time deadline);

  SharedState shared;
  ListeningSocket socket;
  std::vector<std::unique_ptr<WorkerMetrics>> metrics;
  std::vector<std::unique_ptr<Worker>> workers;
  std::atomic<bool> draining{false};
  bool ended = false;
};

std::string Server::State::start() {
  const Settings& settings = shared.snapshot->settings;
  std::signal(SIGPIPE, SIG_IGN);
  MemoryReturn::configure();
  const std::int64_t tunnels = settings.upgrades.protocols.empty() ? 0 : settings.upgrades.max;
  shared.max_clients = clamp_connections(settings.limits.max_connections,
                                         settings.upstream.max_connections + tunnels,
                                         settings.workers, raise_descriptor_limit());
  if (std::string error = socket.open(settings.listen, "listen"); !error.empty()) return error;
  const auto labels = static_cast<std::uint32_t>(shared.snapshot->labels.size());
  const auto routes = static_cast<std::uint32_t>(shared.snapshot->routes.size());
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

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::StartResult Server::start(std::shared_ptr<const Snapshot> snapshot, Gate& gate) {
  auto state = std::make_unique<State>(std::move(snapshot), gate);
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

const Snapshot& Server::snapshot() const { return *state_->shared.snapshot; }

}  // namespace weir
