// Tenants and their quotas, as the configuration names them. Immutable once a snapshot is built.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "filters/time.h"

namespace weir {

// A rate with a burst, in the terms of GCRA (ITU-T I.371): one token every `period`, and at most
// `burst` of them at once. The configuration sees to it that window() does not overflow.
struct Quota {
  std::int64_t tokens = 1;  // as configured: `tokens` per `per`
  Duration per{1'000'000'000};
  std::int64_t burst = 1;          // at least 1
  Duration period{1'000'000'000};  // per / tokens, at least 1 ns
  std::string policy;  // what RateLimit-Policy calls it: the tenant's or the filter's name

  // The time that `burst` tokens take to come back.
  Duration window() const { return period * burst; }
};

// The highest priority is served and kept longest.
enum class Priority : std::uint8_t { low, normal, high };

struct Tenant {
  std::string name;            // "*": all tenants that have no entry of their own
  std::uint32_t index = 0;     // 0 … number of entries - 1, "*" included
  std::uint32_t label = 0;     // its place among the `tenant` labels of the metrics; see Labels
  std::uint64_t key_hash = 0;  // what Request::keys has for it where the key is `tenant` alone
  std::optional<Quota> quota;  // none: no quota of its own
  std::optional<std::int64_t> concurrency;
  std::optional<std::int64_t> queue;  // places in a buffer while it waits for its own quota
  std::uint32_t weight = 1;
  Priority priority = Priority::normal;
  bool deny = false;
  bool is_wildcard = false;  // stands for all tenants without an entry of their own: "*"
};

}  // namespace weir
