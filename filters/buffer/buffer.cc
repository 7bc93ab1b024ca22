#include "filters/buffer/buffer.h"

#include <algorithm>
#include <cmath>

#include "filters/line.h"
#include "filters/random.h"
#include "filters/rate_meter.h"

namespace weir {

struct Buffer::State {
  State(const Params& p, const FilterContext& context)
      : params(p), gate(context.gate), depth(context.labels), random(context.seed) {}

  Params params;
  Gate& gate;
  WaiterList<&Waiter::in_line> line;  // all that have a place, granted ones too until they take it
  std::vector<std::unique_ptr<ResourceQueue>> spare;
  std::vector<ResourceQueue*> shared;  // sub-lines for shared capacity, open
  std::vector<std::shared_ptr<StandingQueueDetector>> watches;

  // Numbers.
  std::vector<std::int64_t> depth;
  double depth_seconds = 0;
  Time depth_since{};
  Histogram wait;
  std::uint64_t entries = 0, full = 0, expired = 0, dropped = 0;
  RateMeter departures;
  Time busy_since{};             // when the queue last got its first one
  std::uint64_t left_since = 0;  // since then
  Random random;

  ResourceQueue& sub_line(WaitableResource& cause);
  void recycle(ResourceQueue& sub);
  void enter_line(Waiter& waiter, Time now);
  void leave_line(Waiter& waiter, Time now);
  void integrate(Time now);
  void note_head(Time now);
  Waiter* shared_head() const;
  double drain_rate(Time now);
  Duration retry_after_hint(std::size_t ahead, Time now);
};

ResourceQueue& Buffer::State::sub_line(WaitableResource& cause) {
  if (ResourceQueue* open = ResourceQueue::find(cause, this)) return *open;
  ResourceQueue* sub;
  if (spare.empty()) {
    sub = new ResourceQueue;
  } else {
    sub = spare.back().release();
    spare.pop_back();
  }
  sub->open(cause, this, params.order == Order::lifo);
  if (cause.shared()) shared.push_back(sub);
  return *sub;
}

void Buffer::State::recycle(ResourceQueue& sub) {
  std::erase(shared, &sub);
  sub.close();
  spare.emplace_back(&sub);
}

void Buffer::State::integrate(Time now) {
  depth_seconds += static_cast<double>(line.size()) * to_seconds(now - depth_since);
  depth_since = now;
}

void Buffer::State::enter_line(Waiter& waiter, Time now) {
  integrate(now);
  if (line.size() == 0) {
    busy_since = now;
    left_since = 0;
  }
  line.insert(waiter);
  ++depth[waiter.request->tenant_label];
}

void Buffer::State::leave_line(Waiter& waiter, Time now) {
  integrate(now);
  line.remove(waiter);
  --depth[waiter.request->tenant_label];
}

Waiter* Buffer::State::shared_head() const {
  Waiter* head = nullptr;
  for (const ResourceQueue* sub : shared) {
    Waiter* oldest = sub->oldest();
    if (head == nullptr || oldest->joined < head->joined) head = oldest;
  }
  return head;
}

// To be called before the head may change.
void Buffer::State::note_head(Time now) {
  if (watches.empty()) return;
  const Waiter* head = shared_head();
  for (const auto& watch : watches) {
    head == nullptr ? watch->was_under(now) : watch->head_seen(head->joined, now);
  }
}

// Requests that leave the queue for a permit or a token, a second. While the meter's window is not
// full of this busy time, what has left since it began is all that says something; one more is
// taken to leave now, so that the first moment has an answer too.
double Buffer::State::drain_rate(Time now) {
  const Duration busy = std::max<Duration>(now - busy_since, std::chrono::milliseconds(1));
  if (busy >= RateMeter::kWindow) return departures.per_second(now);
  return static_cast<double>(left_since + 1) / to_seconds(busy);
}

// When there may be room again: the depth over the rate at which the queue drains, and up to as
// much again, so that a herd of refused clients does not come back as one. Never more than
// max_wait, within which all that wait now are gone.
Duration Buffer::State::retry_after_hint(std::size_t ahead, Time now) {
  const double rate = drain_rate(now);
  const double most = std::clamp(to_seconds(params.max_wait), 0.001, 60.0);
  const double seconds = rate > 0 ? static_cast<double>(ahead) / rate : most;
  const auto bounded = std::chrono::duration<double>(std::clamp(seconds, 0.001, most));
  const auto base = std::chrono::duration_cast<Duration>(bounded);
  return base + random.up_to(std::max<Duration>(base, std::chrono::seconds(1)));
}

class Buffer::WaitingVisit final : public Visit, private Waiter {
 public:
  WaitingVisit(Request& visitor, Buffer& buffer, std::int64_t& waited)
      : Visit(visitor), buffer_(buffer), state_(*buffer.state_), waited_(waited) {
    Waiter::request = &visitor;
  }
  ~WaitingVisit() override {
    if (in_line_) leave_line();
    drop_grant();
    observe();
  }

