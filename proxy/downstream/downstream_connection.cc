#include "proxy/downstream/downstream_connection.h"

#include <algorithm>
#include <array>
#include <unistd.h>
#include <utility>

#include "proxy/clock/clock.h"
#include "proxy/context/access_log.h"
#include "proxy/context/worker_context.h"
#include "proxy/downstream/request_handler.h"
#include "proxy/downstream/tunnel.h"
#include "proxy/http/access_line.h"
#include "proxy/http/reply.h"

namespace weir {

DownstreamConnection::DownstreamConnection(DownstreamHost& worker, const ClientAddress& address,
                                           std::uint64_t counted_as)
    : Stream(worker.poller()), worker_(worker), counted_as_(counted_as), address_(address) {
  std::array<char, 46> room;
  const std::string_view text = address.text(room);
  if (text.size() <= short_text_.size()) {
    std::ranges::copy(text, short_text_.begin());
    short_text_size_ = static_cast<std::uint8_t>(text.size());
  }
  worker_.add(*this);
}

void DownstreamConnection::accept(DownstreamHost& worker, int fd, const ClientAddress& address,
                                  std::uint64_t counted_as) {
  auto* client = new DownstreamConnection(worker, address, counted_as);
  if (client->open(fd) != NetError::none) return client->close_now();
  client->become_idle();
}

// Of the request that is under way, else what new ones begin with.
const Settings& DownstreamConnection::settings() const {
  return exchange_ != nullptr ? exchange_->settings() : worker_.snapshot().settings;
}

// --- bytes

std::span<char> DownstreamConnection::available() {
  return fresh_.empty() ? inbox_.bytes() : fresh_;
}

void DownstreamConnection::take(std::size_t n) {
  if (fresh_.empty()) return inbox_.drop(n);
  fresh_ = fresh_.subspan(n);
}

// What nobody can take yet is kept: never more than a read brings, or than a head may have.
std::size_t DownstreamConnection::read_room() const {
  if (inbox_.empty()) return Poller::kLargeBuffer;
  const auto max_head = static_cast<std::size_t>(settings().limits.max_head);
  const std::size_t most = std::max(max_head, Poller::kLargeBuffer);
  return std::clamp<std::size_t>(most - std::min(most, inbox_.size()), 1, Poller::kLargeBuffer);
}

void DownstreamConnection::on_read(char* data, std::size_t size) {
  if (phase_ == Phase::tunnel) return tunnel_->on_client_bytes(data, size);
  // In Phase::flush only what is owed: what comes behind a whole request is kept, so that the end
  // knows of it and lingers.
  if (phase_ == Phase::lingering ||
      (phase_ == Phase::flush && close_after_ && discard_left_ != 0)) {
    discard_left_ -= std::min<std::uint64_t>(discard_left_, size);
    if (discard_left_ == 0) phase_ == Phase::lingering ? close_now() : stop_reading();
    return;
  }
  if (inbox_.empty()) {
    fresh_ = {data, size};
  } else {
    inbox_.append(worker_.buffers(), {data, size});
  }
  process();
  if (const std::span<char> rest = std::exchange(fresh_, {}); !rest.empty()) {
    if (!closed_ && phase_ != Phase::lingering) {
      inbox_.append(worker_.buffers(), {rest.data(), rest.size()});
    }
  }
  bound_reading();
}

// What nobody can take yet is kept up to a bound.
void DownstreamConnection::bound_reading() {
  if (closed_ || inbox_.empty() || phase_ == Phase::lingering) return;
  const auto bound = static_cast<std::size_t>(settings().limits.max_head);
  if (inbox_.size() < bound || wants_body_) return;
  pause();
}

void DownstreamConnection::pause() {
  stop_reading();
  // Nothing tells of a client that leaves while its socket is not read, so it is asked.
  watch();
}

void DownstreamConnection::watch() { arm_at(read_clock() + kAskSocket); }

void DownstreamConnection::want_more(Time until) {
  wants_body_ = true;
  start_reading();
  set_deadline(until);
}

// Moves on as far as what has come allows. Never entered twice: an exchange that ends inside of it
// only changes the phase.
void DownstreamConnection::process() {
  if (processing_) return;
  processing_ = true;
  heads_left_ = kHeadsAtOnce;
  bool more = true;
  while (more && !closed_) {
    switch (phase_) {
      case Phase::idle:
      case Phase::head:
        if (available().empty()) {
          more = false;
        } else if (heads_left_ <= 0) {
          return leave_for_next_turn();
        } else {
          more = read_head();
        }
        break;
      case Phase::exchange:
        wants_body_ = false;
        exchange_->on_client_bytes();
        more = phase_ != Phase::exchange;
        break;
      case Phase::discard: more = discard(); break;
      case Phase::tunnel:
      case Phase::flush:
      case Phase::lingering: more = false; break;
    }
  }
  processing_ = false;
}

void DownstreamConnection::leave_for_next_turn() {
  processing_ = false;
  stop_reading();
  ask_for_turn();
}

void DownstreamConnection::on_turn() {
  if (phase_ != Phase::idle && phase_ != Phase::head) return;
  start_reading();
  process();
  bound_reading();
}

// True: an exchange has begun, and may have ended again.
bool DownstreamConnection::read_head() {
  std::span<char> bytes = available();
  if (!scan_.begun() && !skipped_line_ && bytes.size() >= 2 && bytes[0] == '\r' &&
      bytes[1] == '\n') {
    skipped_line_ = true;  // RFC 9112 §2.2: at least one empty line is to be ignored
    take(2);
    return true;
  }
  const std::string_view text(bytes.data(), bytes.size());
  if (!scan_.begun()) {
    RequestHandler& exchange = worker_.take_handler();
    if (const std::size_t size = exchange.find(*this, text); size != 0) {
      begin_exchange(exchange, size);
      return true;
    }
    exchange.release_unused();
  }
  return scan_head(text);
}

// A head that comes in parts, or that something is wrong with.
bool DownstreamConnection::scan_head(std::string_view text) {
  const auto max_head = static_cast<std::size_t>(settings().limits.max_head);
  // Of one byte alone nobody can say yet whether it begins that line.
  const bool half_line = text == "\r" && !skipped_line_;
  const auto found =
      half_line ? HeadScan::Found::incomplete : scan_.scan(text, max_head, HeadScan::Kind::request);
  if (found == HeadScan::Found::bad) {
    refuse(scan_.bad());
    return false;
  }
  if (found == HeadScan::Found::incomplete) {
    if (phase_ == Phase::idle) {
      phase_ = Phase::head;
      set_deadline(saturating_add(read_clock(), settings().limits.head_timeout));
    }
    return false;
  }
  const std::size_t size = scan_.size();
  RequestHandler& exchange = worker_.take_handler();
  const MessageError bad = exchange.read(*this, text.substr(0, size));
  if (bad != MessageError::none) {
    scan_.reset();
    refuse(bad, &exchange);
    exchange.release_unused();
    return false;
  }
  begin_exchange(exchange, size);
  return true;
}

void DownstreamConnection::begin_exchange(RequestHandler& exchange, std::size_t head_size) {
  heads_left_ -= 1 + static_cast<int>(head_size / kHeadOfOne);
  scan_.reset();
  skipped_line_ = false;
  take(head_size);
  phase_ = Phase::exchange;
  exchange_ = &exchange;
  deadline_ = kNever;
  exchange.begin();
}

// A head that is none: answered, and closed, since nobody knows where the next one would begin.
// `refused`: who has read what could be read of it.
void DownstreamConnection::refuse(MessageError reason, const RequestHandler* refused) {
  worker_.metrics().bad_requests[static_cast<std::size_t>(reason)].add();
  HeadWriter out(worker_.write_scratch());
  ReplyContext context;
  context.name = settings().name;
  context.date = worker_.date();
  context.close = true;
  // The method is known as soon as it has come, whatever is wrong with the rest.
  const std::span<char> bytes = available();
  context.head_request = std::string_view(bytes.data(), bytes.size()).starts_with("HEAD ");
  write_reply(out, worker_.body_scratch(), reply_to(reason), context);
  std::array<iovec, 1> buffers = {buffer_of(out.text())};
  const bool written = write(buffers) != Written::failed;
  if (AccessLog* log = worker_.access_log()) {
    AccessRecord record;
    if (refused != nullptr) refused->describe_refused(record);
    log->write_refused(reason, record, address_, out.body_size());
  }
  if (!written) return close_now();
  exchange_done(false, reason == MessageError::body_too_large ? UINT64_MAX : kDiscardToClose);
}

bool DownstreamConnection::discard() {
  const auto n =
      static_cast<std::size_t>(std::min<std::uint64_t>(discard_left_, available().size()));
  if (n != 0) take(n);
  discard_left_ -= n;
  if (discard_left_ != 0) return false;
  become_idle();
  return true;
}

// --- from one exchange to the next

void DownstreamConnection::exchange_done(bool keep_alive, std::uint64_t body_left) {
  exchange_ = nullptr;
  wants_body_ = false;
  first_request_ = false;
  close_after_ = !keep_alive || body_left > kDiscardToKeepAlive;
  discard_left_ = body_left;
  if (close_after_ && body_left != 0) {
    // Its client goes on sending, and may read the answer only behind that.
    const auto most = static_cast<std::uint64_t>(settings().limits.max_body);
    discard_left_ = std::min(body_left, most) + kDiscardToClose;
  }
  // What ends here has to be seen to arrive first.
  if (close_after_) flush();
  if (has_pending()) return await_flush();
  go_on();
}

void DownstreamConnection::await_flush() {
  phase_ = Phase::flush;
  stuck_at_ = acknowledged_bytes();
  if (close_after_ && discard_left_ != 0) start_reading();
  set_deadline(saturating_add(read_clock(), settings().limits.send_timeout));
}

void DownstreamConnection::go_on() {
  if (close_after_) return begin_lingering_close();
  if (discard_left_ != 0) {
    phase_ = Phase::discard;
    start_reading();
    set_deadline(saturating_add(read_clock(), settings().limits.body_timeout));
  } else {
    become_idle();
  }
  process();
}

void DownstreamConnection::become_idle() {
  phase_ = Phase::idle;
  start_reading();
  const Time now = worker_.turn_time();
  set_deadline(saturating_add(now, settings().limits.idle_timeout));
  if (worker_.draining()) begin_grace(now);
}

// Its next request may be on the way: that one is still answered, with Connection: close.
void DownstreamConnection::begin_grace(Time now) {
  if (phase_ != Phase::idle) return;
  set_deadline(std::min(deadline_, saturating_add(now, settings().drain_grace)));
}

// Closes so that the answer arrives: a reset, which unread bytes would cause, might overtake it
// (RFC 9112 §9.6). It lasts as long as the client goes on reading or sending.
void DownstreamConnection::begin_lingering_close() {
  const bool clean = discard_left_ == 0 && available().empty();
  phase_ = Phase::lingering;
  inbox_.release();
  if (clean) return close_now();
  discard_left_ = std::max(discard_left_, kDiscardToClose);
  discard_left_before_ = discard_left_;
  stuck_at_ = acknowledged_bytes();
  stuck_since_ = kNever;
  shut_down();
  start_reading();
  set_deadline(read_clock() + kLingerCheck);
}

ByteQueue DownstreamConnection::become_tunnel(Tunnel& tunnel) {
  exchange_ = nullptr;
  tunnel_ = &tunnel;
  phase_ = Phase::tunnel;
  wants_body_ = false;
  // Of the read that brought the request's end, what is behind it.
  const std::span<char> rest = std::exchange(fresh_, {});
  inbox_.append(worker_.buffers(), {rest.data(), rest.size()});
  return std::move(inbox_);
}

void DownstreamConnection::abort(bool reset) {
  exchange_ = nullptr;
  tunnel_ = nullptr;
  if (reset) close_reset();
  close_now();
}

void DownstreamConnection::close_now() {
  if (closed_) return;
  closed_ = true;
  worker_.timers().cancel(*this);
  worker_.remove(*this);
  if (counted_as_ != 0) worker_.shared().client_counts.remove(counted_as_);
  inbox_.release();
  close();
}

void DownstreamConnection::lose_client() {
  RequestHandler* exchange = exchange_;
  exchange_ = nullptr;
  if (has_pending()) close_reset();  // so that the kernel keeps nothing for it
  close_now();
  if (exchange != nullptr) exchange->on_client_gone();
}

// What it has not read of its last answer would stay in the kernel for as long as it likes.
void DownstreamConnection::evict() {
  if (has_unacknowledged()) close_reset();
  close_now();
}

void DownstreamConnection::close_if_idle() {
  if (is_idle()) close_now();
}

void DownstreamConnection::drop() {
  if (phase_ == Phase::tunnel) return tunnel_->cut();
  lose_client();
}

// --- events

void DownstreamConnection::on_end(NetError error) {
  if (phase_ == Phase::tunnel) return tunnel_->on_client_end(error);
  // The client may close its side and still read the answer to what it had sent.
  if (phase_ == Phase::flush && error == NetError::end_of_stream) {
    close_after_ = true;
    discard_left_ = 0;
    return;
  }
  lose_client();
}

void DownstreamConnection::on_drained() {
  if (phase_ == Phase::tunnel) return tunnel_->on_client_drained();
  if (phase_ == Phase::exchange) {
    exchange_->on_client_drained();
  } else if (phase_ == Phase::flush) {
    go_on();
    bound_reading();
  }
}

// An answer that had been taken for sent: as if it had been pending from the start.
void DownstreamConnection::on_backlog() {
  switch (phase_) {
    case Phase::tunnel: return tunnel_->on_client_backlog();
    case Phase::exchange: return exchange_->on_client_backlog();
    case Phase::idle:
    case Phase::discard: return await_flush();
    default: break;
  }
}

void DownstreamConnection::on_write_failed() {
  if (phase_ == Phase::tunnel) return tunnel_->on_client_write_failed();
  lose_client();
}

}  // namespace weir
