// The request target and the Host field: what a request is for (RFC 9112 §3.2, RFC 9110 §7.2).
//
// Views into the head that was read. No allocation.
#pragma once

#include <string_view>

#include "proxy/http/head.h"
#include "proxy/http/message_error.h"

namespace weir {

struct Target {
  std::string_view path;       // as it came, without the query; "*" for OPTIONS *
  std::string_view query;      // after the '?'; may be empty
  std::string_view origin;     // path and query: what is forwarded. May lack the leading "/".
  std::string_view authority;  // host and port, of the target or of Host; empty in HTTP/1.0 without
  std::string_view host;       // the authority without its port
};

// Takes the target apart, and holds it against Host. CONNECT is refused here, and TRACE unless it
// is allowed.
MessageError read_target(const Head& head, Target& target, bool allow_trace = false);

}  // namespace weir
