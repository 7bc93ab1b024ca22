// How many retries may be made: a share of the requests of the last ten seconds, plus a minimum per
// second. After Finagle's RetryBudget, with fixed one-second cells.
#pragma once

#include <array>
#include <cstdint>

#include "filters/time.h"

namespace weir {

class RetryBudget {
 public:
  static constexpr std::size_t kSeconds = 10;

  RetryBudget(double share, double per_second) : share_(share), per_second_(per_second) {}

  // Other terms for the same requests and retries.
  void allow(double share, double per_second) {
    share_ = share;
    per_second_ = per_second;
  }
  void request_came(Time now);
  // Takes one retry, if there is one.
  bool draw(Time now);
  double available(Time now);

 private:
  struct Cell {
    std::uint64_t requests = 0, retries = 0;
  };
  void roll(Time now);
  Cell& current() { return cells_[static_cast<std::size_t>(second_) % kSeconds]; }

  double share_;
  double per_second_;
  std::int64_t second_ = 0;
  std::array<Cell, kSeconds> cells_{};
  Cell sum_;
};

}  // namespace weir
