// Of Exchange: the service's answer on its way to the client.
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "proxy/clock/clock.h"
#include "proxy/context/worker_context.h"
#include "proxy/downstream/downstream_connection.h"
#include "proxy/exchange/exchange.h"
#include "proxy/http/list.h"
#include "proxy/http1/chunk.h"
#include "proxy/http1/parser.h"
#include "proxy/http1/rewrite.h"
#include "proxy/upstream/upstream.h"

namespace weir {

namespace {

constexpr std::uint64_t kDrainBytes = 1 << 20;
// Interim responses (1xx) to one attempt: an answer with more is malformed. 103 comes a few times,
// 102 every few seconds.
constexpr std::uint16_t kMaxInterims = 1000;
constexpr std::uint32_t kMaxInterimBytes = 1 << 20;
// Of them in one turn: then other sockets have theirs.
constexpr int kInterimsAtOnce = 16;

std::optional<std::chrono::seconds> read_seconds(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() || seconds < 0) return std::nullopt;
  return std::chrono::seconds(std::min<std::int64_t>(seconds, 366 * 86'400));
}

// Seconds, or a date (RFC 9110 §10.2.3).
Duration retry_after(const Head& head) {
  const std::string_view value = head.value(FieldId::retry_after);
  if (value.empty()) return Duration{0};
  if (const auto seconds = read_seconds(value)) return *seconds;
  const auto now = std::chrono::floor<std::chrono::seconds>(wall_clock());
  const auto date = parse_date(value, now);
  if (!date) return Duration{0};
  const auto wait = *date - now;
  return std::clamp<Duration>(wait, Duration{0}, std::chrono::hours(366 * 24));
}

// How long the service says it keeps idle connections: Keep-Alive: timeout=5.
Duration idle_promise(const Head& head) {
  Duration promise = Duration::max();
  if (!head.has(FieldId::keep_alive)) return promise;
  for_each_item(head.value(FieldId::keep_alive), [&promise](std::string_view item) {
    if (!equals_ignoring_case(item.substr(0, 8), "timeout=")) return;
    if (const auto seconds = read_seconds(item.substr(8))) promise = *seconds;
  });
  return promise;
}

}  // namespace

void Exchange::on_upstream_bytes(char* data, std::size_t size) {
  std::span<char> bytes(data, size);
  ByteQueue gathered;  // a head that came in parts, and what came behind it
  if (!download_.head_done) {
    if (!download_.head_bytes.empty()) {
      download_.head_bytes.append(worker_.buffers(), {data, size});
      if (download_.heads_wait) return;
      gathered = std::move(download_.head_bytes);
      bytes = gathered.bytes();
    }
    if (!read_response_head(bytes)) {
      // Ended, or there is more to come.
      if (!done_ && attempt_.service != nullptr && !download_.head_done && !bytes.empty()) {
        download_.head_bytes.append(worker_.buffers(), {bytes.data(), bytes.size()});
      }
      return;
    }
  }
  Portion body;
  const bool good = read_portion(bytes, body);
  if (drain_until_ != kNever) return drain_abandoned(body, good);
  if (!good) return abort_response(EndReason::upstream_failed, Side::upstream);
  deliver(body, {});
}

// False: it is malformed.
bool Exchange::read_portion(std::span<char> bytes, Portion& body) {
  BodyReader::Piece piece;
  const BodyReader::Result result = download_.reader.read(bytes.data(), bytes.size(), piece);
  body.payload = bytes.subspan(0, piece.payload);
  body.consumed = piece.consumed;
  body.extra = bytes.size() - piece.consumed;
  body.last = result == BodyReader::Result::done;
  if (piece.is_mostly_framing()) [[unlikely]] {
    if (attempt_.service != nullptr) attempt_.service->read_less();
  }
  return result != BodyReader::Result::bad;
}

// Reads interim heads and the final one. True: `bytes` is what came behind an answer that has begun
// before; false: all has been done, but for `bytes` that are the beginning of a head.
// What was behind a whole one is not among them: the next attempt may be under way already.
bool Exchange::read_response_head(std::span<char>& bytes) {
  const auto max_head = static_cast<std::size_t>(settings().limits.max_head);
  Head& head = worker_.response_head();
  int interims = kInterimsAtOnce;
  while (!bytes.empty()) {
    const std::string_view text(bytes.data(), bytes.size());
    std::size_t size = 0;
    if (!download_.scan.begun()) size = find_response_head(text.substr(0, max_head), head);
    MessageError bad = MessageError::none;
    if (size == 0) {
      const auto found = download_.scan.scan(text, max_head, HeadScan::Kind::response);
      if (found == HeadScan::Found::incomplete) return false;
      size = download_.scan.size();
      bad = found == HeadScan::Found::bad ? download_.scan.bad()
                                          : weir::read_response_head(text.substr(0, size), head);
    }
    Framing framing;
    const bool to_head = head_.method_text() == "HEAD";
    if (bad == MessageError::none) bad = response_framing(head, to_head, framing);
    if (bad == MessageError::none && needs_second_opinion_on_response(head, framing) &&
        !llhttp_agrees_on_response(head, framing, to_head)) {
      bad = MessageError::parsers_disagree;
    }
    if (bad == MessageError::none && head.status == 101 &&
        !switches_as_asked(head_, head, upgrades())) {
      bad = MessageError::bad_status_line;
    }
    if (bad != MessageError::none) {
      bytes = {};
      fail_attempt(Reason::upstream_malformed);
      return false;
    }
    download_.scan.reset();
    if (head.status == 101 && !upload_.sent_all) {
      hold_switch();
      return false;
    }
    bytes = bytes.subspan(size);
    if (head.status == 101) {
      open_tunnel(head, std::exchange(bytes, {}));
      return false;
    }
    if (head.status >= 200) {
      download_.has_trailers = framing.kind == Framing::Kind::chunked && takes_trailers(head_);
      download_.trailers.release();
      if (download_.has_trailers) download_.trailers.begin(worker_.buffers(), head);
      download_.reader.begin(framing, download_.has_trailers ? &download_.trailers : nullptr,
                             BodyReader::ForbiddenTrailers::dropped);
      settle_response(head, framing, std::exchange(bytes, {}));
      return false;
    }
    if (!take_interim(head, size)) {
      bytes = {};
      return false;
    }
    if (--interims == 0 || !may_read_heads()) break;
  }
  if (!bytes.empty()) leave_heads_waiting();
  return false;
}

// False: that was one too many, or nobody is left to hear of it.
bool Exchange::take_interim(const Head& head, std::size_t size) {
  download_.interim_bytes += static_cast<std::uint32_t>(size);
  if (++download_.interims > kMaxInterims || download_.interim_bytes > kMaxInterimBytes) {
    fail_attempt(Reason::upstream_malformed);
    return false;
  }
  relay_interim(head);
  if (client_ == nullptr && !done_ && (drained_ += size) > kDrainBytes) {
    end_abandoned(EndReason::client_gone);
  }
  return !done_;
}

// What is behind them in the same read waits until the client has taken what it was sent, or for
// the next turn.
bool Exchange::may_read_heads() const { return client_ == nullptr || !client_->has_pending(); }

void Exchange::leave_heads_waiting() {
  download_.heads_wait = true;
  attempt_.service->stop_reading();
  attempt_.service->ask_for_turn();
}

void Exchange::read_waiting_heads() {
  if (!download_.heads_wait || attempt_.service == nullptr || !may_read_heads()) return;
  download_.heads_wait = false;
  attempt_.service->start_reading();
  on_upstream_bytes(nullptr, 0);
}

void Exchange::relay_interim(const Head& head) {
  upload_.expects_continue = upload_.expects_continue && head.status != 100;
  if (head_.minor == 0 || client_ == nullptr) return;
  HeadWriter out(worker_.write_scratch());
  write_interim_head(out, head, settings().name);
  std::array<iovec, 1> buffers = {buffer_of(out.text())};
  if (client_->write(buffers) == Stream::Written::failed) return on_client_write_failed();
  if (client_->has_pending()) on_client_backlog();
}

void Exchange::settle_response(const Head& head, const Framing& framing, std::span<char> rest) {
  Portion body;
  // Nothing has been promised to the client yet.
  if (!read_portion(rest, body)) return fail_attempt(Reason::upstream_malformed);
  download_.head_done = true;
  download_.status = head.status;
  download_.reusable = !says_close(head) && framing.kind != Framing::Kind::until_close &&
                       !(framing.kind == Framing::Kind::none && announces_body(head));
  if (head.has(FieldId::keep_alive)) attempt_.service->note_keep_alive(idle_promise(head));
  count_attempt(head.status < 500 ? AttemptResult::response : AttemptResult::server_error);
  const Step step = on_outcome(Outcome::response(head.status, retry_after(head)), body.last);
  worker_.metrics().upstream_duration[route_->index].observe(request_->now - attempt_.began);
  upstream_time_ += request_->now - attempt_.began;
  if (client_ == nullptr) return drain_abandoned(body, true);
  if (step == Step::commit) return commit(head, framing, body);
  // Not this answer. If it is here to its end, its connection can serve the next attempt.
  download_.complete = body.last && body.extra == 0;
  apply(step);
}

void Exchange::commit(const Head& head, const Framing& framing, const Portion& body) {
  request_->committed = true;
  const bool takes_chunks = head_.minor == 1;
  download_.outward = outward_response_framing(framing, takes_chunks);
  // A client that waits for 100 may send its body or not: nobody knows what comes next.
  const bool unclear =
      upload_.expects_continue && !upload_.reader.done() && upload_.reader.received() == 0;
  // An answer that comes before the request's end: nobody waits for that. Two streams are no such
  // thing.
  const bool streams = upload_.framing.kind == Framing::Kind::chunked &&
                       download_.outward.kind == Framing::Kind::chunked;
  const bool early =
      !streams && !upload_.reader.done() && upload_.reader.remaining() > kWorthReading;
  download_.keeps_client = client_keeps_ && !worker_.leaving() && !unclear && !early &&
                           download_.outward.kind != Framing::Kind::until_close;
  HeadWriter out(worker_.write_scratch());
  OutgoingResponse response{head, download_.outward};
  response.describes_body = head_.method_text() == "HEAD" || head.status == 304;
  response.close = !download_.keeps_client;
  response.keep_alive = download_.keeps_client && !takes_chunks;
  response.request_id = request_id_;
  response.name = settings().name;
  if (!head.has(FieldId::date)) response.date = worker_.date();
  response.trailers = download_.has_trailers;
  write_response_head(out, response);
  request_->progress = committing_since_ = request_->now;
  if (!ended_) rearm();
  deliver(body, out.text());
  if (!done_) spent_ += read_clock() - std::exchange(committing_since_, kNever);
}

// Writes a piece of the body on, behind the head if that is still to go.
void Exchange::deliver(const Portion& body, std::string_view head) {
  std::array<iovec, 4> buffers;
  std::size_t n = 0;
  ChunkSize size;
  if (!head.empty()) buffers[n++] = buffer_of(head);
  const bool chunked = download_.outward.kind == Framing::Kind::chunked;
  const std::size_t payload = body.payload.size();
  if (payload != 0) {
    if (chunked) buffers[n++] = buffer_of(size.write(payload));
    buffers[n++] = iovec{body.payload.data(), payload};
    if (head.empty()) request_->progress = read_clock();
  }
  if (chunked) {
    const std::string_view end =
        chunk_end(payload != 0, body.last, download_.trailers, worker_.body_scratch());
    if (!end.empty()) buffers[n++] = buffer_of(end);
  }
  if (n != 0 && client_->write({buffers.data(), n}) == Stream::Written::failed) {
    return on_client_write_failed();
  }
  sent_ += payload;
  if (body.last) return finish_download(body.extra);
  if (client_->has_pending()) on_client_backlog();
}

void Exchange::on_client_backlog() {
  if (attempt_.service != nullptr) attempt_.service->stop_reading();
  // The service is not read, so its silence is the client's doing.
  if (download_.head_done) request_->client_wait_begins(read_clock());
  client_->watch();
}

void Exchange::on_client_drained() {
  if (attempt_.service == nullptr) return;
  if (download_.head_done) sync_client_wait(read_clock());
  attempt_.service->start_reading();
  read_waiting_heads();
}

// The service has closed where that is the end of the body.
void Exchange::end_until_close() {
  if (download_.outward.kind == Framing::Kind::chunked) {
    std::array<iovec, 1> buffers = {buffer_of(chunk_end(false, true))};
    if (client_->write(buffers) == Stream::Written::failed) return on_client_write_failed();
  }
  finish_download(0);
}

// Nobody waits for this answer any more. It is read to its end, if that is not far, so that the
// service can get on with something else.
void Exchange::drain_abandoned(const Portion& body, bool good) {
  drained_ += body.consumed;
  if (good && body.last) {
    download_.complete = true;
    return end_abandoned(EndReason::client_gone);
  }
  if (!good || drained_ > kDrainBytes) end_abandoned(EndReason::client_gone);
}

}  // namespace weir
