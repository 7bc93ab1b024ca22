// The parts of a chain: filters, and the visits that requests pay them.
//
// A Filter is configuration plus shared state; a Visit is one request's own state at one filter.
// A visit has three moments (enter, leave, wake) and a destructor, which gives back whatever it
// holds; there is no other clean-up path. All of it runs inside a pass of the gate and takes the
// time from Request::now.
//
// The model is that of tower's Service (poll_ready and call), with "not ready" as an outcome.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filters/gate.h"
#include "filters/labeled_counter.h"
#include "filters/outcome.h"
#include "filters/request.h"
#include "filters/time.h"

namespace weir {

class Filter;

// What a visit's moment can end with: a type for each moment, so that a result that makes no sense
// there does not compile. `inward`: go on to the next filter inside; visits further in have been
// destroyed. `outward`: Request::outcome goes on to the filter outside. `wait`: the request waits
// here; visits further in are destroyed. `stay`: there was nothing to do.
enum class Entered : std::uint8_t { inward, outward, wait };
enum class Left : std::uint8_t { inward, outward, wait };
enum class Woken : std::uint8_t { inward, outward, wait, stay };

class Visit {
 public:
  explicit Visit(Request& request) : request_(request) {}
  virtual ~Visit() = default;
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  // The request comes in. Before `outward`, Request::outcome is set.
  virtual Entered enter() { return Entered::inward; }
  // Request::outcome comes from inside: it passes as it is, or changed; or the request waits here,
  // or goes inward again.
  virtual Left leave() { return Left::outward; }
  // The alarm rang, or what the request waited for was granted or answered. All but `stay` end
  // what is under way further in.
  virtual Woken wake() { return Woken::stay; }

  const Alarm& alarm() const { return alarm_; }

 protected:
  Request& request() const { return request_; }
  Time now() const { return request_.now; }
  // One alarm a visit: setting it again moves it.
  void set_alarm(Time at, bool exact = false) { alarm_ = {at, exact}; }
  void clear_alarm() { alarm_ = {}; }
  // Makes the outcome a reply of this filter's own: the moment then ends with `outward`.
  void reply(Filter& filter, std::shared_ptr<const LocalReply> answer);

 private:
  friend class Chain;
  Request& request_;
  Alarm alarm_;
};

// The room for one visit inside a request.
class VisitSlot {
 public:
  VisitSlot(Request& request, std::size_t index) : request_(request), index_(index) {}

  template <typename V, typename... Args>
  Visit& make(Args&&... args) {
    static_assert(sizeof(V) <= kVisitSize && alignof(V) <= alignof(std::max_align_t));
    return *new (request_.slots_[index_].room) V(request_, std::forward<Args>(args)...);
  }
  // What the request has used up at this filter over all its visits; 0 at first.
  std::int64_t& carried_state() const { return request_.spent_[index_]; }

 private:
  Request& request_;
  std::size_t index_;
};

// What every filter is built with.
struct FilterContext {
  Gate& gate;
  std::string name;          // unique among the filters with state; the `filter` label
  std::uint32_t labels = 1;  // number of `tenant` labels of the metrics
  std::uint64_t seed = 1;    // for jitter and for the keys of hash tables
  bool enforce = true;       // false: shadow mode
  // What its state belongs to over all snapshots: kind, name, key. Empty: to none but this filter.
  std::string identity = {};
};

// What a filter can say of itself, for the metrics. Absent parts do not apply to it.
struct FilterStats {
  struct Queue {
    std::int64_t capacity = 0;
    std::vector<std::int64_t> depth;  // by tenant label
    double depth_seconds = 0;         // the time integral of the depth
    std::uint64_t entries = 0;        // requests that had to wait
    Histogram wait;                   // seconds in the line, of all that passed by it
    std::uint64_t full = 0, expired = 0, dropped = 0;
  };
  struct Permits {
    std::int64_t in_use = 0;
    std::int64_t limit = 0;  // with a key: of each
    std::int64_t waiting = 0;
    bool keyed = false;
    double busy_seconds = 0;    // the time integral of `in_use`
    std::uint64_t granted = 0;  // permits that requests have taken
    std::uint64_t denied = 0;   // times that a request found none
  };
  struct Quotas {
    std::vector<std::uint64_t> used;  // tokens used for good, by tenant label
  };
  struct Keys {
    std::int64_t tracked = 0, capacity = 0;
    std::uint64_t overflowed = 0;  // decisions on the state that keys without a slot share
    std::uint64_t over_share = 0;  // of these: since the client had its share of the table
  };
  struct Retries {
    double available = 0;  // that the budget would allow now
    std::array<std::uint64_t, static_cast<std::size_t>(RetryResult::count_)> results{};
  };
  std::unique_ptr<Queue> queue;
  std::unique_ptr<Permits> permits;
  std::unique_ptr<Quotas> quotas;
  std::unique_ptr<Keys> keys;
  std::unique_ptr<Retries> retries;
};

// What a filter says of one tenant, for /tenants.
struct TenantStats {
  const Quota* quota = nullptr;
  std::int64_t available = 0;  // tokens in the tenant's bucket now
  std::int64_t in_use = 0, limit = 0;
  std::int64_t waiting = 0;
};

class Filter {
 public:
  // `before`: whose state and counts this one goes on with, being the same filter in another
  // snapshot; null: it begins anew. Not inside a pass.
  Filter(std::string_view kind, FilterContext context, const Filter* before = nullptr);
  virtual ~Filter() = default;
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  // Its snapshot comes into force: from now on its parameters hold for the state that it shares
  // with the filter before. Inside a pass; a few pointers and numbers. A filter without one before
  // it needs no call.
  virtual void activate();
  // Has those that wait looked at again after that, a bounded number of them from the `from`-th on.
  // Inside a pass. True: there are more, from `from` on.
  virtual bool serve_waiters(std::size_t& /*from*/) { return false; }
  // A parameter that could not change with the reload, and the value that stays; empty: none.
  virtual std::string unchanged_parameter() const { return {}; }

  // Makes the request's visit in `slot`.
  virtual Visit& visit(VisitSlot slot) = 0;
  // Inside a pass; must not take longer than copying what it has.
  virtual FilterStats stats(Time now) const;
  virtual void tenant_stats(const Tenant& tenant, Time now, TenantStats& out) const;
  // The reasons that its refusals can have, so that their series exist from the start.
  virtual std::vector<Reason> reasons() const { return {}; }

  // When it would let such a request in, as far as a quota of its own says; the past: now.
  virtual Time ready_at(const Request& /*request*/) const { return Time::min(); }

  // How much of a request's body it would like to have held, to send it again; bytes.
  virtual std::int64_t replay_limit() const { return 0; }

  std::string_view kind() const { return kind_; }
  const std::string& name() const { return context_.name; }
  bool enforces() const { return context_.enforce; }
  Gate& gate() const { return context_.gate; }

  const std::string& identity() const { return context_.identity; }

 private:
  struct Counts {
    LabeledCounter rejected, shadow_rejected;
  };
  std::shared_ptr<Counts> counts_;

 public:
  // Final refusals in this filter's name, and those that it would have made in shadow mode. The
  // same in all snapshots that the filter lives through.
  LabeledCounter& rejected;
  LabeledCounter& shadow_rejected;

 protected:
  const FilterContext& context() const { return context_; }

 private:
  std::string kind_;
  FilterContext context_;
};

}  // namespace weir
