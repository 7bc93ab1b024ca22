#include "proxy/upstream/dialer.h"

#include <string>
#include <utility>

#include "filters/random.h"
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
  began_ = read_clock();
  until_ = saturating_add(began_, snapshot.settings().upstream.connect_timeout);
  try_for_ = kFirstTry;
  tried_ = 0;
  timed_out_ = asked_again_ = false;
  if (resolver().is_unix()) return connect(nullptr, resolver().path().c_str(), until_ - began_);
  if (!resolver().addresses(began_).empty()) return try_next();
  await_resolver();
}

void Dialer::await_resolver() {
  worker_.alarms().set(*this, until_);
  resolver().wait(*this);
}

void Dialer::connect(const sockaddr* address, const char* path, Duration patience) {
  connecting_ = ServiceConnection::connect(worker_, snapshot_ref_->upstream.pool, address, path,
                                           patience, *this);
}

// A quarter more or less, so that requests that were dropped together do not come back together;
// and all that is left where it would not be enough for another try.
Duration Dialer::patience(Time now) const {
  std::uint64_t state = reinterpret_cast<std::uintptr_t>(this) ^
                        static_cast<std::uint64_t>(now.time_since_epoch().count());
  Random random(splitmix64(state));
  const Duration jittered = try_for_ * 3 / 4 + random.up_to(try_for_ / 2);
  const Duration left = until_ - now;
  return left < jittered * 3 / 2 ? left : jittered;
}

void Dialer::cancel() {
  Resolver::forget(*this);
  worker_.alarms().cancel(*this);
  if (connecting_ != nullptr) std::exchange(connecting_, nullptr)->release(false);
}

void Dialer::try_next() {
  const Time now = read_clock();
  const auto& addresses = resolver().addresses(now);
  if (addresses.empty() || now >= until_) return fail();
  if (tried_ >= addresses.size()) return end_round();
  current_ = (resolver().first() + tried_++) % addresses.size();
  connect(reinterpret_cast<const sockaddr*>(&addresses[current_]), nullptr, patience(now));
}

void Dialer::end_round() {
  tried_ = 0;
  if (std::exchange(timed_out_, false)) {
    try_for_ *= 2;
    return try_next();
  }
  resolver().note_failure();
  if (asked_again_ || !resolver().may_know_better(began_)) return fail();
  asked_again_ = true;
  await_resolver();
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
  timed_out_ = timed_out_ || error == NetError::timed_out;
  if (resolver().is_unix()) return fail();
  try_next();
}

}  // namespace weir
