// Standard output or standard error, which lead to a file, or to a terminal, pipe or socket that
// another process reads, or does not read.
//
// write() waits for that reader, but never holds up the end of this process: once TERM or INT is
// pending (while they are blocked), or end() was called, it waits for kLastWords in all, and what
// cannot be written is lost.
//
// Allocates nothing. Threads: one for write(), any for end().
#pragma once

#include <atomic>
#include <string_view>

#include "filters/time.h"
#include "proxy/log/line_sink.h"

namespace weir {

class StandardStream {
 public:
  explicit StandardStream(LineSink::Standard which) { sink_.open(which); }

  // False: not all of it could be written.
  bool write(std::string_view text);
  // The process ends: kLastWords from now.
  void end();

 private:
  bool may_write();
  Time give_up_at() const { return Time{Duration{give_up_at_.load()}}; }

  LineSink sink_;
  std::atomic<std::int64_t> give_up_at_{kNever.time_since_epoch().count()};  // as Time
};

}  // namespace weir
