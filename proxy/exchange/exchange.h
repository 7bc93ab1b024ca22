// One request's life: from a head that passed the guard to the last byte of its answer.
//
//   client → read() → begin(): route, tenant, chain.arrive → attempt → settle → commit → end
//
// It owns the chain's Request, the request's head, and what is held of its body for another
// attempt. It pulls the body from its client's connection as the service takes it, and pushes the
// answer to the client as it comes; either source is stopped while its sink has bytes pending.
//
// The parts: exchange.cc (arrival and the chain's steps), exchange_attempt.cc (a connection to the
// service and what can fail about it), exchange_upload.cc, exchange_download.cc,
// exchange_upgrade.cc (from a request that asks for a tunnel to the 101), exchange_ending.cc,
// exchange_log.cc (its line in the access log).
//
// Owner: its worker, which lends it while a request lasts. Thread: the worker's. It may end inside
// any of its own calls; retiring it is delayed until the stack is unwound, so `done_` can be asked.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "config/snapshot.h"
#include "filters/chain.h"
#include "filters/request.h"
#include "metrics/worker_metrics.h"
#include "proxy/downstream/request_handler.h"
#include "proxy/exchange/exchange_pool.h"
#include "proxy/http/client_address.h"
#include "proxy/http/framing.h"
#include "proxy/http/head.h"
#include "proxy/http/request_id.h"
#include "proxy/http/target.h"
#include "proxy/http/trailers.h"
#include "proxy/http/upgrade.h"
#include "proxy/http1/body_reader.h"
#include "proxy/http1/head_parser.h"
#include "proxy/net/buffer_pool.h"
#include "proxy/net/stream.h"
#include "proxy/net/timers.h"
#include "proxy/upstream/dialer.h"
#include "proxy/upstream/upstream_connection.h"

