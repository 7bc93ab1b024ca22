// token_bucket: a quota as a rate with a burst, one bucket for each value of a key.
//
// GCRA (ITU-T I.371, the virtual scheduling algorithm) in integer nanoseconds: a bucket's state is
// one number, the theoretical arrival time (TAT). A request conforms if
//     max(TAT, now) + period <= now + burst * period,
// and then TAT = max(TAT, now) + period. `retry_at` of one that does not is when it would.
//
// Configured tenants have their buckets for good. All other keys share a table of bounded size, in
// which only an idle bucket (TAT <= now: full again) is ever replaced, since that forgets nothing;
// if all the slots that a key may use are taken, it shares one bucket with others of its kind.
//
// On a reload the buckets go on: a debt stays as it is in time, and is cut to the new window (burst
// * period) when the bucket is next touched. What the newest configuration says holds for all
// requests at once, those that began before it too.
//
// A charge is given back whenever the request did not reach the service: within the same pass of
// the gate by restoring TAT; later by subtracting min(period, max(0, c - now)), c being TAT just
// after the charge, since what time has already given back must not be given twice.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "filters/limiter.h"
#include "filters/tenant.h"

namespace weir {

class TokenBucket final : public Limiter {
 public:
  static constexpr std::string_view kKind = "token_bucket";

  struct Params {
    std::size_t key = 0;         // which of Request::keys names the bucket
    bool by_tenant = true;       // the key is `tenant` alone: configured tenants have their own
    std::optional<Quota> quota;  // none: the tenant's own, out of `tenants:`
    std::int64_t max_keys = 65'536;
    std::uint32_t tenants = 0;                  // entries of the tenant table
    std::span<const Tenant> tenant_table = {};  // those; read by the constructor only
  };

  // `max_keys` stays that of `before`.
  TokenBucket(const Params& params, FilterContext context, const TokenBucket* before = nullptr);
  ~TokenBucket() override;

  void activate() override;
  bool serve_waiters(std::size_t& from) override;
  std::string unchanged_parameter() const override;
  Visit& visit(VisitSlot slot) override;
  FilterStats stats(Time now) const override;
  void tenant_stats(const Tenant& tenant, Time now, TenantStats& out) const override;
  std::vector<Reason> reasons() const override { return {Reason::quota_exceeded}; }
  Time ready_at(const Request& request) const override;
  WaitableResource& line_up(Request& request) override;
  const std::int64_t& waiting() const override;

 private:
  struct State;
  class BucketVisit;
  const Quota* quota(const Tenant& tenant) const;

  Params params_;
  std::shared_ptr<State> state_;
  struct Tenants;
  std::shared_ptr<const Tenants> tenants_;
};

}  // namespace weir
