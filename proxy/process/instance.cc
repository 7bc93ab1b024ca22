#include "proxy/process/instance.h"

#include <utility>
#include <vector>

#include "proxy/clock/clock.h"
#include "proxy/http/reply.h"
#include "proxy/http1/head_parser.h"
#include "proxy/log/log.h"

namespace weir {
namespace {

// Of those that a request can have.
std::vector<std::string> bad_request_words() {
  std::vector<std::string> words(kBadRequests);
  for (std::size_t i = 0; i < kBadRequests; ++i) {
    const auto reason = static_cast<MessageError>(i);
    if (reason == MessageError::none || reason == MessageError::bad_status_line) continue;
    words[i] = to_string(reason);
  }
  return words;
}

std::vector<const WorkerMetrics*> workers_of(const Server& server) {
  std::vector<const WorkerMetrics*> workers;
  for (const auto& worker : server.metrics()) workers.push_back(worker.get());
  return workers;
}

}  // namespace

Instance::StartResult Instance::start(std::shared_ptr<const Snapshot> snapshot, Gate& gate,
                                      Hooks hooks) {
  std::unique_ptr<Instance> instance(new Instance);
  Server::StartResult server = Server::start(snapshot, gate, std::move(hooks.on_released));
  if (!server.server) return {nullptr, std::move(server.error)};
  instance->server_ = std::move(server.server);
  AdminPlane::StartResult admin = AdminPlane::start({
      .gate = gate,
      .snapshot = std::move(snapshot),
      .workers = workers_of(*instance->server_),
      .bad_requests = bad_request_words(),
      .own_codes = own_status_codes(),
      .started = wall_clock(),
      .ready = [self = instance.get()] { return self->ready(); },
      .drain =
          [self = instance.get(), drain = std::move(hooks.drain)] {
            self->announce_drain();  // whoever has the answer finds /ready at 503
            drain();
          },
      .reload = std::move(hooks.reload),
      .reload_status = std::move(hooks.reload_status),
      .lost_log_lines = lost_log_lines,
      .access_lines_written =
          [server = instance->server_.get()] { return server->access_lines_written(); },
      .access_lines_lost = [server =
                                instance->server_.get()] { return server->access_lines_lost(); },
  });
  if (!admin.plane) return {nullptr, std::move(admin.error)};
  instance->admin_ = std::move(admin.plane);
  return {std::move(instance), {}};
}

bool Instance::replace(std::shared_ptr<const Snapshot> snapshot) {
  const bool taken = server_->replace(snapshot);
  admin_->replace(std::move(snapshot));
  return taken;
}

void Instance::announce_drain() {
  ready_.store(false);
  server_->announce_drain();
}

void Instance::drain(Duration timeout) {
  announce_drain();
  server_->drain(timeout);
}

}  // namespace weir
