// One connection from a client: it reads heads, lends its bytes to the exchange that is under way,
// and is what the exchange answers on. One exchange at a time; what comes behind it is kept, up to
// limits.max_head, and then reading pauses.
//
// Owner: itself (see Stream). Between it and its exchange the pointers are cut by whoever goes
// first. While idle it owns no buffer, exchange or parser.
//
// Time bounds, all by one coarse alarm that is set anew lazily, when it rings too early:
// idle_timeout between requests, head_timeout for a head from its first byte, body_timeout and
// min_body_rate for a body (its exchange says until when), body_timeout for a rest of a body that
// is thrown away, send_timeout for an answer that the client does not read, 2 s for the last
// goodbye.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "filters/time.h"
#include "proxy/http/client_address.h"
#include "proxy/http1/head_parser.h"
#include "proxy/net/stream.h"
#include "proxy/net/timers.h"

namespace weir {

class DownstreamHost;
class RequestHandler;
class Tunnel;
class Worker;
struct Settings;

class DownstreamConnection final : public Stream, private Timer {
 public:
  // Takes the descriptor. It lives until it is closed. `counted_as`: in SharedState::client_counts,
  // given back then; 0: not counted.
  static void accept(DownstreamHost& worker, int fd, const ClientAddress& address,
                     std::uint64_t counted_as);

  const ClientAddress& address() const { return address_; }
  std::string_view address_text(std::array<char, 46>& room) const {
    if (short_text_size_ == 0) return address_.text(room);
    return {short_text_.data(), short_text_size_};
  }

  // --- for its exchange
  // What has come and has not been taken: of this request's body, or of the next request.
  std::span<char> available();
  void take(std::size_t n);
  // The exchange waits for more of the body, until then; or does not.
  void want_more(Time until);
  void want_nothing() { wants_body_ = false; }
  void pause();
  // An answer is pending, so the socket is asked now and then whether anybody still reads it.
  void watch();
  // The exchange is done; the answer has been handed over. `body_left`: bytes of the request's body
  // that did not come yet; UINT64_MAX: unknown. Does not return to the exchange.
  void exchange_done(bool keep_alive, std::uint64_t body_left);
  // The exchange, or the tunnel, cannot go on. `reset`: what was sent so far must not be taken for
  // the whole.
  void abort(bool reset);
  // The exchange is done, and what comes from now on is the tunnel's; so is what has come already.
  ByteQueue become_tunnel(Tunnel& tunnel);

  // --- for the worker
  // In a drain: it is closed once it has been idle for drain.grace, as from `now`.
  void begin_grace(Time now);
  void close_if_idle();
  void evict();                                         // one that has no request under way
  DownstreamConnection* next() const { return next_; }  // in the worker's list
  // Its request is the first one: its sender does not expect that it may have to repeat it.
  bool first_request() const { return first_request_; }
  // Between two requests, with nothing of the next one.
  bool is_idle() const { return phase_ == Phase::idle && inbox_.empty() && !has_unread_event(); }
  // Has no request under way either: a part of a head, or the rest of a request that was answered.
  bool is_incomplete() const {
    return phase_ == Phase::head || phase_ == Phase::discard || phase_ == Phase::lingering;
  }
  // The earlier, the longer it has been so.
  Time waits_until() const { return deadline_; }
  void drop();  // now, exchange or not

 private:
  friend class Worker;
  enum class Phase : std::uint8_t {
    idle,  // not a byte of a request
    head,  // a part of a head
    exchange,
    tunnel,     // bytes; nothing else is this class's any more
    flush,      // the answer is on its way; then on, or close
    discard,    // the rest of a refused request's body is thrown away
    lingering,  // closed for writing; what still comes is thrown away
  };
  // Heads that are read in one turn, of 4 KiB each; a larger one counts as several. So a connection
  // with a thousand requests gets the same turn as one with one, and no more exchanges than this at
  // a time.
  static constexpr int kHeadsAtOnce = 4;
  static constexpr std::size_t kHeadOfOne = 4 << 10;
  static constexpr std::uint64_t kDiscardToKeepAlive = 64 << 10;
  static constexpr std::uint64_t kDiscardToClose = 1 << 20;
  static constexpr Duration kLingerCheck = std::chrono::seconds(2);  // between two looks
  static constexpr Duration kAskSocket = std::chrono::seconds(1);

  DownstreamConnection(DownstreamHost& worker, const ClientAddress& address,
                       std::uint64_t counted_as);
  ~DownstreamConnection() override = default;

  std::size_t read_room() const override;
  void on_read(char* data, std::size_t size) override;
  void on_end(NetError error) override;
  void on_backlog() override;
  void on_drained() override;
  void on_turn() override;
  void on_write_failed() override;
  void on_timer() override;

  const Settings& settings() const;
  void process();
  void leave_for_next_turn();
  bool read_head();
  bool scan_head(std::string_view text);
  void begin_exchange(RequestHandler& exchange, std::size_t head_size);
  bool discard();
  void refuse(MessageError reason, const RequestHandler* refused = nullptr);
  void await_flush();  // of an answer that the socket has not taken yet
  void go_on();        // behind it
  void become_idle();
  void begin_lingering_close();
  void linger(Time now);
  void close_now();
  void lose_client();  // it has left, or nobody can write to it
  void bound_reading();
  void set_deadline(Time at);
  void arm_at(Time at);
  void on_deadline(Time now);
  void watch_exchange(Time now);
  bool is_stuck(Time now);
  void drop_stuck();

  DownstreamHost& worker_;
  RequestHandler* exchange_ = nullptr;
  Tunnel* tunnel_ = nullptr;
  DownstreamConnection* next_ = nullptr;  // the worker's list
  DownstreamConnection** back_ = nullptr;
  ByteQueue inbox_;
  std::span<char> fresh_;  // what on_read() brought and nobody has taken yet, while it lasts
  std::uint64_t discard_left_ = 0;
  std::uint64_t discard_left_before_ = 0;  // in Phase::lingering, when it was looked at last
  Time deadline_ = kNever;
  std::uint64_t counted_as_;
  Time stuck_since_ = kNever;  // that the client has taken nothing of its answer; kNever: it does
  HeadScan scan_;
  ClientAddress address_;
  std::array<char, 15> short_text_;  // of the address: any of IPv4
  std::uint8_t short_text_size_ = 0;
  std::uint32_t stuck_at_ = 0;  // what it had taken then
  Phase phase_ = Phase::idle;
  int heads_left_ = 0;  // that may be read in this turn
  bool processing_ = false;
  bool close_after_ = false;   // flush, then goodbye
  bool wants_body_ = false;    // the exchange waits for the client
  bool skipped_line_ = false;  // the empty line that may stand before a head
  bool closed_ = false;
  bool first_request_ = true;
};

}  // namespace weir
