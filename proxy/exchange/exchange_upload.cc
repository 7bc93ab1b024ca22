// Of Exchange: the request on its way to the service, its head and its body.
#include <algorithm>
#include <array>
#include <utility>

#include "proxy/clock/clock.h"
#include "proxy/context/worker_context.h"
#include "proxy/downstream/downstream_connection.h"
#include "proxy/exchange/exchange.h"
#include "proxy/http1/chunk.h"
#include "proxy/http1/rewrite.h"
#include "proxy/upstream/upstream.h"

namespace weir {

namespace {

constexpr std::size_t kPiece = 64 << 10;

}  // namespace

void Exchange::rewind_upload() {
  upload_.replayed = 0;
  upload_.head_sent = upload_.sent_all = upload_.broken = false;
  download_.head_done = download_.complete = download_.reusable = download_.switch_waits = false;
  download_.interims = 0;
  download_.interim_bytes = 0;
  download_.heads_wait = false;
  download_.scan.reset();
  download_.head_bytes.release();
}

void Exchange::on_client_bytes() {
  note_arrival();
  pump_upload();
  if (download_.switch_waits) resume_switch();
}

// Sends what there is, until the service's socket is full, the client has nothing more, or all is
// sent.
void Exchange::pump_upload() {
  Piece piece;
  while (!done_ && attempt_.service != nullptr && !upload_.sent_all && !upload_.broken) {
    if (attempt_.service->has_pending()) return on_upstream_backlog();
    if (!next_piece(piece) || !write_piece(piece)) return;
  }
}

// A service that reads slowly tells of itself by what its kernel acknowledges; the socket only once
// a third of its buffer is free.
void Exchange::note_upload_progress(Time now) {
  if (attempt_.service == nullptr || !attempt_.service->has_pending()) return;
  const std::uint32_t before =
      std::exchange(upload_.acknowledged, attempt_.service->acknowledged_bytes());
  if (upload_.acknowledged != before) request_->progress = now;
}

void Exchange::on_upstream_backlog() {
  upload_.acknowledged = attempt_.service->acknowledged_bytes();
  if (client_ != nullptr && !upload_.reader.done()) client_->pause();
}

// False: nothing to send now, or the body was refused.
bool Exchange::next_piece(Piece& piece) {
  piece = {};
  const std::size_t held = upload_.held.size();
  if (upload_.replayed < held) {
    piece.payload =
        upload_.held.bytes().subspan(upload_.replayed, std::min(kPiece, held - upload_.replayed));
    upload_.replayed += piece.payload.size();
    piece.last = upload_.replayed == held && upload_.reader.done();
    return true;
  }
  piece.last = upload_.reader.done();
  if (piece.last) return true;
  if (client_ != nullptr && !client_->available().empty()) return read_piece(piece);
  if (!upload_.head_sent) return true;  // the head alone
  if (client_ == nullptr) return false;
  await_body();
  return false;
}

// Bounded by patience: a leaky bucket of time, body_timeout deep, that waiting empties and bytes
// fill at min_body_rate.
void Exchange::await_body() {
  upload_.awaited_since = read_clock();
  request_->client_wait_begins(upload_.awaited_since);
  // It may be overdrawn, by what came in the moment before the alarm.
  const Duration left = std::max(upload_.patience, Duration{0});
  client_->want_more(saturating_add(upload_.awaited_since, left));
}

void Exchange::note_arrival() {
  if (upload_.awaited_since == kNever) return;
  const Time now = read_clock();
  upload_.patience -= now - std::exchange(upload_.awaited_since, kNever);
  sync_client_wait(now);
}

// Weir waits for the client while it waits for its body, or the client has not taken what is
// written of the answer.
void Exchange::sync_client_wait(Time now) {
  const bool takes_nothing = download_.head_done && client_ != nullptr && client_->has_pending();
  if (upload_.awaited_since == kNever && !takes_nothing) request_->client_wait_ends(now);
}

void Exchange::earn_patience(std::size_t bytes) {
  const Limits& limits = settings().limits;
  const Duration worth{static_cast<std::int64_t>(bytes) * 1'000'000'000 / limits.min_body_rate};
  upload_.patience = std::min(upload_.patience + worth, limits.body_timeout);
}

bool Exchange::read_piece(Piece& piece) {
  const std::span<char> bytes = client_->available();
  BodyReader::Piece read;
  const BodyReader::Result result = upload_.reader.read(bytes.data(), bytes.size(), read);
  const auto max_body = static_cast<std::uint64_t>(settings().limits.max_body);
  if (result == BodyReader::Result::bad) {
    refuse_body(upload_.reader.bad());
    return false;
  }
  if (upload_.reader.received() > max_body) {
    refuse_body(MessageError::body_too_large);
    return false;
  }
  if (result == BodyReader::Result::done &&
      upload_.trailers.any_of(snapshot_ref_->snapshot->deciding_fields)) {
    refuse_body(MessageError::forbidden_trailer);
    return false;
  }
  piece.payload = bytes.subspan(0, read.payload);
  piece.consumed = read.consumed;
  if (read.is_mostly_framing()) client_->read_less();
  earn_patience(read.consumed);
  piece.last = result == BodyReader::Result::done;
  hold({bytes.data(), read.payload});
  return true;
}

// False: the service takes no more for now, or for good.
bool Exchange::write_piece(const Piece& piece) {
  std::array<iovec, 4> buffers;
  std::size_t n = 0;
  ChunkSize size;
  if (!upload_.head_sent) buffers[n++] = buffer_of(outgoing_head());
  const bool chunked = upload_.framing.kind == Framing::Kind::chunked;
  if (!piece.payload.empty()) {
    if (chunked) buffers[n++] = buffer_of(size.write(piece.payload.size()));
    buffers[n++] = iovec{piece.payload.data(), piece.payload.size()};
  }
  if (chunked) {
    const std::string_view end =
        chunk_end(!piece.payload.empty(), piece.last, upload_.trailers, worker_.body_scratch());
    if (!end.empty()) buffers[n++] = buffer_of(end);
  }
  std::size_t taken = 0;
  Stream::Written written = Stream::Written::whole;
  const auto when = is_last_chance() ? Stream::When::at_once : Stream::When::with_others;
  if (n != 0) written = attempt_.service->write({buffers.data(), n}, &taken, when);
  if (n != 0) note_written(taken);
  if (written == Stream::Written::failed) {
    upload_broke(piece);
  } else {
    upload_.head_sent = true;
    upload_.sent_all = piece.last;
  }
  if (piece.consumed != 0 && client_ != nullptr) client_->take(piece.consumed);
  if (written == Stream::Written::failed && attempt_.forced_hold) {
    dial_again();
    return false;
  }
  return written != Stream::Written::failed;
}

void Exchange::note_written(std::size_t taken) {
  if (taken != 0 && !attempt_.wrote) {
    attempt_.wrote = true;
    ++request_->reached;
  }
}

void Exchange::upload_broke(const Piece& piece) {
  upload_.broken = true;
  if (attempt_.wrote || !may_resend()) return;
  // Nothing of it was taken: the piece in hand is kept for a fresh connection, held or not.
  if (!request_->replayable && piece.consumed != 0) {
    upload_.held.append(worker_.buffers(), {piece.payload.data(), piece.payload.size()});
    worker_.shared().buffered_bytes.fetch_add(static_cast<std::int64_t>(piece.payload.size()));
  }
  attempt_.forced_hold = true;
}

std::string_view Exchange::outgoing_head() {
  const Settings& settings = this->settings();
  std::string_view host = target_.authority;
  if (!settings.upstream.host.empty()) {
    host = settings.upstream.host;
  } else if (host.empty()) {  // HTTP/1.0 without Host
    const bool named = settings.upstream.address.kind != Endpoint::Kind::unix_socket;
    host = named ? std::string_view(settings.upstream.address.text) : "localhost";
  }
  std::array<char, 46> address;
  const std::string_view client = client_ != nullptr ? client_->address_text(address) : "";
  HeadWriter out(worker_.write_scratch());
  write_request_head(out, {head_, target_, upload_.framing, host, client, client_trusted_,
                           request_id_, settings.name, takes_trailers(head_), upgrades(),
                           snapshot_ref_->snapshot->deciding_fields});
  return out.text();
}

// Keeps the body for another attempt, as far as the bounds allow.
void Exchange::hold(std::string_view payload) {
  if (payload.empty() || !request_->replayable) return;
  const auto limit = static_cast<std::size_t>(route_->chain->replay_limit());
  if (upload_.held.size() + payload.size() > limit) return stop_holding();
  auto& buffered = worker_.shared().buffered_bytes;
  const auto size = static_cast<std::int64_t>(payload.size());
  if (buffered.fetch_add(size, std::memory_order_relaxed) + size >
      settings().limits.buffered_bytes) {
    buffered.fetch_sub(size, std::memory_order_relaxed);
    return stop_holding();
  }
  upload_.held.append(worker_.buffers(), payload);
  upload_.replayed = upload_.held.size();
}

void Exchange::stop_holding() {
  request_->replayable = false;
  worker_.shared().buffered_bytes.fetch_sub(static_cast<std::int64_t>(upload_.held.size()),
                                            std::memory_order_relaxed);
  upload_.held.release();
  upload_.replayed = 0;
}

void Exchange::on_body_timeout(Time now) {
  const bool silent = now - upload_.awaited_since >= settings().limits.body_timeout;
  refuse_body(silent ? MessageError::body_timeout : MessageError::body_too_slow);
}

}  // namespace weir
