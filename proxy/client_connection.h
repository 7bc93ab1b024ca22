// One connection from a client: it reads heads, lends its bytes to the exchange that is under way,
// and is what the exchange answers on. One exchange at a time; what comes behind it is kept, up to
// limits.max_head, and then reading pauses.
//
// Owner: itself (see Stream). Between it and its exchange the pointers are cut by whoever goes
// first. While idle it owns no buffer, exchange or parser.
//
// Time bounds, all by one coarse alarm that is set anew lazily, when it rings too early:
// idle_timeout between requests, head_timeout for a head from its first byte, body_timeout for a
// rest of a body that is thrown away and for an answer that the client does not read, 2 s for the
// last goodbye.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "filters/time.h"
#include "proxy/http/client_address.h"
#include "proxy/http/head_guard.h"
#include "proxy/loop/alarms.h"
#include "proxy/loop/stream.h"

namespace weir {

class Exchange;
class Worker;
struct Settings;

class ClientConnection final : public Stream, private AlarmEntry {
 public:
  // Takes the descriptor. It lives until it is closed.
  static void accept(Worker& worker, int fd, bool unix_socket, const ClientAddress& address);

  const ClientAddress& address() const { return address_; }

  // --- for its exchange
  // What has come and has not been taken: of this request's body, or of the next request.
  std::span<char> available();
  void take(std::size_t n);
  // The exchange waits for more of the body, or does not.
  void want_more(Time now);
  void want_nothing() { wants_body_ = false; }
  void pause();
  // An answer is pending, so the socket is asked now and then whether anybody still reads it.
  void watch();
  // The exchange is done; the answer has been handed over. `body_left`: bytes of the request's body
  // that did not come yet; UINT64_MAX: unknown. Does not return to the exchange.
  void exchange_done(bool keep_alive, std::uint64_t body_left);
  // The exchange cannot go on. `reset`: what was sent so far must not be taken for the whole.
  void abort(bool reset);

  // --- for the worker
  void close_if_idle();
  void drop();  // now, exchange or not

 private:
  friend class Worker;
  enum class Phase : std::uint8_t {
    idle,  // not a byte of a request
    head,  // a part of a head
    exchange,
    flush,    // the answer is on its way; then on, or close
    discard,  // the rest of a refused request's body is thrown away
    goodbye,  // closed for writing; what still comes is thrown away
  };
  static constexpr std::uint64_t kDiscardToKeepAlive = 64 << 10;
  static constexpr std::uint64_t kDiscardToClose = 1 << 20;
  static constexpr Duration kGoodbye = std::chrono::seconds(2);
  static constexpr Duration kAskSocket = std::chrono::seconds(1);

  ClientConnection(Worker& worker, const ClientAddress& address);
  ~ClientConnection() override = default;

  void on_read(char* data, std::size_t size) override;
  void on_end(int error) override;
  void on_drained() override;
  void on_write_failed(int error) override;
  void ring() override;

  const Settings& settings() const;
  void process();
  bool read_head();
  bool scan_head(std::string_view text);
  void begin_exchange(Exchange& exchange, std::size_t head_size);
  bool discard();
  void refuse(BadRequest reason);
  void go_on();  // after an answer has been flushed
  void become_idle();
  void say_goodbye();
  void close_now();
  void lose_client();  // it has left, or nobody can write to it
  void bound_reading();
  void set_deadline(Time at);
  void ring_at(Time at);
  void on_deadline(Time now);
  void watch_exchange(Time now);

  Worker& worker_;
  Exchange* exchange_ = nullptr;
  ClientConnection* next_ = nullptr;  // the worker's list
  ClientConnection** back_ = nullptr;
  ByteQueue inbox_;
  std::span<char> fresh_;  // in the scratch, while being read
  std::uint64_t discard_left_ = 0;
  Time deadline_ = kNever;
  Time stuck_since_{};
  HeadScan scan_;
  ClientAddress address_;
  std::uint32_t stuck_bytes_ = 0;  // pending at the last look
  Phase phase_ = Phase::idle;
  bool processing_ = false;
  bool close_after_ = false;   // flush, then goodbye
  bool wants_body_ = false;    // the exchange waits for the client
  bool skipped_line_ = false;  // the empty line that may stand before a head
  bool closed_ = false;
};

}  // namespace weir
