#include "proxy/upstream/dialer.h"

#include <algorithm>
#include <cstdint>
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
  const Time now = read_clock();
  until_ = saturating_add(now, snapshot.settings().upstream.connect_timeout);
  try_for_ = resolver().is_unix() ? kFirstPause : kFirstTry;
  tried_ = 0;
  timed_out_ = asked_again_ = false;
  if (resolver().is_unix()) return connect_unix(now);
  generation_ = resolver().generation();
  if (!resolver().addresses(now).empty()) return try_next(now);
  await_resolver();
}

void Dialer::await_resolver() {
  worker_.timers().set(*this, until_);
  resolver().wait(*this);
}

void Dialer::connect(const sockaddr* address, const char* path, Duration patience) {
  connecting_ = UpstreamConnection::connect(worker_, snapshot_ref_->upstream.pool, address, path,
                                            patience, *this);
}

void Dialer::connect_unix(Time now) { connect(nullptr, resolver().path().c_str(), until_ - now); }

// A quarter more or less, so that requests that were dropped together do not come back together;
// no more than an equal part of what is left; and all of that for the last address, where it would
// not be enough for another try.
Duration Dialer::patience(Time now, std::size_t untried) const {
  std::uint64_t state = reinterpret_cast<std::uintptr_t>(this) ^
                        static_cast<std::uint64_t>(now.time_since_epoch().count());
  Random random(splitmix64(state));
  const Duration jittered = try_for_ * 3 / 4 + random.up_to(try_for_ / 2);
  const Duration part = (until_ - now) / static_cast<std::int64_t>(untried);
  return part < jittered * 3 / 2 ? part : jittered;
}

void Dialer::cancel() {
  Resolver::forget(*this);
  worker_.timers().cancel(*this);
  if (connecting_ != nullptr) std::exchange(connecting_, nullptr)->release(false);
}

void Dialer::try_next(Time now) {
  const auto& addresses = resolver().addresses(now);
  if (generation_ != resolver().generation()) {
    generation_ = resolver().generation();
    try_for_ = kFirstTry;
    tried_ = 0;
    timed_out_ = false;
  }
  if (addresses.empty() || now >= until_) {
    resolver().note_failure();
    return fail();
  }
  if (tried_ >= addresses.size()) return end_round(now);
  const std::size_t untried = addresses.size() - tried_;
  current_ = (resolver().first() + tried_++) % addresses.size();
  connect(reinterpret_cast<const sockaddr*>(&addresses[current_]), nullptr, patience(now, untried));
}

void Dialer::end_round(Time now) {
  tried_ = 0;
  if (std::exchange(timed_out_, false)) {
    try_for_ *= 2;
    if (resolver().may_have_moved(now)) resolver().ask();
    return try_next(now);
  }
  resolver().note_failure();
  if (asked_again_ || !resolver().may_have_moved(now)) return fail();
  asked_again_ = true;
  await_resolver();
}

void Dialer::fail() {
  cancel();
  owner_.on_dial_failed();
}

void Dialer::on_timer() {
  if (resolver().is_unix()) return connect_unix(read_clock());
  log_warning("upstream.address: cannot resolve " + resolver().endpoint().text + " in time");
  fail();
}

void Dialer::on_resolved() {
  worker_.timers().cancel(*this);
  // The same addresses have all refused a moment ago.
  if (asked_again_ && generation_ == resolver().generation()) return fail();
  try_next(read_clock());
}

void Dialer::on_upstream_connected(NetError error) {
  UpstreamConnection* connection = std::exchange(connecting_, nullptr);
  if (error == NetError::none) {
    if (generation_ == resolver().generation()) resolver().note_success(current_);
    return owner_.on_dialed(*connection);
  }
  const Time now = read_clock();
  if (resolver().is_unix() && error == NetError::try_again && now < until_) {
    worker_.timers().set(*this, std::min(now + try_for_, until_));
    try_for_ = std::min(2 * try_for_, kLongestPause);
    return;
  }
  log_warning("upstream.address: cannot connect to " + resolver().endpoint().text + ": " +
              describe(error));
  timed_out_ = timed_out_ || error == NetError::timed_out;
  if (resolver().is_unix()) return fail();
  try_next(now);
}

}  // namespace weir
