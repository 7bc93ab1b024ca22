// buffer: the bounded line. It turns the busy of the limiters inside it into waiting.
//
// It keeps one sub-line for each cause that its requests wait for, ordered by the requests' first
// arrival (fifo: oldest first, lifo: newest first), so that nobody's wait holds up those who wait
// for something else. Freed capacity is granted to the head of the sub-line (see WaitableResource).
// Outside a concurrency limit this is M/M/c/K with K = limit + capacity; outside a token bucket it
// shapes.
//
// Full or expired is a final refusal with the reason of what was waited for.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "filters/buffer/standing_queue_detector.h"
#include "filters/filter.h"

namespace weir {

class Buffer final : public Filter {
 public:
  static constexpr std::string_view kKind = "buffer";

  enum class Order : std::uint8_t { fifo, lifo };
  enum class Overflow : std::uint8_t {
    reject,       // the newcomer is refused
    drop_oldest,  // the one that waits longest is refused, the newcomer takes its place
  };
  struct Params {
    std::int64_t capacity = 256;
    std::int64_t capacity_per_key = INT64_MAX;    // of these, for one key's own resource
    Duration max_wait = std::chrono::seconds(1);  // the total time in the line
    Order order = Order::fifo;
    Overflow overflow = Overflow::reject;
  };

  // Who waits in `before` goes on waiting, with what is left of the wait that held when he came; a
  // smaller capacity turns nobody out, and lets nobody in until fewer wait.
  Buffer(const Params& params, FilterContext context, const Buffer* before = nullptr);
  ~Buffer() override;

  void activate() override;
  Visit& visit(VisitSlot slot) override;
  FilterStats stats(Time now) const override;
  void tenant_stats(const Tenant& tenant, Time now, TenantStats& out) const override;
  std::vector<Reason> reasons() const override;

  // When a client that is refused for want of capacity may come back: the depth over the rate at
  // which the line drains, with jitter.
  Duration retry_after_hint(Time now) const;

  // Has the line watched for waits that stay above `target`; those for a key of one's own (a
  // tenant's quota, say) do not count. The watch is read with above_target_since, and ends when
  // nobody holds it any more. Inside a pass.
  std::shared_ptr<StandingQueueDetector> watch(Duration target);
  // Since when no wait for shared capacity has been under the watch's target, the age of the line's
  // head counting as a wait; kNever while it is not so, or nobody waits.
  Time above_target_since(StandingQueueDetector& watch, Time now) const;

 private:
  struct State;
  class WaitingVisit;
  Params params_;
  std::shared_ptr<State> state_;
};

}  // namespace weir
