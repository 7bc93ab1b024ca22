#include "proxy/dialer.h"

#include <string>
#include <utility>

#include "proxy/loop/clock.h"
#include "proxy/loop/log.h"
#include "proxy/upstream_pool.h"
#include "proxy/worker.h"

namespace weir {

void Dialer::dial() {
  Resolver& resolver = worker_.resolver();
  worker_.pool().make_room();
  tried_ = 0;
  if (resolver.is_unix()) {
    connecting_ = ServiceConnection::connect(worker_, nullptr, resolver.path().c_str(), *this);
    return;
  }
  const Time now = read_clock();
  if (!resolver.addresses(now).empty()) return try_next();
  worker_.alarms().set(*this,
                       saturating_add(now, worker_.snapshot().settings.upstream.connect_timeout));
  resolver.wait(*this);
}

void Dialer::cancel() {
  Resolver::forget(*this);
  worker_.alarms().cancel(*this);
  if (connecting_ != nullptr) std::exchange(connecting_, nullptr)->release(false);
}

void Dialer::try_next() {
  Resolver& resolver = worker_.resolver();
  const auto& addresses = resolver.addresses(read_clock());
  if (tried_ >= addresses.size()) {
    resolver.note_failure();
    return fail();
  }
  current_ = (resolver.first() + tried_++) % addresses.size();
  connecting_ = ServiceConnection::connect(
      worker_, reinterpret_cast<const sockaddr*>(&addresses[current_]), nullptr, *this);
}

void Dialer::fail() {
  cancel();
  owner_.on_dial_failed();
}

void Dialer::ring() { fail(); }

void Dialer::on_resolved() {
  worker_.alarms().cancel(*this);
  try_next();
}

void Dialer::on_service_connected(int error) {
  ServiceConnection* connection = std::exchange(connecting_, nullptr);
  if (error == 0) {
    worker_.resolver().note_success(current_);
    return owner_.on_dialed(*connection);
  }
  log_warning("upstream.address: cannot connect to " +
              worker_.snapshot().settings.upstream.address.text + ": " + uv_strerror(error));
  if (worker_.resolver().is_unix()) return fail();
  try_next();
}

}  // namespace weir
