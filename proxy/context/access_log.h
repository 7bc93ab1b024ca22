// A worker's side of the access log: which requests get a line, and the line.
//
// Owner: the worker, on whose thread all of it runs. No allocation a line; the lines go into a ring
// of the LineLog, which must outlive it. The settings are those that weir started with.
#pragma once

#include <cstdint>

#include "config/snapshot.h"
#include "proxy/http/access_line.h"
#include "proxy/http/client_address.h"
#include "proxy/log/line_log.h"

namespace weir {

enum class MessageError : std::uint8_t;

class AccessLog {
 public:
  AccessLog(const AccessLogSettings& settings, LineLog::Ring& ring);

  // Whether a request that ended so gets a line: all that went wrong, a share of the others.
  bool wants(std::uint16_t status, bool cut);
  bool wants_query() const { return settings_.query; }
  bool wants_header_texts() const;
  void write(const AccessRecord& record);

  // A head that was refused. `record` has what could be read of it.
  void write_refused(MessageError reason, AccessRecord& record, const ClientAddress& peer,
                     std::uint64_t sent);

 private:
  AccessLogSettings settings_;
  LineLog::Ring& ring_;
  std::uint64_t random_;
  std::array<char, kMaxAccessLine> room_;
};

}  // namespace weir