namespace weir {

class AccessLog;
class DownstreamConnection;
class KeptRecord;
class WorkerContext;
struct AccessRecord;
struct Reply;
struct ReplyContext;

class Exchange final : public RequestHandler,
                       private Timer,
                       private UpstreamUser,
                       private Dialer::Owner {
 public:
  Exchange(WorkerContext& worker, ExchangePool& pool, std::size_t place);
  ~Exchange() override;

  static Exchange& of(Request& request);
  const Settings& settings() const override { return snapshot_ref_->settings(); }
  std::size_t place() const { return place_; }  // among the pool's
  void set_place(std::size_t place) { place_ = place; }

  // --- for the client's connection
  std::size_t find(DownstreamConnection& client, std::string_view bytes) override;
  MessageError read(DownstreamConnection& client, std::string_view text) override;
  void release_unused() override;
  void describe_refused(AccessRecord& record) const override;
  void begin() override;
  void on_client_bytes() override;
  void on_client_backlog() override;
  void on_client_drained() override;
  void on_client_gone() override;
  void on_body_timeout(Time now) override;

  // --- for the worker
  void on_mail(bool client_gone);
  int client_descriptor() const;  // -1 without a client
  void abort_at_drain();          // the drain's time is up

 private:
  struct OwnedRequest final : Request {
    explicit OwnedRequest(Exchange& e) : exchange(e) {}
    std::uint64_t client() const override;
    Exchange& exchange;
  };

  // Of a request's body, to keep its client's connection.
  static constexpr std::uint64_t kWorthReading = 64 << 10;
  static constexpr std::uint16_t kClientGone = 499;  // the code of those that left before the head

  // The client's body on its way to the service.
  struct Upload {
    Framing framing;
    BodyReader reader;
    Trailers trailers;
    ByteQueue held;                  // for another attempt; all of it while request.replayable
    std::size_t replayed = 0;        // of `held`, in this attempt
    bool head_sent = false;          // in this attempt
    bool sent_all = false;           // in this attempt, but for what the socket has pending
    bool broken = false;             // the service does not take any more
    bool expects_continue = false;   // the client waits for 100 before it sends
    Duration patience{0};            // how long it may be waited for, by limits.min_body_rate
    Time awaited_since = kNever;     // it is waited for
    std::uint32_t acknowledged = 0;  // by the service, when its socket was asked last
  };
  // A piece of it.
  struct Piece {
    std::span<char> payload;
    std::size_t consumed = 0;  // of what the client's connection lends
    bool last = false;
  };
  // What one read brought of the answer's body.
  struct Portion {
    std::span<char> payload;
    std::size_t consumed = 0;  // bytes of the body, its coding included
    std::size_t extra = 0;     // bytes behind it
    bool last = false;         // it is whole
  };
  // The service's answer on its way to the client.
  struct Download {
    ByteQueue head_bytes;  // of a head that came in parts
    HeadScan scan;
    BodyReader reader;
    Trailers trailers;  // begun only if the client takes them
    Framing outward;
    std::uint16_t status = 0;
    std::uint16_t interims = 0;       // heads of 1xx in this attempt
    std::uint32_t interim_bytes = 0;  // of all of them
    bool heads_wait = false;          // `head_bytes` may begin with a whole one
    bool switch_waits = false;        // `head_bytes` is a 101 that came before the request's end
    bool head_done = false;
    bool complete = false;
    bool reusable = false;  // as far as the service's own word goes
    bool keeps_client = false;
    bool has_trailers = false;  // that may go on
  };
  struct Attempt {
    Time began{};
    UpstreamConnection* service = nullptr;
    std::uint32_t sent_before = 0;  // bytes that its connection had sent
    bool under_way = false;
    bool counted = false;      // in the metrics
    bool wrote = false;        // at least a byte was handed to a socket
    bool resent = false;       // once more, since a reused connection had died
    bool forced_hold = false;  // `held` has what a dead connection did not take
  };

  // exchange.cc
  void reset();
  void keep_head(std::string_view text);
  MessageError check_head();
  std::uint32_t label() const { return request_->tenant_label; }
  void arrive();
  void forward_as(std::string_view path);
  bool count_client();
  Step enter_chain(Reason refusal);
  void apply(Step step);
  void wake();
  Step on_outcome(const Outcome& outcome, bool whole = false);
  void cache_timer();
  void rearm();
  void on_timer() override;

  // exchange_attempt.cc
  void start_attempt();
  void dial_again();
  void adopt(UpstreamConnection& service);
  void on_dialed(UpstreamConnection& service) override;
  void on_dial_failed() override;
  void fail_attempt(Reason reason);
  void stop_attempt(AttemptResult why);
  void count_attempt(AttemptResult result);
  bool may_resend() const;
  bool is_last_chance() const;
  void on_upstream_connected(NetError /*error*/) override {}
  void on_upstream_end(NetError error) override;
  void on_upstream_backlog() override;
  void on_upstream_drained() override;
  void on_upstream_write_failed() override;

  // exchange_upload.cc
  void rewind_upload();
  void pump_upload();
  bool next_piece(Piece& piece);
  bool read_piece(Piece& piece);
  void await_body();
  void note_arrival();
  void sync_client_wait(Time now);
  void note_upload_progress(Time now);
  void earn_patience(std::size_t bytes);
  bool write_piece(const Piece& piece);
  std::string_view outgoing_head();
  void note_written(std::size_t taken);
  void hold(std::string_view payload);
  void stop_holding();
  void upload_broke(const Piece& piece);
  void refuse_body(MessageError why);

  // exchange_download.cc
  void on_upstream_bytes(char* data, std::size_t size) override;
  void on_upstream_turn() override { read_waiting_heads(); }
  bool read_response_head(std::span<char>& bytes);
  bool take_interim(const Head& head, std::size_t size);
  void relay_interim(const Head& head);
  bool may_read_heads() const;
  void leave_heads_waiting();
  void read_waiting_heads();
  void settle_response(const Head& head, const Framing& framing, std::span<char> rest);
  bool read_portion(std::span<char> bytes, Portion& body);
  void commit(const Head& head, const Framing& framing, const Portion& body);
  void deliver(const Portion& body, std::string_view head);
  void drain_abandoned(const Portion& body, bool good);
  void end_until_close();

  // exchange_upgrade.cc
  Protocols upgrades() const;  // empty: it asks for none
  Reason admit_upgrade();
  std::string_view tunnel_holder() const;
  void give_back_tunnel();
  void hold_switch();
  void resume_switch();
  void open_tunnel(const Head& head, std::span<char> rest);

  // exchange_ending.cc
  void finish_download(std::size_t extra);
  std::uint16_t reply_status() const;
  void answer();
  void reply_max_forwards();
  void send_reply(const Reply& reply, std::uint64_t discard_buffered_body);
  void send_local_reply(std::uint64_t discard_buffered_body);
  ReplyContext reply_context(std::uint64_t discard_buffered_body) const;
  void send_own(const HeadWriter& out, bool keep, std::uint64_t discard_buffered_body);
  void abort_response(EndReason how, Side side);
  void on_client_write_failed();
  void end_abandoned(EndReason how);
  void cut_abandoned();
  void end_request(EndReason how, std::uint16_t code, Source source);
  void record_end(EndReason how, std::uint16_t code, Source source);
  void observe_durations(Time end);
  std::uint64_t discard_buffered_body();
  void finish();

  // exchange_log.cc
  struct RequestTexts;
  void log_access(AccessLog& log);
  void describe_request(AccessRecord& record, RequestTexts& texts) const;
  std::unique_ptr<KeptRecord> keep_record() const;
  void describe_ending(AccessRecord& record) const;
  void add_header_texts(AccessRecord& record, bool referer) const;

  friend class ExchangePool;

  WorkerContext& worker_;
  ExchangePool& pool_;
  Exchange* next_ = nullptr;  // in the pool's list that it is in
  std::size_t place_;
  std::optional<OwnedRequest> request_;
  DownstreamConnection* client_ = nullptr;
  SnapshotRef* snapshot_ref_ = nullptr;
  const Route* route_ = nullptr;

  ByteQueue head_bytes_;
  Head head_;
  Target target_;
  std::string forwarded_origin_;  // what target_.origin shows, where it is not as it came
  RequestIds::Text made_id_{};
  std::string_view request_id_;
  std::uint64_t counted_as_ = 0;  // in SharedState::client_counts; 0: its connection is, or nothing
  bool client_keeps_ = false;     // wants to keep the connection
  bool client_trusted_ = false;   // one of trusted_proxies
  bool asks_upgrade_ = false;
  bool idempotent_ = false;
  bool holds_tunnel_ = false;        // one of upgrades.max is reserved for it
  std::uint64_t tenant_tunnel_ = 0;  // in SharedState::tenant_tunnels; 0: not counted there
  bool done_ = true;
  bool ended_ = false;  // in the ledger

  // For the access log.
  enum class Known : std::uint8_t { nothing, head, target };
  Known known_ = Known::nothing;  // of a head that may be refused
  ClientAddress peer_;
  EndReason ending_ = EndReason::complete;
  std::uint16_t code_ = 0;
  Source source_ = Source::weir;
  MessageError bad_body_{};
  std::uint64_t sent_ = 0;     // of the answer's body, handed to the client's connection
  Duration upstream_time_{0};  // of all attempts, each until its answer's head or its failure
  Duration overhead_{0};

  Upload upload_;
  Download download_;
  Attempt attempt_;
  Dialer dialer_;

  Alarm alarm_;  // that the chain wants, as of the last pass that moved the request
  Time head_came_{};
  Time committing_since_ = kNever;  // its answer is being written for the first time
  Duration spent_{0};          // weir's own time so far, waits included until they are subtracted
  bool forwarded_ = false;     // spent_ holds the way to the first attempt
  std::uint64_t drained_ = 0;  // of an abandoned answer
  Time drain_until_ = kNever;
};

}  // namespace weir
