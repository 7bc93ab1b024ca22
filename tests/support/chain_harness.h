// A chain under a virtual clock: tests tell a story, the harness plays the data plane and the
// service.
//
//   ChainHarness h;
//   h.chain({h.buffer({.capacity = 1}), h.limit(1)});
//   Exchange& first = h.arrive("acme");
//   Exchange& second = h.arrive("acme");
//   h.respond(first, 200);
//   EXPECT_TRUE(second.at_service());
//
// It does what the data plane does: every call is a pass of the gate of its own, a final answer
// ends the request within the pass, the request's alarm is read at the end of the pass, and mail is
// delivered in later passes: at once, or when the test says so (hold_mail), which is how the
// interleavings of several workers are told. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filters/buffer/buffer.h"
#include "filters/chain.h"
#include "filters/concurrency_limit/concurrency_limit.h"
#include "filters/load_shed/load_shed.h"
#include "filters/retry/retry.h"
#include "filters/timeout/timeout.h"
#include "filters/token_bucket/token_bucket.h"

namespace weir::test {

// `tokens` per `per`; the period is rounded as Quota says.
Quota quota(std::int64_t tokens, Duration per, std::int64_t burst);

enum class Place : std::uint8_t { waiting, at_service, streaming, ended };

// A request and what a data plane keeps beside it.
struct Exchange : Request {
  int id = 0;
  Chain* chain = nullptr;
  int worker = 0;
  Place place = Place::waiting;
  Alarm next_alarm;      // as read at the end of the last pass that moved it
  int sent = 0;          // times that it was forwarded
  bool written = false;  // bytes of the current attempt were handed to the service
  Time sent_at{}, ended_at{};
  std::uint32_t probes = 0;       // see Probe
  std::uint64_t client_hash = 0;  // what client() says

  std::uint64_t client() const override { return client_hash; }
  bool waiting() const { return place == Place::waiting; }
  bool at_service() const { return place == Place::at_service; }
  bool streaming() const { return place == Place::streaming; }
  bool ended() const { return place == Place::ended; }
  bool ended_as(EndReason how) const { return ended() && ending == how; }
  bool refused_for(Reason why) const {
    return ended() && outcome.type != Outcome::Type::response && outcome.reason == why;
  }
  // What the client is told: the status follows the kind. 0: nothing (it left, or is not done).
  int status() const;
};

// A filter that only marks who is inside of it: bit `index` of Exchange::probes.
class Probe final : public Filter {
 public:
  Probe(std::uint32_t index, FilterContext context)
      : Filter("probe", std::move(context)), index_(index) {}
  Visit& visit(VisitSlot slot) override;

 private:
  class MarkingVisit;
  std::uint32_t index_;
};

class ChainHarness {
 public:
  using Filters = std::vector<std::shared_ptr<Filter>>;
  static constexpr std::uint32_t kLabels = 16;

  explicit ChainHarness(int workers = 1, std::uint64_t seed = 1);
  ~ChainHarness();  // ends who is still inside

  // --- what the chain is made of
  FilterContext context(std::string_view name = "", bool enforce = true);
  std::shared_ptr<Buffer> buffer(const Buffer::Params& params = {});
  std::shared_ptr<ConcurrencyLimit> limit(std::int64_t permits, bool enforce = true);
  std::shared_ptr<ConcurrencyLimit> limit_each_tenant(std::int64_t permits);
  // One bucket for each tenant, of this size.
  std::shared_ptr<TokenBucket> bucket(const Quota& size, bool enforce = true);
  std::shared_ptr<TokenBucket> bucket(const TokenBucket::Params& params);
  std::shared_ptr<Timeout> timeout(const Timeout::Params& params);
  std::shared_ptr<Timeout> timeout(Duration head) {
    return timeout(Timeout::Params{.head = head, .total = {}, .idle = {}});
  }
  // Without jitter and with as much budget as it takes, unless params say otherwise.
  static Retry::Params tries(std::int64_t attempts, Duration backoff = Duration{0});
  std::shared_ptr<Retry> retry(const Retry::Params& params);
  std::shared_ptr<LoadShed> load_shed(const LoadShed::Params& params = {},
                                      std::shared_ptr<Buffer> line = nullptr, bool enforce = true);
  // The last chain made is the one that requests go to when nothing is said.
  Chain& chain(Filters filters);
  // Found or made by name. By index: entries 0 … kLabels - 1 of the tenant table, all configured.
  Tenant& tenant(std::string_view name);

  // --- the story
  Exchange& arrive(std::string_view tenant_name = "acme", Chain* to = nullptr, int worker = 0);
  Exchange& arrive_with(const std::function<void(Exchange&)>& prepare,
                        std::string_view tenant_name = "acme", Chain* to = nullptr, int worker = 0);
  void write(Exchange& x);  // the first byte goes to the service
  void head(Exchange& x, std::uint16_t status, Duration retry_after = Duration{0});
  void finish(Exchange& x);                               // the response's last byte
  void respond(Exchange& x, std::uint16_t status = 200);  // head and, if it was passed on, finish
  void fail(Exchange& x, Reason reason);                  // of the attempt
  // As rule 9 says; `upload_cut`: its body was still on its way.
  void client_leaves(Exchange& x, bool upload_cut = false);
  void wake(Exchange& x);  // its alarm rings, or for no reason

  Time now() const { return now_; }
  // Rings what is due on the way, in order, and delivers mail.
  void advance(Duration d) { advance_to(now_ + d); }
  void advance_to(Time to);
  void set_clock(Time t) { now_ = t; }  // rings nothing
  Time next_alarm() const;              // kNever: none
  std::vector<Exchange*> due() const;   // whose alarm has rung

  // Until release_mail() nothing is delivered but by deliver_one().
  void hold_mail() { mail_held_ = true; }
  void release_mail();
  bool deliver_one(int worker);
  std::vector<Exchange*> mail(int worker);  // whose mail is there

  // --- what there is to see
  FilterStats stats(const Filter& filter);
  std::int64_t depth(const Filter& filter);   // of a buffer
  std::int64_t in_use(const Filter& filter);  // of a concurrency_limit
  std::int64_t available(const Filter& bucket, std::string_view tenant_name);  // configured ones
  const std::vector<Exchange*>& inside() const { return inside_; }
  Gate& gate() { return gate_; }
  int workers() const { return static_cast<int>(workers_.size()); }

  std::function<void()> after_pass;        // called with the gate open
  std::function<void(Exchange&)> on_send;  // a request has been forwarded
  std::function<void(Exchange&)> on_end;   // inside the pass that ended it
  bool recycle = false;  // an Exchange that ended is used again: references die with on_end

 private:
  class Worker;
  void pass(Exchange& x, const std::function<void()>& act);
  void take(Exchange& x, Step step);
  void end(Exchange& x, EndReason how);
  void settle(Exchange& x, const Outcome& outcome);
  void deliver();
  Exchange& fresh();

  Time now_ = Time(std::chrono::hours(1));
  std::uint64_t seed_;
  Gate gate_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::map<std::string, std::unique_ptr<Tenant>, std::less<>> tenants_;
  std::vector<std::shared_ptr<Filter>> filters_;
  std::vector<std::unique_ptr<Chain>> chains_;
  std::deque<std::unique_ptr<Exchange>> exchanges_;
  std::vector<Exchange*> inside_, spare_;
  int next_id_ = 1;
  int names_ = 0;
  bool mail_held_ = false;
};

}  // namespace weir::test
