#include "tests/support/chain_harness.h"

#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>

#include "filters/siphash.h"

namespace weir::test {

Quota quota(std::int64_t tokens, Duration per, std::int64_t burst) {
  Quota q;
  q.tokens = tokens;
  q.per = per;
  q.burst = burst;
  q.period = std::max(per / tokens, Duration{1});
  q.policy = "test";
  return q;
}

int Exchange::status() const {
  if (streaming()) return outcome.status;
  if (!ended() || ending == EndReason::client_gone) return 0;
  switch (outcome.type) {
    case Outcome::Type::response:
    case Outcome::Type::replied: return outcome.status;
    case Outcome::Type::failure: return 502;
    case Outcome::Type::timed_out: return outcome.reason == Reason::deadline_in_queue ? 503 : 504;
    case Outcome::Type::busy:
    case Outcome::Type::refused: return outcome.kind == RefusalKind::quota ? 429 : 503;
  }
  return 0;
}

class Probe::MarkingVisit final : public Visit {
 public:
  MarkingVisit(Request& request, std::uint32_t bit)
      : Visit(request), exchange_(static_cast<Exchange&>(request)), bit_(bit) {
    exchange_.probes |= bit_;
  }
  ~MarkingVisit() override { exchange_.probes &= ~bit_; }

 private:
  Exchange& exchange_;
  std::uint32_t bit_;
};

Visit& Probe::visit(VisitSlot slot) { return slot.make<MarkingVisit>(1U << index_); }

class ChainHarness::Worker final : public Mailbox {
 public:
  bool told = false;  // there may be mail

