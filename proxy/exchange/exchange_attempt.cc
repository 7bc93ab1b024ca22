// Of Exchange: an attempt, from the connection to the service to what can fail about it.
#include <algorithm>
#include <array>
#include <utility>

#include "proxy/clock/clock.h"
#include "proxy/context/worker_context.h"
#include "proxy/downstream/downstream_connection.h"
#include "proxy/exchange/exchange.h"
#include "proxy/upstream/upstream.h"

namespace weir {

void Exchange::start_attempt() {
  attempt_ = {};
  attempt_.under_way = true;
  attempt_.began = request_->now;
  if (!forwarded_) spent_ = attempt_.began - head_came_;
  forwarded_ = true;
  rewind_upload();
  UpstreamPool& pool = snapshot_ref_->upstream.pool;
  // A request that must not be repeated does not go on a kept connection if it is the first of its
  // client's connection: the service may be closing that one, and this client does not expect to
  // have to send it again (RFC 9110 §9.2.2; HAProxy's http-reuse safe).
  const bool fresh = !idempotent_ && client_ != nullptr && client_->first_request();
  UpstreamConnection* service = fresh ? nullptr : pool.take_idle();
  // Nor does it go on one whose peer has closed.
  while (service != nullptr && !idempotent_ && service->peer_left()) {
    service->release(false);
    service = pool.take_idle();
  }
  if (service == nullptr) return dialer_.dial(*snapshot_ref_);
  adopt(*service);
}

// A reused connection had died: the same attempt again, on a fresh one.
void Exchange::dial_again() {
  attempt_.resent = true;
  worker_.metrics().resends.add();
  if (attempt_.service != nullptr) std::exchange(attempt_.service, nullptr)->release(false);
  rewind_upload();
  dialer_.dial(*snapshot_ref_);
}

void Exchange::adopt(UpstreamConnection& service) {
  attempt_.service = &service;
  attempt_.sent_before = service.sent_bytes();
  service.attach(*this);
  pump_upload();
}

void Exchange::on_dialed(UpstreamConnection& service) { adopt(service); }

void Exchange::on_dial_failed() { fail_attempt(Reason::connect_failure); }

void Exchange::fail_attempt(Reason reason) {
  AttemptResult result = AttemptResult::malformed;
  if (reason == Reason::connect_failure) result = AttemptResult::connect_failure;
  if (reason == Reason::upstream_reset) result = AttemptResult::reset;
  stop_attempt(result);
  const Step step = on_outcome(Outcome::failure(reason));
  if (client_ == nullptr) return end_abandoned(EndReason::client_gone);
  apply(step);
}

// Whatever the attempt was doing is over. Its connection goes back to the pool if its answer was
// read to the end, and is closed otherwise.
void Exchange::stop_attempt(AttemptResult why) {
  if (!attempt_.under_way) return;
  attempt_.under_way = false;
  dialer_.cancel();
  if (!download_.head_done) upstream_time_ += read_clock() - attempt_.began;
  if (attempt_.service != nullptr) {
    const bool clean = download_.complete && download_.reusable && upload_.sent_all;
    std::exchange(attempt_.service, nullptr)->release(clean);
  }
  download_.head_bytes.release();
  count_attempt(why);
  upload_.awaited_since = kNever;
  if (request_->client_wait_since != kNever) request_->client_wait_ends(read_clock());
  if (client_ != nullptr) client_->want_nothing();
}

void Exchange::count_attempt(AttemptResult result) {
  if (std::exchange(attempt_.counted, true)) return;
  worker_.metrics().attempts[static_cast<std::size_t>(result)].add();
}

// What is about to be written for the first time cannot be sent twice, and may be on a connection
// that has died: while nothing is sent of it, it can go on another.
bool Exchange::is_last_chance() const {
  return !attempt_.wrote && attempt_.service->served_before() &&
         !(request_->replayable && idempotent_);
}

bool Exchange::may_resend() const {
  const bool reused = attempt_.service != nullptr && attempt_.service->served_before();
  if (!reused || attempt_.resent || client_ == nullptr) return false;
  return !attempt_.wrote || (idempotent_ && request_->replayable);
}

void Exchange::on_upstream_end(NetError error) {
  if (download_.head_done) {
    if (drain_until_ != kNever) return end_abandoned(EndReason::client_gone);
    if (error == NetError::end_of_stream && download_.reader.ends_with_connection())
      return end_until_close();
    return abort_response(EndReason::upstream_failed, Side::upstream);
  }
  if (client_ == nullptr)
    return end_abandoned(EndReason::client_gone);  // it took its client's leave
  if (!download_.head_bytes.empty()) return fail_attempt(Reason::upstream_truncated);
  if (may_resend()) return dial_again();
  fail_attempt(Reason::upstream_reset);
}

void Exchange::on_upstream_drained() {
  note_written(1);
  request_->progress = read_clock();
  pump_upload();
  resume_switch();
}

// It may have said something before: what that was, or that there is nothing, the next read tells.
void Exchange::on_upstream_write_failed() {
  upload_.broken = true;
  if (download_.switch_waits) return resume_switch();
  if (!attempt_.wrote || attempt_.service->sent_bytes() != attempt_.sent_before) return;
  attempt_.wrote = false;
  --request_->reached;
}

}  // namespace weir
