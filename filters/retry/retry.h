// retry: another attempt when the first one failed, within a budget.
//
// Decided on the response's head, before a byte has reached the client. The pause before attempt n
// is drawn from [0, min(max, base * 2^(n-1))] ("full jitter": M. Brooker, Exponential Backoff And
// Jitter, 2015) or is that bound; a Retry-After of the service's is kept to if it is longer. The
// budget (after Finagle's RetryBudget) allows a share of the requests of the last ten seconds plus
// a minimum per second; it is drawn on before the pause.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "filters/filter.h"

namespace weir {

class Retry final : public Filter {
 public:
  static constexpr std::string_view kKind = "retry";

  struct Params {
    std::int64_t attempts = 2;  // the first included
    bool on_connect_failure = false, on_reset = false, on_timeout = false;
    std::bitset<600> on_status;
    std::vector<std::string> methods;  // empty: the idempotent ones of RFC 9110 §9.2.2
    Duration base = std::chrono::milliseconds(25), max = std::chrono::seconds(1);
    bool full_jitter = true;
    double budget_share = 0.2;       // of the requests of the last ten seconds
    double budget_per_second = 1;    // besides
    std::int64_t max_body = 65'536;  // bytes; a longer body is not held, so not sent again
  };

  Retry(const Params& params, FilterContext context, const Retry* before = nullptr);
  ~Retry() override;

  void activate() override;
  Visit& visit(VisitSlot slot) override;
  FilterStats stats(Time now) const override;

  std::int64_t replay_limit() const override { return params_.max_body; }

 private:
  struct State;
  class TryingVisit;
  Params params_;
  std::shared_ptr<State> state_;
};

}  // namespace weir
