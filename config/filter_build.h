// What a filter's maker gets besides its own keys: config/filter_kinds.cc.
#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "config/field.h"
#include "config/value.h"
#include "filters/buffer/buffer.h"
#include "filters/filter.h"
#include "filters/tenant.h"

namespace weir {

class FilterBuild {
 public:
  FilterBuild(FilterContext filter_context, std::size_t key_index,
              std::span<const Tenant> tenant_table, std::vector<Priority> priorities,
              std::shared_ptr<Buffer> buffer_inside)
      : context(std::move(filter_context)),
        key(key_index),
        tenants(tenant_table),
        classes(std::move(priorities)),
        line(std::move(buffer_inside)) {}

  FilterContext context;
  std::size_t key;                  // its key's place in Request::keys
  std::span<const Tenant> tenants;  // the tenant table
  std::vector<Priority> classes;    // that the tenants have, lowest first
  std::shared_ptr<Buffer> line;     // the next buffer inside it, if any
  // Of the running snapshot: the same filter, whose state this one goes on with; null: none.
  const Filter* before = nullptr;

  // The filter of the kind F that these make. Where there is one before, it is of that kind too.
  template <typename F, typename... Args>
  std::shared_ptr<Filter> make(const typename F::Params& params, Args&&... args) {
    return std::make_shared<F>(params, std::move(context), std::forward<Args>(args)...,
                               static_cast<const F*>(before));
  }
};

// The fields of a filter's `key:`; empty: it has none.
Key key_of(const Value& params);

// The tokens that come back in a second, at least 1: the default of `burst`.
std::int64_t default_burst(std::int64_t tokens, std::int64_t per);
// Out of `rate` and `burst`; none without a rate.
std::optional<Quota> quota_of(const Value& map, const std::string& policy);
// Why a rate with that burst cannot be counted in 64 bits of nanoseconds; empty: it can.
std::string quota_trouble(const Value& map);
// What a rate by the minute, hour or day comes to without a burst; empty: there is no such.
std::string burst_surprise(const Value& map);

}  // namespace weir
