// An access record that outlives its request, with copies of its texts: for the line of a tunnel,
// which ends long after the request that opened it.
//
// Bounds: of each text it keeps at most what a line can show of it, and a byte more, so that the
// line still says that it was cut; kMaxKeptRecord bytes in all.
#pragma once

#include <cstddef>
#include <string>

#include "proxy/http/access_line.h"

namespace weir {

inline constexpr std::size_t kMaxKeptRecord = 6 << 10;

class KeptRecord {
 public:
  explicit KeptRecord(const AccessRecord& record);
  KeptRecord(const KeptRecord&) = delete;
  KeptRecord& operator=(const KeptRecord&) = delete;

  AccessRecord& record() { return record_; }

 private:
  AccessRecord record_;
  std::string texts_;
};

}  // namespace weir