  Left leave() override;
  Woken wake() override;

 private:
  enum class How : std::uint8_t { full, expired, dropped };

  Request& visitor() const { return *Waiter::request; }
  void line_up(WaitableResource& cause);
  bool make_room_for_key(const WaitableResource& cause);
  bool make_room();
  bool drop(Waiter* oldest);
  void leave_line();
  void leave_sub();
  void be_dropped();
  void refuse(How how);
  void drop_grant() {
    Grant& grant = visitor().grant;
    if (grant.cause != nullptr) WaitableResource::pass_on(grant, state_.gate);
  }
  void observe() {
    if (observed_) return;
    observed_ = true;
    state_.wait.observe(Duration(waited_ - waited_before_));
  }
  void rearm() override;
  void granted(const Grant& grant) override;
  void revoked() override;
  void tell() {
    if (!settling_ && visitor().mailbox != nullptr) visitor().mailbox->put(visitor(), state_.gate);
  }

  Buffer& buffer_;
  State& state_;
  std::int64_t& waited_;  // nanoseconds in this line, over all visits
  std::int64_t waited_before_ = waited_;
  Time expires_ = kNever;
  std::uint64_t left_in_pass_ = 0;  // came out of the line with a grant in this pass
  Duration advice_{0};
  bool in_line_ = false;
  bool dropped_ = false;
  bool settling_ = false;  // its own moment is under way, so nobody needs to tell it anything
  bool observed_ = false;
  bool counted_ = false;  // among the entries
};

Left Buffer::WaitingVisit::leave() {
  drop_grant();
  const Outcome& outcome = visitor().outcome;
  if (outcome.type != Outcome::Type::busy || outcome.limiter == nullptr) {
    observe();
    return Left::outward;
  }
  const Duration left = state_.params.max_wait - Duration(waited_);
  if (left <= Duration{0}) {
    refuse(How::expired);
    return Left::outward;
  }
  WaitableResource& cause = outcome.limiter->line_up(visitor());
  if (!make_room_for_key(cause)) {
    if (outcome.kind == RefusalKind::quota) visitor().outcome.reason = Reason::key_queue_full;
    refuse(How::full);
    return Left::outward;
  }
  // One that had a place a moment ago, and found something else missing, has it still.
  if (left_in_pass_ != visitor().pass && !make_room()) {
    state_.gate.serve_later(cause);  // it may be let go
    refuse(How::full);
    return Left::outward;
  }
  expires_ = saturating_add(now(), left);
  line_up(cause);
  return Left::wait;
}

void Buffer::WaitingVisit::line_up(WaitableResource& cause) {
  state_.note_head(now());
  sub = &state_.sub_line(cause);
  joined = now();
  look_at = kNever;
  sub->add(*this);
  state_.enter_line(*this, now());
  if (!counted_) ++state_.entries;
  counted_ = true;
  in_line_ = true;
  settling_ = true;
  rearm();
  cause.serve(state_.gate);
  settling_ = false;
  if (visitor().grant.cause != nullptr) tell();
}

// True if the newcomer may have a place among those of its key.
bool Buffer::WaitingVisit::make_room_for_key(const WaitableResource& cause) {
  const ResourceQueue* queue = cause.shared() ? nullptr : ResourceQueue::find(cause, &state_);
  const std::int64_t most = visitor().tenant->queue.value_or(state_.params.capacity_per_key);
  if (queue == nullptr || static_cast<std::int64_t>(queue->size()) < most) return true;
  return drop(queue->oldest());
}

// True if the newcomer may have a place.
bool Buffer::WaitingVisit::make_room() {
  if (static_cast<std::int64_t>(state_.line.size()) < state_.params.capacity) return true;
  Waiter* oldest = state_.line.first();
  while (oldest != nullptr && oldest->sub == nullptr) oldest = oldest->in_line.next;
  return drop(oldest);
}

bool Buffer::WaitingVisit::drop(Waiter* oldest) {
  if (state_.params.overflow == Overflow::reject) return false;
  if (oldest == nullptr || before(visitor(), *oldest->request)) return false;
  static_cast<WaitingVisit*>(oldest)->be_dropped();
  return true;
}

void Buffer::WaitingVisit::be_dropped() {
  advice_ = state_.retry_after_hint(state_.line.size(), state_.gate.now());
  leave_line();
  dropped_ = true;
  tell();
}

Woken Buffer::WaitingVisit::wake() {
  if (dropped_) {
    refuse(How::dropped);
    return Woken::outward;
  }
  if (!in_line_) return Woken::stay;
  if (visitor().grant.cause == nullptr && now() >= look_at) {
    look_at = kNever;  // set anew if it is still the head
    settling_ = true;
    sub->cause().serve(state_.gate);
    settling_ = false;
  }
  if (visitor().grant.cause != nullptr) {
    leave_line();
    left_in_pass_ = visitor().pass;
    return Woken::inward;
  }
  if (now() >= expires_) {
    const WaitableResource& cause = sub->cause();
    const auto ahead = static_cast<std::int64_t>(cause.waiters()) - 1;
    visitor().outcome.retry_at =
        saturating_add(cause.ready_at(now()), cause.between_grants() * ahead);
    leave_line();
    refuse(How::expired);
    return Woken::outward;
  }
  set_alarm(std::min(look_at, expires_), look_at <= expires_);
  return Woken::stay;
}

void Buffer::WaitingVisit::rearm() {
  set_alarm(std::min(look_at, expires_), look_at <= expires_);
  tell();
}

void Buffer::WaitingVisit::granted(const Grant& grant) {
  visitor().grant = grant;
  if (sub->cause().shared()) {
    const Time at = state_.gate.now();
    for (const auto& watch : state_.watches) watch->left(at - joined, at);
  }
  leave_sub();
  tell();
}

void Buffer::WaitingVisit::revoked() {
  WaitableResource& cause = *visitor().grant.cause;
  visitor().grant = {};
  state_.note_head(state_.gate.now());
  look_at = kNever;
  sub = &state_.sub_line(cause);
  sub->add(*this);
  rearm();
  state_.gate.serve_later(cause);
}

void Buffer::WaitingVisit::leave_sub() {
  state_.note_head(state_.gate.now());
  sub->remove(*this);
  if (sub->size() == 0) state_.recycle(*sub);
  sub = nullptr;
}

void Buffer::WaitingVisit::leave_line() {
  const Time at = state_.gate.now();
  if (sub != nullptr) {
    // The next in line is to be armed, or the cause to be let go.
    state_.gate.serve_later(sub->cause());
    leave_sub();
  } else {
    visitor().grant.cause->out_of_line(*this);
    state_.departures.add(at);
    ++state_.left_since;
  }
  state_.leave_line(*this, at);
  in_line_ = false;
  clear_alarm();
  waited_ += (at - joined).count();
  visitor().waited += at - joined;
}

// `outcome` is still that of the busy that led here: nothing overwrites it while it waits.
void Buffer::WaitingVisit::refuse(How how) {
  Outcome& outcome = visitor().outcome;
  switch (how) {
    case How::full: ++state_.full; break;
    case How::expired: ++state_.expired; break;
    case How::dropped: ++state_.dropped; break;
  }
  observe();
  outcome.type = Outcome::Type::refused;
  outcome.filter = &buffer_;
  if (outcome.kind == RefusalKind::capacity) {
    outcome.retry_after =
        how == How::dropped ? advice_ : state_.retry_after_hint(state_.line.size(), now());
  } else {
    outcome.retry_at = std::max(outcome.retry_at, now());
  }
}

Buffer::Buffer(const Params& params, FilterContext context, const Buffer* before)
    : Filter(kKind, std::move(context), before),
      params_(params),
      state_(before != nullptr ? before->state_
                               : std::make_shared<State>(params, this->context())) {}

Buffer::~Buffer() = default;

void Buffer::activate() {
  Filter::activate();
  state_->params = params_;
  if (state_->depth.size() < context().labels) state_->depth.resize(context().labels);
}

Visit& Buffer::visit(VisitSlot slot) {
  return slot.make<WaitingVisit>(*this, slot.carried_state());
}

std::vector<Reason> Buffer::reasons() const {
  return {Reason::quota_exceeded, Reason::key_queue_full, Reason::concurrency_limit,
          Reason::upstream_connections};
}

FilterStats Buffer::stats(Time now) const {
  FilterStats out;
  out.queue = std::make_unique<FilterStats::Queue>();
  state_->integrate(now);
  out.queue->capacity = state_->params.capacity;
  out.queue->depth = state_->depth;
  out.queue->depth_seconds = state_->depth_seconds;
  out.queue->entries = state_->entries;
  out.queue->wait = state_->wait;
  out.queue->full = state_->full;
  out.queue->expired = state_->expired;
  out.queue->dropped = state_->dropped;
  return out;
}

void Buffer::tenant_stats(const Tenant& tenant, Time, TenantStats& out) const {
  if (tenant.label < state_->depth.size()) out.waiting += state_->depth[tenant.label];
}

Duration Buffer::retry_after_hint(Time now) const {
  return state_->retry_after_hint(state_->line.size(), now);
}

std::shared_ptr<StandingQueueDetector> Buffer::watch(Duration target) {
  auto& watches = state_->watches;
  std::erase_if(watches, [](const auto& watch) { return watch.use_count() == 1; });
  const auto found = std::find_if(watches.begin(), watches.end(),
                                  [&](const auto& watch) { return watch->target() == target; });
  if (found != watches.end()) return *found;
  return watches.emplace_back(std::make_shared<StandingQueueDetector>(target));
}

Time Buffer::above_target_since(StandingQueueDetector& watch, Time now) const {
  const Waiter* head = state_->shared_head();
  if (head == nullptr) return kNever;
  watch.head_seen(head->joined, now);
  return watch.last_under() < now ? watch.last_under() : kNever;
}

}  // namespace weir
