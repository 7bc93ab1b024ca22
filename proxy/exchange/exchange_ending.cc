// Of Exchange: the ways in which it ends. Each of them calls the chain's end once, and retires it.
#include <array>
#include <utility>

#include "proxy/clock/clock.h"
#include "proxy/context/worker_context.h"
#include "proxy/downstream/downstream_connection.h"
#include "proxy/exchange/exchange.h"
#include "proxy/http/max_forwards.h"
#include "proxy/http/reply.h"

namespace weir {

namespace {

// Of a path that was written anew, for the next request.
constexpr std::size_t kWorthKeeping = 1 << 10;

}  // namespace

// --- the good end

// The service's last byte has been read, and handed to the client's connection.
void Exchange::finish_download(std::size_t extra) {
  download_.complete = true;
  // Bytes behind the answer, or a request that did not get through, make the connection useless.
  download_.reusable = download_.reusable && extra == 0 && upload_.sent_all && !upload_.broken;
  stop_attempt(AttemptResult::response);
  const std::uint64_t left = discard_buffered_body();
  end_request(EndReason::complete, download_.status, Source::service);
  DownstreamConnection* client = std::exchange(client_, nullptr);
  const bool keep = download_.keeps_client;
  finish();
  client->exchange_done(keep, left);
}

// --- weir's own answers

std::uint16_t Exchange::reply_status() const { return status_of(request_->outcome); }

void Exchange::answer() {
  const Outcome outcome = request_->outcome;
  stop_attempt(AttemptResult::cancelled);
  if (request_->committed) return abort_response(end_reason_of(outcome), Side::upstream);
  if (client_ == nullptr) return end_abandoned(end_reason_of(outcome));
  if (ended_) {
    observe_durations(request_->now);
  } else {
    end_request(end_reason_of(outcome), status_of(outcome), Source::weir);
  }
  const std::uint64_t left = discard_buffered_body();
  if (outcome.type == Outcome::Type::replied) return send_local_reply(left);
  send_reply(reply_to(outcome), left);
}

// What a filter answers by itself.
void Exchange::send_local_reply(std::uint64_t left) {
  const ReplyContext context = reply_context(left);
  HeadWriter out(worker_.write_scratch());
  write_local_reply(out, *request_->local_reply, context);
  send_own(out, !context.close, left);
}

void Exchange::send_reply(const Reply& reply, std::uint64_t left) {
  const ReplyContext context = reply_context(left);
  HeadWriter out(worker_.write_scratch());
  write_reply(out, worker_.body_scratch(), reply, context);
  send_own(out, !context.close, left);
}

// RFC 9110 §7.6.2: the request may go no further than here.
void Exchange::reply_max_forwards() {
  {
    const Gate::Pass pass(worker_.gate());
    request_->now = pass.now();
    worker_.metrics().arrived(label());
    record_end(EndReason::complete, max_forwards_status(head_), Source::weir);
  }
  observe_durations(request_->now);
  const std::uint64_t left = discard_buffered_body();
  const ReplyContext context = reply_context(left);
  HeadWriter out(worker_.write_scratch());
  const TenantSettings& tenant = settings().tenant;
  const bool secret = tenant.secret && tenant.from.kind == Field::Kind::header;
  write_max_forwards_reply(out, worker_.body_scratch(), head_,
                           secret ? std::string_view(tenant.from.name) : std::string_view(),
                           context);
  send_own(out, !context.close, left);
}

ReplyContext Exchange::reply_context(std::uint64_t left) const {
  // A client that waits for 100 may send its body or not: nobody knows what comes next.
  const bool unclear = upload_.expects_continue && left != 0 && upload_.reader.received() == 0;
  const bool keep = client_keeps_ && !worker_.leaving() && !unclear && left <= kWorthReading;
  ReplyContext context;
  context.request_id = request_id_;
  context.name = settings().name;
  context.date = worker_.date();
  context.x_ratelimit = settings().x_ratelimit;
  context.allow_trace = settings().allow_trace;
  context.head_request = head_.method_text() == "HEAD";
  context.close = !keep;
  context.keep_alive = keep && head_.minor == 0;
  return context;
}

void Exchange::send_own(const HeadWriter& out, bool keep, std::uint64_t left) {
  std::array<iovec, 1> buffers = {buffer_of(out.text())};
  DownstreamConnection* client = std::exchange(client_, nullptr);
  const bool written = client->write(buffers) != Stream::Written::failed;
  if (written) sent_ = out.body_size();
  finish();
  if (written) {
    client->exchange_done(keep, left);
  } else {
    client->abort(false);
  }
}

// The client's body is not what it should be.
void Exchange::refuse_body(MessageError why) {
  worker_.metrics().bad_requests[static_cast<std::size_t>(why)].add();
  bad_body_ = why;
  if (request_->committed) return abort_response(EndReason::client_gone, Side::downstream);
  stop_attempt(AttemptResult::cancelled);
  const Reply reply = reply_to(why);
  end_request(EndReason::client_gone, reply.status, Source::weir);
  send_reply(reply, UINT64_MAX);
}

// --- the bad ends

// Something failed after the head was out. The client's connection is reset: what came cannot be
// taken for the whole, and the kernel keeps nothing for a client that does not read.
void Exchange::abort_response(EndReason how, Side side) {
  worker_.metrics().responses_truncated[static_cast<std::size_t>(side)].add();
  stop_attempt(AttemptResult::cancelled);
  end_request(how, download_.status, Source::service);
  if (DownstreamConnection* client = std::exchange(client_, nullptr)) client->abort(true);
  finish();
}

// The client's connection is closed already.
void Exchange::on_client_gone() {
  client_ = nullptr;
  if (done_) return;
  const bool sent_whole = attempt_.service != nullptr && upload_.sent_all &&
                          !attempt_.service->has_pending() && !upload_.broken;
  if (sent_whole && !download_.head_done) {
    // The service is at work on it, and is told. The permit is kept until it answers or closes.
    request_->abandoned = true;
    attempt_.service->shut_down();
    drain_until_ = saturating_add(read_clock(), settings().limits.abandoned_timeout);
    rearm();
    attempt_.service->start_reading();  // which had stopped if the client did not read
    if (download_.heads_wait) attempt_.service->ask_for_turn();
    return;
  }
  if (request_->committed) {
    return abort_response(EndReason::client_gone, Side::downstream);
  }
  stop_attempt(AttemptResult::cancelled);
  end_request(EndReason::client_gone, kClientGone, Source::weir);
  finish();
}

// The client's socket takes nothing any more.
void Exchange::on_client_write_failed() {
  client_->abort(false);
  on_client_gone();
}

// Its connection to the service has had a FIN, so it is of no more use.
void Exchange::end_abandoned(EndReason how) {
  download_.reusable = false;
  stop_attempt(AttemptResult::cancelled);
  end_request(how, kClientGone, Source::weir);
  finish();
}

// The service has not noticed that its client left.
void Exchange::cut_abandoned() {
  if (attempt_.service != nullptr) attempt_.service->close_reset();
  end_abandoned(EndReason::client_gone);
}

void Exchange::abort_at_drain() {
  if (done_) return;
  if (client_ != nullptr) client_->abort(request_->committed);
  client_ = nullptr;
  stop_attempt(AttemptResult::cancelled);
  const bool committed = request_->committed;
  if (committed) {
    worker_.metrics().responses_truncated[static_cast<std::size_t>(Side::downstream)].add();
  }
  end_request(EndReason::client_gone, committed ? download_.status : kClientGone,
              committed ? Source::service : Source::weir);
  finish();
}

// --- the books

void Exchange::end_request(EndReason how, std::uint16_t code, Source source) {
  if (ended_) {  // in the pass that settled its answer
    ending_ = how;
    return observe_durations(read_clock());
  }
  {
    const Gate::Pass pass(worker_.gate());
    record_end(how, code, source);
  }
  observe_durations(request_->now);
}

// Inside a pass.
void Exchange::record_end(EndReason how, std::uint16_t code, Source source) {
  ended_ = true;
  ending_ = how;
  code_ = code;
  source_ = source;
  if (request_->inside()) route_->chain->end(*request_, how);
  worker_.metrics().ended(label(), code, source);
}

void Exchange::observe_durations(Time end) {
  Duration own = forwarded_ ? spent_ : end - head_came_;
  if (committing_since_ != kNever) own += end - committing_since_;
  overhead_ = std::max(own - request_->waited, Duration{0});
  if (route_ == nullptr) return;
  WorkerMetrics& metrics = worker_.metrics();
  metrics.request_duration[route_->index].observe(end - head_came_);
  metrics.overhead.observe(overhead_);
}

// What of the request's body has not come yet; what has come and nobody wants is thrown away.
std::uint64_t Exchange::discard_buffered_body() {
  while (!upload_.reader.done() && client_ != nullptr) {
    const std::span<char> bytes = client_->available();
    if (bytes.empty()) break;
    BodyReader::Piece piece;
    if (upload_.reader.read(bytes.data(), bytes.size(), piece) == BodyReader::Result::bad) {
      return UINT64_MAX;
    }
    client_->take(piece.consumed);
  }
  return upload_.reader.remaining();
}

void Exchange::finish() {
  AccessLog* const log = worker_.access_log();
  if (ended_ && log != nullptr) log_access(*log);
  done_ = true;
  client_ = nullptr;
  if (counted_as_ != 0) {
    worker_.shared().client_counts.remove(std::exchange(counted_as_, 0));
  }
  if (!upload_.held.empty()) stop_holding();
  give_back_tunnel();
  head_bytes_.release();
  if (forwarded_origin_.capacity() > kWorthKeeping) std::string().swap(forwarded_origin_);
  upload_.trailers.release();
  download_.head_bytes.release();
  download_.trailers.release();
  worker_.release_snapshot(*snapshot_ref_);
  pool_.retire(*this);
}

}  // namespace weir
