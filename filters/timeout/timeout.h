// timeout: bounds in time for what is inside it.
//
// `head` runs until the response's head has come; it stands still while weir waits for the client's
// body. `total` runs until the last byte, `idle` between bytes of the response. Outside `retry` it
// is the whole request's deadline, inside it the try's. 504 if the service was tried, else 503
// deadline_in_queue; once the head is out, the response is cut.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "filters/filter.h"

namespace weir {

class Timeout final : public Filter {
 public:
  static constexpr std::string_view kKind = "timeout";

  struct Params {
    std::optional<Duration> head, total, idle;  // at least one
  };

  Timeout(const Params& params, FilterContext context, const Timeout* before = nullptr);

  Visit& visit(VisitSlot slot) override;
  std::vector<Reason> reasons() const override;

 private:
  class TimedVisit;
  Params params_;
};

}  // namespace weir
