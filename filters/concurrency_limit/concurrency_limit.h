// concurrency_limit: at most `limit` requests inside at a time, one pool of permits for each value
// of a key, or one for all.
//
// A permit is held from the way inward until the visit is destroyed: when the attempt's last byte
// has been read, or its connection closed. The pool of upstream connections is one of these too,
// innermost in every chain.
//
// Pools of configured tenants live for good; those of other keys stand in a table of bounded size,
// where an idle pool (nothing in use, nobody waiting) may be replaced.
//
// On a reload the pools go on: a smaller limit turns nobody out, and lets nobody in until fewer
// than it are inside. What the newest configuration says holds for all requests at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "filters/limiter.h"

namespace weir {

class ConcurrencyLimit final : public Limiter {
 public:
  static constexpr std::string_view kKind = "concurrency_limit";

  struct Params {
    std::optional<std::int64_t> limit;  // none: the tenant's `concurrency`, unlimited without one
    bool keyed = false;                 // one pool for each value of Request::keys[key]
    bool by_tenant = false;             // the key is `tenant` alone; a tenant's own limit wins
    std::size_t key = 0;
    std::int64_t max_keys = 65'536;
    std::uint32_t tenants = 0;                  // entries of the tenant table
    std::span<const Tenant> tenant_table = {};  // those; read by the constructor only
    Reason reason = Reason::concurrency_limit;
  };

  // `max_keys` stays that of `before`.
  ConcurrencyLimit(const Params& params, FilterContext context,
                   const ConcurrencyLimit* before = nullptr);
  ~ConcurrencyLimit() override;

  void activate() override;
  bool serve_waiters(std::size_t& from) override;
  std::string unchanged_parameter() const override;
  Visit& visit(VisitSlot slot) override;
  FilterStats stats(Time now) const override;
  void tenant_stats(const Tenant& tenant, Time now, TenantStats& out) const override;
  std::vector<Reason> reasons() const override;
  WaitableResource& line_up(Request& request) override;
  const std::int64_t& waiting() const override;

 private:
  struct State;
  class PermitVisit;
  // None: unlimited.
  std::optional<std::int64_t> limit(const Tenant& tenant) const;
  std::uint64_t hash(const Request& request) const;

  Params params_;
  std::shared_ptr<State> state_;
  struct Tenants;
  std::shared_ptr<const Tenants> tenants_;
};

}  // namespace weir
