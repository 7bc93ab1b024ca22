// new_keys: how many tenants without an entry one client may bring up (tenant.new_keys).
//
// With `unknown: own` a client that makes up names gets a quota for each of them. This filter has a
// bucket for each client (GCRA, as token_bucket) and charges it for a name that is not known: one
// that had no request within kKnownFor. A name that is known costs nothing, whoever brought it up.
// Over the rate: refused, quota, `new_keys`. What was charged is not given back: the name is there.
//
// weir puts one in front of every chain that has state by tenant; it has no place in `chain:`. All
// chains share it. Names and clients are two tables of a fixed size (KeyTable). A name that finds
// no slot is new each time; clients that find none share a bucket.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "filters/filter.h"
#include "filters/tenant.h"

namespace weir {

class NewKeys final : public Filter {
 public:
  static constexpr std::string_view kKind = "new_keys";
  static constexpr Duration kKnownFor = std::chrono::minutes(10);
  static constexpr std::size_t kNames = 65'536;
  static constexpr std::size_t kClients = 65'536;

  struct Params {
    std::size_t tenant_key = 0;  // which of Request::keys is the tenant's name
    std::size_t client_key = 0;  // and which one the client
    Quota quota;
  };

  NewKeys(const Params& params, FilterContext context, const NewKeys* before = nullptr);
  ~NewKeys() override;

  Visit& visit(VisitSlot slot) override;
  FilterStats stats(Time now) const override;
  std::vector<Reason> reasons() const override { return {Reason::new_keys}; }

 private:
  struct State;
  class NamingVisit;
  // When the request may bring up a name; now or the past: it has.
  Time admit(const Request& request);

  Params params_;
  std::shared_ptr<State> state_;
};

}  // namespace weir
