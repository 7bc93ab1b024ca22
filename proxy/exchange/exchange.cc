#include "proxy/exchange/exchange.h"

#include "filters/methods.h"
#include "filters/siphash.h"
#include "proxy/clock/clock.h"
#include "proxy/context/worker_context.h"
#include "proxy/downstream/downstream_connection.h"
#include "proxy/http/max_forwards.h"
#include "proxy/http/router.h"
#include "proxy/http1/parser.h"
#include "proxy/http1/rewrite.h"
#include "proxy/upstream/upstream.h"

namespace weir {

Exchange::Exchange(WorkerContext& worker, ExchangePool& pool, std::size_t place)
    : worker_(worker), pool_(pool), place_(place), dialer_(worker, *this) {}

Exchange::~Exchange() { worker_.timers().cancel(*this); }

Exchange& Exchange::of(Request& request) { return static_cast<OwnedRequest&>(request).exchange; }

std::uint64_t Exchange::OwnedRequest::client() const {
  const Snapshot& snapshot = *exchange.snapshot_ref_->snapshot;
  const ClientAddress client =
      effective_client(exchange.peer_, exchange.head_, snapshot.settings.trusted_proxies);
  return client.known ? siphash(snapshot.hash_secret, client.identity()) : 0;
}

int Exchange::client_descriptor() const { return client_ != nullptr ? client_->descriptor() : -1; }

void Exchange::reset() {
  request_.emplace(*this);
  request_->mailbox = &worker_;
  snapshot_ref_ = &worker_.acquire_snapshot();
  route_ = nullptr;
  done_ = ended_ = forwarded_ = asks_upgrade_ = false;
  known_ = Known::nothing;
  bad_body_ = MessageError::none;
  sent_ = 0;
  upstream_time_ = overhead_ = Duration{0};
  upload_.replayed = 0;
  upload_.head_sent = upload_.sent_all = upload_.broken = upload_.expects_continue = false;
  upload_.awaited_since = kNever;
  download_.scan.reset();
  download_.status = 0;
  download_.head_done = download_.complete = download_.reusable = download_.switch_waits = false;
  attempt_ = {};
  spent_ = Duration{0};
  drained_ = 0;
  drain_until_ = committing_since_ = kNever;
}

std::size_t Exchange::find(DownstreamConnection& client, std::string_view bytes) {
  reset();
  client_ = &client;
  const std::size_t size = find_request_head(bytes, head_);
  if (size == 0 || size > static_cast<std::size_t>(settings().limits.max_head)) return 0;
  keep_head(bytes.substr(0, size));
  return check_head() == MessageError::none ? size : 0;
}

MessageError Exchange::read(DownstreamConnection& client, std::string_view text) {
  reset();
  client_ = &client;
  const MessageError bad = read_request_head(text, head_);
  keep_head(text);
  return bad != MessageError::none ? bad : check_head();
}

void Exchange::keep_head(std::string_view text) {
  head_bytes_.release();
  head_bytes_.append(worker_.buffers(), text);
  head_.base = head_bytes_.data();
}

MessageError Exchange::check_head() {
  known_ = Known::head;
  MessageError bad = read_target(head_, target_, settings().allow_trace);
  if (bad != MessageError::none) return bad;
  known_ = Known::target;
  if (bad = request_framing(head_, upload_.framing); bad != MessageError::none) return bad;
  if (settings().own_name && has_own_via(head_, settings().name)) {
    return MessageError::proxy_loop_detected;
  }
  if (needs_second_opinion_on_request(head_) && !llhttp_agrees_on_request(head_, upload_.framing)) {
    return MessageError::parsers_disagree;
  }
  asks_upgrade_ = asks_upgrade(head_, settings().upgrades.protocols);
  const auto max_body = static_cast<std::uint64_t>(settings().limits.max_body);
  return upload_.framing.length > max_body ? MessageError::body_too_large : MessageError::none;
}

// Used again at once: a thousand heads that come in parts in one turn need one exchange, not each
// its own.
void Exchange::release_unused() {
  done_ = true;
  client_ = nullptr;
  head_bytes_.release();
  worker_.release_snapshot(*snapshot_ref_);
  pool_.put_back(*this);
}

void Exchange::begin() {
  head_came_ = worker_.turn_time();
  peer_ = client_->address();
  if (upload_.framing.kind == Framing::Kind::chunked) {
    upload_.trailers.begin(worker_.buffers(), head_);
  }
  upload_.reader.begin(upload_.framing, &upload_.trailers);
  upload_.patience = settings().limits.body_timeout;
  upload_.expects_continue = head_.minor == 1 && head_.has(FieldId::expect) &&
                             equals_ignoring_case(head_.value(FieldId::expect), "100-continue");
  client_keeps_ = !says_close(head_);
  idempotent_ = is_idempotent(head_.method_text());
  const auto& trusted = settings().trusted_proxies;
  client_trusted_ = !trusted.empty() && is_trusted(trusted, client_->address());
  request_id_ = head_.value(FieldId::x_request_id);
  if (!is_sound_request_id(request_id_) || head_.has_several(FieldId::x_request_id)) {
    worker_.request_ids().make(made_id_);
    request_id_ = {made_id_.data(), made_id_.size()};
  }
  arrive();
}

void Exchange::arrive() {
  const Router::Decision decision =
      snapshot_ref_->router.decide(head_, target_, client_->address(), *request_);
  route_ = decision.route;
  if (const auto path = snapshot_ref_->router.path_to_forward(); !path.empty()) forward_as(path);
  if (decision.refusal != Reason::none) return apply(enter_chain(decision.refusal));
  if (client_trusted_ && !count_client()) return apply(enter_chain(Reason::client_connections));
  if (is_last_hop(head_)) return reply_max_forwards();
  apply(enter_chain(asks_upgrade_ ? admit_upgrade() : Reason::none));
}

// Sends another path on than the one that came.
void Exchange::forward_as(std::string_view path) {
  forwarded_origin_.assign(path);
  if (!target_.query.empty()) forwarded_origin_.append("?").append(target_.query);
  target_.origin = forwarded_origin_;
}

// Whom a trusted proxy speaks for is counted while the request lasts: one connection of the proxy's
// carries many clients. False: that address has as many as it may have.
bool Exchange::count_client() {
  const Settings& settings = this->settings();
  const std::int64_t most = settings.limits.max_connections_per_client;
  if (most == 0) return true;
  const ClientAddress client =
      effective_client(client_->address(), head_, settings.trusted_proxies);
  if (is_trusted(settings.trusted_proxies, client)) return true;  // the proxy's own
  counted_as_ = worker_.shared().client_counts.add(client.identity(), most);
  return counted_as_ != 0;
}

// The arrival. What is refused at once is counted as ended in the same pass.
Step Exchange::enter_chain(Reason refusal) {
  const Gate::Pass pass(worker_.gate());
  worker_.metrics().arrived(label());
  Step step = Step::answer;
  if (refusal == Reason::none) {
    step = route_->chain->arrive(*request_);
  } else {
    request_->now = pass.now();
    request_->outcome = {};
    request_->outcome.type = Outcome::Type::refused;
    request_->outcome.reason = refusal;
    worker_.metrics().rejected.add(refusal, label());
  }
  if (step == Step::answer) {
    record_end(end_reason_of(request_->outcome), reply_status(), Source::weir);
  }
  cache_timer();
  return step;
}

void Exchange::apply(Step step) {
  // What its client has abandoned is not tried again.
  if (client_ == nullptr && step != Step::none && step != Step::answer) {
    return end_abandoned(EndReason::client_gone);
  }
  switch (step) {
    case Step::none:
    case Step::commit: break;
    case Step::wait: stop_attempt(AttemptResult::cancelled); break;
    case Step::forward:
      stop_attempt(AttemptResult::cancelled);
      start_attempt();
      break;
    case Step::answer: return answer();
  }
  if (!done_) rearm();
}

// Its alarm rang, or it came out of the mailbox. If that moves it on while an attempt is under way,
// the attempt took too long.
void Exchange::wake() {
  Step step = Step::none;
  {
    const Gate::Pass pass(worker_.gate());
    step = route_->chain->wake(*request_);
    // Refused while it waited: ended in the same pass, so that charges are given back exactly.
    if (step == Step::answer && !attempt_.under_way) {
      record_end(end_reason_of(request_->outcome), reply_status(), Source::weir);
    }
    cache_timer();
  }
  if (step != Step::none) stop_attempt(AttemptResult::timeout);
  apply(step);
}

// What the attempt came to. An answer that is here to its end (`whole`) is ended in the same pass
// if the client is to have it: what is left to do is one write.
Step Exchange::on_outcome(const Outcome& outcome, bool whole) {
  const Gate::Pass pass(worker_.gate());
  const Step step = route_->chain->on_outcome(*request_, outcome);
  if (whole && step == Step::commit && client_ != nullptr) {
    record_end(EndReason::complete, outcome.status, Source::service);
  }
  cache_timer();
  return step;
}

void Exchange::on_mail(bool client_gone) {
  if (done_) return;
  if (client_gone && client_ != nullptr && !attempt_.under_way) {
    // Left while it waited: what it was granted goes to the next in line.
    DownstreamConnection* client = client_;
    client->abort(false);
    return on_client_gone();
  }
  wake();
}

// Inside a pass: other workers' requests may move this one's alarm in theirs, and then put it in
// the mailbox.
void Exchange::cache_timer() { alarm_ = request_->inside() ? request_->alarm() : Alarm{}; }

void Exchange::rearm() {
  Alarm alarm = alarm_;
  if (drain_until_ < alarm.at) alarm = {drain_until_, false};
  // One that rings sooner than a coarse alarm wants does: it is then moved. Most requests end
  // before it does, and the next one on this exchange finds it set.
  if (!alarm.exact && armed() && !exact() && deadline() <= alarm.at) return;
  worker_.timers().set(*this, alarm.at, alarm.exact);
}

void Exchange::on_timer() {
  if (done_) return;
  const Time now = read_clock();
  if (now >= drain_until_) return cut_abandoned();
  if (!request_->inside()) return;
  if (now < alarm_.at) return rearm();
  note_upload_progress(now);
  wake();
}

}  // namespace weir