 protected:
  void notify() override { told = true; }
};

ChainHarness::ChainHarness(int workers, std::uint64_t seed)
    : seed_(seed), gate_([](void* self) { return static_cast<ChainHarness*>(self)->now_; }, this) {
  for (int i = 0; i < workers; ++i) workers_.push_back(std::make_unique<Worker>());
}

ChainHarness::~ChainHarness() {
  after_pass = nullptr;
  on_end = nullptr;
  mail_held_ = true;
  while (!inside_.empty()) {
    Exchange& x = *inside_.back();
    pass(x, [&] { end(x, EndReason::client_gone); });
  }
}

// --- what the chain is made of

FilterContext ChainHarness::context(std::string_view name, bool enforce) {
  std::string own = name.empty() ? "filter" + std::to_string(++names_) : std::string(name);
  return {.gate = gate_,
          .name = std::move(own),
          .labels = kLabels,
          .seed = ++seed_,
          .enforce = enforce};
}

std::shared_ptr<Buffer> ChainHarness::buffer(const Buffer::Params& params) {
  return std::make_shared<Buffer>(params, context());
}

std::shared_ptr<ConcurrencyLimit> ChainHarness::limit(std::int64_t permits, bool enforce) {
  ConcurrencyLimit::Params params;
  params.limit = permits;
  return std::make_shared<ConcurrencyLimit>(params, context("", enforce));
}

std::shared_ptr<ConcurrencyLimit> ChainHarness::limit_each_tenant(std::int64_t permits) {
  ConcurrencyLimit::Params params;
  params.limit = permits;
  params.keyed = params.by_tenant = true;
  params.tenants = kLabels;
  return std::make_shared<ConcurrencyLimit>(params, context());
}

std::shared_ptr<TokenBucket> ChainHarness::bucket(const Quota& size, bool enforce) {
  TokenBucket::Params params;
  params.quota = size;
  params.tenants = kLabels;
  return std::make_shared<TokenBucket>(params, context("", enforce));
}

std::shared_ptr<TokenBucket> ChainHarness::bucket(const TokenBucket::Params& params) {
  return std::make_shared<TokenBucket>(params, context());
}

std::shared_ptr<Timeout> ChainHarness::timeout(const Timeout::Params& params) {
  return std::make_shared<Timeout>(params, context());
}

Retry::Params ChainHarness::tries(std::int64_t attempts, Duration backoff) {
  Retry::Params params;
  params.attempts = attempts;
  params.on_connect_failure = params.on_reset = params.on_timeout = true;
  params.on_status.set(503);
  params.base = backoff;
  params.full_jitter = false;
  params.budget_per_second = 1000;
  return params;
}

std::shared_ptr<Retry> ChainHarness::retry(const Retry::Params& params) {
  return std::make_shared<Retry>(params, context());
}

std::shared_ptr<LoadShed> ChainHarness::load_shed(const LoadShed::Params& params,
                                                  std::shared_ptr<Buffer> line, bool enforce) {
  return std::make_shared<LoadShed>(params, context("", enforce), std::move(line));
}

Chain& ChainHarness::chain(Filters filters) {
  filters_.insert(filters_.end(), filters.begin(), filters.end());
  chains_.push_back(std::make_unique<Chain>("chain", gate_, std::move(filters)));
  return *chains_.back();
}

Tenant& ChainHarness::tenant(std::string_view name) {
  const auto found = tenants_.find(name);
  if (found != tenants_.end()) return *found->second;
  auto tenant = std::make_unique<Tenant>();
  tenant->name = name;
  tenant->index = static_cast<std::uint32_t>(tenants_.size());
  tenant->label = std::min(tenant->index, kLabels - 1);
  return *tenants_.emplace(name, std::move(tenant)).first->second;
}

// --- the story

void ChainHarness::pass(Exchange& x, const std::function<void()>& act) {
  {
    const Gate::Pass pass(gate_);
    act();
    if (x.inside()) x.next_alarm = x.alarm();
  }
  if (after_pass) after_pass();
}

void ChainHarness::take(Exchange& x, Step step) {
  switch (step) {
    case Step::none: return;
    case Step::forward:
      x.place = Place::at_service;
      x.written = false;
      x.sent_at = now_;
      ++x.sent;
      if (on_send) on_send(x);
      return;
    case Step::wait: x.place = Place::waiting; return;
    case Step::commit:
      x.place = Place::streaming;
      // Nobody is there to read the answer: what is left of it is drained.
      if (x.abandoned) end(x, EndReason::client_gone);
      return;
    case Step::answer: return end(x, end_reason_of(x.outcome));
  }
}

void ChainHarness::end(Exchange& x, EndReason how) {
  x.chain->end(x, how);
  x.place = Place::ended;
  x.ended_at = now_;
  x.next_alarm = {};
  std::erase(inside_, &x);
  if (on_end) on_end(x);
  if (recycle) spare_.push_back(&x);
}

Exchange& ChainHarness::fresh() {
  if (recycle && !spare_.empty()) {
    Exchange* old = spare_.back();
    spare_.pop_back();
    // What the data plane sets before a request arrives; the rest is the chain's to set anew.
    old->replayable = true;
    old->abandoned = old->committed = old->written = false;
    old->reached = 0;
    old->progress = {};
    old->client_wait = Duration{0};
    old->client_wait_since = kNever;
    old->sent = 0;
    old->place = Place::waiting;
    return *old;
  }
  exchanges_.push_back(std::make_unique<Exchange>());
  return *exchanges_.back();
}

Exchange& ChainHarness::arrive(std::string_view tenant_name, Chain* to, int worker) {
  return arrive_with([](Exchange&) {}, tenant_name, to, worker);
}

Exchange& ChainHarness::arrive_with(const std::function<void(Exchange&)>& prepare,
                                    std::string_view tenant_name, Chain* to, int worker) {
  Exchange& x = fresh();
  x.id = next_id_++;
  x.chain = to != nullptr ? to : chains_.back().get();
  x.worker = worker;
  x.tenant = &tenant(tenant_name);
  x.tenant_label = x.tenant->label;
  x.keys[0] = siphash({1, 2}, tenant_name);
  x.method = "GET";
  x.mailbox = workers_[static_cast<std::size_t>(worker)].get();
  prepare(x);
  inside_.push_back(&x);
  pass(x, [&] { take(x, x.chain->arrive(x)); });
  deliver();
  return x;
}

void ChainHarness::write(Exchange& x) {
  if (x.written) return;
  x.written = true;
  ++x.reached;
}

void ChainHarness::settle(Exchange& x, const Outcome& outcome) {
  ASSERT_TRUE(x.at_service()) << "request " << x.id << " is not at the service";
  pass(x, [&] { take(x, x.chain->on_outcome(x, outcome)); });
  deliver();
}

void ChainHarness::head(Exchange& x, std::uint16_t status, Duration retry_after) {
  write(x);
  settle(x, Outcome::response(status, retry_after));
}

void ChainHarness::finish(Exchange& x) {
  ASSERT_TRUE(x.streaming()) << "request " << x.id << " has no response under way";
  pass(x, [&] { end(x, EndReason::complete); });
  deliver();
}

void ChainHarness::respond(Exchange& x, std::uint16_t status) {
  head(x, status);
  if (x.streaming()) finish(x);
}

void ChainHarness::fail(Exchange& x, Reason reason) {
  if (reason != Reason::connect_failure) write(x);
  settle(x, Outcome::failure(reason));
}

void ChainHarness::client_leaves(Exchange& x, bool upload_cut) {
  if (x.at_service() && x.written && !upload_cut) {
    x.abandoned = true;
    return;
  }
  pass(x, [&] { end(x, EndReason::client_gone); });
  deliver();
}

void ChainHarness::wake(Exchange& x) {
  pass(x, [&] { take(x, x.chain->wake(x)); });
  deliver();
}

// --- time and mail

Time ChainHarness::next_alarm() const {
  Time first = kNever;
  for (const Exchange* x : inside_) first = std::min(first, x->next_alarm.at);
  return first;
}

std::vector<Exchange*> ChainHarness::due() const {
  std::vector<Exchange*> found;
  for (Exchange* x : inside_) {
    if (x->next_alarm.at <= now_) found.push_back(x);
  }
  return found;
}

void ChainHarness::advance_to(Time to) {
  int rung = 0;
  for (Time at = next_alarm(); at <= to; at = next_alarm()) {
    rung = at > now_ ? 0 : rung + 1;
    ASSERT_LT(rung, 10'000) << "alarms ring on and on while the time stands still";
    now_ = std::max(now_, at);
    wake(*due().front());
  }
  now_ = std::max(now_, to);
}

bool ChainHarness::deliver_one(int worker) {
  Exchange* x = nullptr;
  {
    const Gate::Pass pass(gate_);
    x = static_cast<Exchange*>(workers_[static_cast<std::size_t>(worker)]->take());
    if (x == nullptr) return false;
    take(*x, x->chain->wake(*x));
    if (x->inside()) x->next_alarm = x->alarm();
  }
  if (after_pass) after_pass();
  return true;
}

void ChainHarness::deliver() {
  if (mail_held_) return;
  int delivered = 0;
  for (bool more = true; more;) {
    more = false;
    for (int i = 0; i < workers(); ++i) {
      Worker& worker = *workers_[static_cast<std::size_t>(i)];
      if (!worker.told) continue;
      worker.told = false;
      while (deliver_one(i)) {
        more = true;
        ASSERT_LT(++delivered, 10'000) << "mail goes round while the time stands still";
      }
    }
  }
}

void ChainHarness::release_mail() {
  mail_held_ = false;
  for (auto& worker : workers_) worker->told = true;
  deliver();
}

std::vector<Exchange*> ChainHarness::mail(int worker) {
  const Gate::Pass pass(gate_);
  Mailbox& box = *workers_[static_cast<std::size_t>(worker)];
  std::vector<Exchange*> found;
  while (Request* request = box.take()) found.push_back(static_cast<Exchange*>(request));
  for (Exchange* x : found) box.put(*x, gate_);
  return found;
}

// --- what there is to see

FilterStats ChainHarness::stats(const Filter& filter) {
  const Gate::Pass pass(gate_);
  return filter.stats(pass.now());
}

std::int64_t ChainHarness::depth(const Filter& filter) {
  const std::vector<std::int64_t> by_label = stats(filter).queue->depth;
  return std::accumulate(by_label.begin(), by_label.end(), std::int64_t{0});
}

std::int64_t ChainHarness::in_use(const Filter& filter) { return stats(filter).permits->in_use; }

std::int64_t ChainHarness::available(const Filter& bucket, std::string_view tenant_name) {
  const Gate::Pass pass(gate_);
  TenantStats out;
  bucket.tenant_stats(tenant(tenant_name), pass.now(), out);
  return out.available;
}

}  // namespace weir::test
