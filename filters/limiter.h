// Limiters: filters that can run out of something, and the causes that requests wait for.
//
// A WaitableResource is one thing that ran out: this pool of permits, this bucket. It exists (or is
// made) when a buffer lines a request up for it, and knows the heads of the lines that wait. Freed
// capacity is granted to the head that arrived first: reserved, counted as used until taken. While
// a cause has waiters, its limiter says busy to everyone who holds no grant: a newcomer never takes
// a freed place. Only who arrived first of all may take over a grant that a later one has not used
// yet. Otherwise two who each hold half of what both need could pass the halves round for ever.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "filters/filter.h"
#include "filters/waiter.h"

namespace weir {

class Limiter;
class ResourceQueue;

class WaitableResource {
 public:
  WaitableResource() = default;
  virtual ~WaitableResource() = default;
  WaitableResource(const WaitableResource&) = delete;
  WaitableResource& operator=(const WaitableResource&) = delete;

  // The count of the requests that wait for one of its limiter's causes.
  virtual std::int64_t& waiting() const = 0;
  // Reserves one unit for somebody in line, if there is one now.
  virtual bool reserve(Time now, Grant& grant) = 0;
  // Takes a unit back that was reserved and not used.
  virtual void give_back(const Grant& grant, Time now) = 0;
  // When to look again though nothing is given back; kNever for permits.
  virtual Time ready_at(Time now) const = 0;
  // Not one key's own. The sign of overload is read off such lines only.
  virtual bool shared() const { return false; }

  // How much later each further waiter's turn comes, as far as is known; 0 for permits.
  virtual Duration between_grants() const { return Duration{0}; }

  bool has_waiters() const { return lines_ != nullptr; }
  // Requests that wait for it, in all queues.
  std::size_t waiters() const;

  // Grants what there is to those that wait, and arms the head for the rest. Enters no visit.
  void serve(Gate& gate);
  // A grant that somebody who arrived after `request` has not used yet: it is the request's now.
  std::optional<Grant> take_over(const Request& request);
  // A waiter that was granted something comes out of its line.
  void out_of_line(Waiter& granted) { granted_waiters_.remove(granted); }
  // The limiter has used a grant of this cause. The cause may be gone afterwards.
  void grant_taken();
  // The grant will not be used: it passes on to the next in line, at the end of this pass.
  static void pass_on(Grant& grant, Gate& gate);

 protected:
  // Nobody waits and no grant is out any more: it may delete itself.
  virtual void unused() = 0;

 private:
  friend class Gate;
  friend class ResourceQueue;
  ResourceQueue* first_in_line() const;
  void check_unused();

  ResourceQueue* lines_ = nullptr;  // one for each buffer that has requests waiting for this
  std::uint32_t granted_ = 0;       // grants that are out
  WaiterList<&Waiter::in_sub> granted_waiters_;  // who has one and is still in line
  bool to_be_served_ = false;
};

class Limiter : public Filter {
 public:
  using Filter::Filter;
  // The cause of a busy that this limiter said to `request`, for it to wait for.
  virtual WaitableResource& line_up(Request& request) = 0;
  // How many requests wait for one of its causes; the very count that they have.
  virtual const std::int64_t& waiting() const = 0;

  // How a visit enters that found nothing left: outward with a busy that names this limiter; in
  // shadow mode inward, counted once a request (`shadowed`: the visits' count of it).
  Entered busy(Request& request, RefusalKind kind, Reason reason, std::int64_t& shadowed);

 protected:
  // Has a few of these causes looked at before the pass ends, from the `from`-th on; true: there
  // are more.
  template <typename C>
  bool serve_some(const std::vector<C*>& open, std::size_t& from) {
    constexpr std::size_t kAtOnce = 64;
    for (std::size_t i = 0; i < kAtOnce && from < open.size(); ++i) {
      gate().serve_later(*open[from++]);
    }
    return from < open.size();
  }
};

}  // namespace weir
