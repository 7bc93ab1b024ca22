#include "proxy/dialer.h"

#include <string>
#include <utility>

#include "proxy/loop/clock.h"
#include "proxy/loop/log.h"
#include "proxy/upstream_pool.h"
#include "proxy/worker.h"

namespace weir {

void Dialer::dial(Lease& lease) {
  lease_ = &lease;
  lease.upstream.pool.make_room();
  tried_ = 0;
  if (resolver().is_unix()) return connect(nullptr, resolver().path().c_str());
  const Time now = read_clock();
  if (!resolver().addresses(now).empty()) return try_next();
  worker_.alarms().set(*this, saturating_add(now, lease.settings().upstream.connect_timeout));
  resolver().wait(*this);
}

void Dialer::connect(const sockaddr* address, const char* path) {
  connecting_ = ServiceConnection::connect(worker_, lease_->upstream.pool, address, path,
                                           lease_->settings().upstream.connect_timeout, *this);
}

void Dialer::cancel() {
  Resolver::forget(*this);
  worker_.alarms().cancel(*this);
  if (connecting_ != nullptr) std::exchange(connecting_, nullptr)->release(false);
}

void Dialer::try_next() {
  const auto& addresses = resolver().addresses(read_clock());
  if (tried_ >= addresses.size()) {
    resolver().note_failure();
    return fail();
  }
  current_ = (resolver().first() + tried_++) % addresses.size();
  connect(reinterpret_cast<const sockaddr*>(&addresses[current_]), nullptr);
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
    resolver().note_success(current_);
    return owner_.on_dialed(*connection);
  }
  log_warning("upstream.address: cannot connect to " + resolver().endpoint().text + ": " +
              uv_strerror(error));
  if (resolver().is_unix()) return fail();
  try_next();
}

}  // namespace weir
