// Of DownstreamConnection: its deadlines, and what happens at each.
#include <utility>

#include "proxy/clock/clock.h"
#include "proxy/context/worker_context.h"
#include "proxy/downstream/downstream_connection.h"
#include "proxy/downstream/request_handler.h"

namespace weir {

void DownstreamConnection::set_deadline(Time at) {
  deadline_ = at;
  if (at != kNever) arm_at(at);
}

// An alarm that rings sooner does: it is then moved.
void DownstreamConnection::arm_at(Time at) {
  if (!closed_ && (!armed() || deadline() > at)) worker_.timers().set(*this, at);
}

void DownstreamConnection::on_timer() {
  if (phase_ == Phase::tunnel) return;  // it has a timer of its own
  const Time now = read_clock();
  if (phase_ == Phase::exchange) return watch_exchange(now);
  if (now >= deadline_) return on_deadline(now);
  worker_.timers().set(*this, deadline_);
}

void DownstreamConnection::watch_exchange(Time now) {
  const bool asks = !reading() || has_pending();
  if (asks && peer_left()) return lose_client();
  if (is_stuck(now)) return drop_stuck();
  if (wants_body_ && now >= deadline_) return exchange_->on_body_timeout(now);
  if (wants_body_) arm_at(deadline_);
  if (asks) arm_at(now + kAskSocket);
}

// Looked at once a second while something is pending.
bool DownstreamConnection::is_stuck(Time now) {
  if (!has_pending()) {
    stuck_since_ = kNever;
    return false;
  }
  const std::uint32_t acknowledged = acknowledged_bytes();
  if (stuck_since_ == kNever || stuck_at_ != acknowledged) {
    stuck_since_ = now;
    stuck_at_ = acknowledged;
  }
  return now - stuck_since_ >= settings().limits.send_timeout;
}

// With a reset, so that the kernel does not keep for it what it did not read.
void DownstreamConnection::drop_stuck() {
  close_reset();
  lose_client();
}

// It has been looked at kLingerCheck ago. What a body must bring in that time is min_body_rate's.
void DownstreamConnection::linger(Time now) {
  const Limits& limits = settings().limits;
  const std::uint64_t came = std::exchange(discard_left_before_, discard_left_) - discard_left_;
  const bool sends = came >= static_cast<std::uint64_t>(limits.min_body_rate) * 2;
  const std::uint32_t taken_before = std::exchange(stuck_at_, acknowledged_bytes());
  const bool reads = stuck_at_ != taken_before;
  if (reads) stuck_since_ = kNever;
  if (!sends && !reads) {
    if (!has_unacknowledged()) return close_now();
    if (stuck_since_ == kNever) stuck_since_ = now;
    if (now - stuck_since_ >= limits.send_timeout) return drop_stuck();
  }
  set_deadline(now + kLingerCheck);
}

void DownstreamConnection::on_deadline(Time now) {
  switch (phase_) {
    case Phase::head: return refuse(MessageError::head_timeout);
    case Phase::flush: {
      const std::uint32_t before = std::exchange(stuck_at_, acknowledged_bytes());
      if (stuck_at_ == before) return drop_stuck();
      return set_deadline(saturating_add(now, settings().limits.send_timeout));
    }
    case Phase::lingering: return linger(now);
    case Phase::idle: return evict();
    default: return close_now();
  }
}

}  // namespace weir
