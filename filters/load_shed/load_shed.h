// load_shed: refuses early what there is no capacity for.
//
// Busy for capacity that no buffer inside took becomes a refusal at once; busy for a quota passes.
// With `target_wait`, newcomers are refused as long as the line of the buffer inside stands: its
// wait never fell under the target for the last 100 ms. The lowest priority class of the tenants is
// refused first, the next one as well for every further 100 ms that the line goes on standing.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "filters/buffer/buffer.h"
#include "filters/filter.h"

namespace weir {

class LoadShed final : public Filter {
 public:
  static constexpr std::string_view kKind = "load_shed";
  static constexpr Duration kInterval = std::chrono::milliseconds(100);

  struct Params {
    std::optional<Duration> target_wait;
    std::vector<Priority> classes = {Priority::normal};  // those that tenants have, lowest first
  };

  // `line`: the buffer inside it; needed with target_wait only.
  LoadShed(const Params& params, FilterContext context, std::shared_ptr<Buffer> line,
           const LoadShed* before = nullptr);

  Visit& visit(VisitSlot slot) override;
  std::vector<Reason> reasons() const override;

 private:
  class SheddingVisit;
  Params params_;
  // Whether newcomers of this class are refused, since the line inside stands.
  bool refuses(Priority priority, Time now) const;

  std::shared_ptr<Buffer> line_;
  std::shared_ptr<StandingQueueDetector> watch_;
};

}  // namespace weir
