#include "proxy/upstream/dialer.h"

#include <string>
#include <utility>

#include "proxy/clock/clock.h"
#include "proxy/context/worker_context.h"
#include "proxy/log/log.h"
#include "proxy/upstream/upstream.h"
#include "proxy/upstream/upstream_pool.h"

namespace weir {

Resolver& Dialer::resolver() { return snapshot_ref_->upstream.resolver; }

void Dialer::dial(SnapshotRef& snapshot) {
  snapshot_ref_ = &snapshot;
  snapshot.upstream.pool.make_room();
  tried_ = 0;
  if (resolver().is_unix()) return connect(nullptr, resolver().path().c_str());
  const Time now = read_clock();
  if (!resolver().addresses(now).empty()) return try_next();
  worker_.alarms().set(*this, saturating_add(now, snapshot.settings().upstream.connect_timeout));
  resolver().wait(*this);
}

void Dialer::connect(const sockaddr* address, const char* path) {
  connecting_ =
      ServiceConnection::connect(worker_, snapshot_ref_->upstream.pool, address, path,
                                 snapshot_ref_->settings().upstream.connect_timeout, *this);
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

void Dialer::on_service_connected(NetError error) {
  ServiceConnection* connection = std::exchange(connecting_, nullptr);
  if (error == NetError::none) {
    resolver().note_success(current_);
    return owner_.on_dialed(*connection);
  }
  log_warning("upstream.address: cannot connect to " + resolver().endpoint().text + ": " +
              describe(error));
  if (resolver().is_unix()) return fail();
  try_next();
}

}  // namespace weir
