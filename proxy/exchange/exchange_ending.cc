// Of Exchange: the ways in which it ends. Each of them calls the chain's end once, and retires it.
#include <array>
#include <utility>

#include "proxy/clock/clock.h"
#include "proxy/context/worker_context.h"
#include "proxy/downstream/client_connection.h"
#include "proxy/exchange/exchange.h"
#include "proxy/http/hops.h"
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
  const std::uint64_t left = body_left();
  end_request(Ending::complete, download_.status, Source::service);
  ClientConnection* client = std::exchange(client_, nullptr);
  const bool keep = download_.keeps_client;
  retire();
  client->exchange_done(keep, left);
}

// --- weir's own answers

std::uint16_t Exchange::reply_status() const { return status_of(request_->outcome); }

void Exchange::answer() {
  const Outcome outcome = request_->outcome;
  stop_attempt(AttemptResult::cancelled);
  if (request_->committed) return abort_response(ending_of(outcome), Side::upstream);
  if (client_ == nullptr) return end_abandoned(ending_of(outcome));
  if (ended_) {
    observe_durations(request_->now);
  } else {
    end_request(ending_of(outcome), status_of(outcome), Source::weir);
  }
  const std::uint64_t left = body_left();
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
void Exchange::answer_here() {
  {
    const Gate::Pass pass(worker_.gate());
    request_->now = pass.now();
    worker_.metrics().arrived(label());
    close_ledger(Ending::complete, status_here(head_), Source::weir);
  }
  observe_durations(request_->now);
  const std::uint64_t left = body_left();
  const ReplyContext context = reply_context(left);
  HeadWriter out(worker_.write_scratch());
  const TenantSettings& tenant = settings().tenant;
  const bool secret = tenant.secret && tenant.from.kind == Field::Kind::header;
  write_answer_here(out, worker_.body_scratch(), head_,
                    secret ? std::string_view(tenant.from.name) : std::string_view(), context);
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
  ClientConnection* client = std::exchange(client_, nullptr);
  const bool written = client->write(buffers) != Stream::Written::failed;
  if (written) sent_ = out.body_size();
  retire();
  if (written) {
    client->exchange_done(keep, left);
  } else {
    client->abort(false);
  }
}

// The client's body is not what it should be.
void Exchange::refuse_body(BadRequest why) {
  worker_.metrics().bad_requests[static_cast<std::size_t>(why)].add();
  bad_body_ = why;
  if (request_->committed) return abort_response(Ending::client_gone, Side::downstream);
  stop_attempt(AttemptResult::cancelled);
  const Reply reply = reply_to(why);
  end_request(Ending::client_gone, reply.status, Source::weir);
  send_reply(reply, UINT64_MAX);
}

// --- the bad ends

// Something failed after the head was out. The client's connection is reset: what came cannot be
// taken for the whole, and the kernel keeps nothing for a client that does not read.
void Exchange::abort_response(Ending how, Side side) {
  worker_.metrics().responses_truncated[static_cast<std::size_t>(side)].add();
  stop_attempt(AttemptResult::cancelled);
  end_request(how, download_.status, Source::service);
  if (ClientConnection* client = std::exchange(client_, nullptr)) client->abort(true);
  retire();
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
    sync_alarm();
    attempt_.service->start_reading();  // which had stopped if the client did not read
    if (download_.heads_wait) attempt_.service->ask_for_turn();
    return;
  }
  if (request_->committed) {
    return abort_response(Ending::client_gone, Side::downstream);
  }
  stop_attempt(AttemptResult::cancelled);
  end_request(Ending::client_gone, kClientGone, Source::weir);
  retire();
}

// The client's socket takes nothing any more.
void Exchange::lose_client() {
  client_->abort(false);
  on_client_gone();
}

// Its connection to the service has had a FIN, so it is of no more use.
void Exchange::end_abandoned(Ending how) {
  download_.reusable = false;
  stop_attempt(AttemptResult::cancelled);
  end_request(how, kClientGone, Source::weir);
  retire();
}

// The service has not noticed that its client left.
void Exchange::cut_abandoned() {
  if (attempt_.service != nullptr) attempt_.service->close_reset();
  end_abandoned(Ending::client_gone);
}

void Exchange::cut() {
  if (done_) return;
  if (client_ != nullptr) client_->abort(request_->committed);
  client_ = nullptr;
  stop_attempt(AttemptResult::cancelled);
  const bool committed = request_->committed;
  if (committed) {
    worker_.metrics().responses_truncated[static_cast<std::size_t>(Side::downstream)].add();
  }
  end_request(Ending::client_gone, committed ? download_.status : kClientGone,
              committed ? Source::service : Source::weir);
  retire();
}

// --- the books

void Exchange::end_request(Ending how, std::uint16_t code, Source source) {
  if (ended_) {  // in the pass that settled its answer
    ending_ = how;
    return observe_durations(read_clock());
  }
  {
    const Gate::Pass pass(worker_.gate());
    close_ledger(how, code, source);
  }
  observe_durations(request_->now);
}

// Inside a pass.
void Exchange::close_ledger(Ending how, std::uint16_t code, Source source) {
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
std::uint64_t Exchange::body_left() {
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

void Exchange::retire() {
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
