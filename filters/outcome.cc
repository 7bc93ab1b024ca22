#include "filters/outcome.h"

namespace weir {

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::none: return "none";
    case Reason::quota_exceeded: return "quota_exceeded";
    case Reason::key_queue_full: return "key_queue_full";
    case Reason::new_keys: return "new_keys";
    case Reason::concurrency_limit: return "concurrency_limit";
    case Reason::upstream_connections: return "upstream_connections";
    case Reason::overloaded: return "overloaded";
    case Reason::deadline_in_queue: return "deadline_in_queue";
    case Reason::upgrades: return "upgrades";
    case Reason::draining: return "draining";
    case Reason::max_connections: return "max_connections";
    case Reason::client_connections: return "client_connections";
    case Reason::tenant_denied: return "tenant_denied";
    case Reason::tenant_unknown: return "tenant_unknown";
    case Reason::ambiguous_path: return "ambiguous_path";
    case Reason::ambiguous_key: return "ambiguous_key";
    case Reason::no_route: return "no_route";
    case Reason::connect_failure: return "connect_failure";
    case Reason::upstream_reset: return "upstream_reset";
    case Reason::upstream_truncated: return "upstream_truncated";
    case Reason::upstream_malformed: return "upstream_malformed";
    case Reason::head_timeout: return "head_timeout";
    case Reason::total_timeout: return "total_timeout";
    case Reason::idle_timeout: return "idle_timeout";
    case Reason::client_gone: return "client_gone";
    case Reason::count_: break;
  }
  return "unknown";
}

std::string_view to_string(EndReason ending) {
  switch (ending) {
    case EndReason::complete: return "complete";
    case EndReason::refused: return "refused";
    case EndReason::client_gone: return "client_gone";
    case EndReason::upstream_failed: return "upstream_failed";
    case EndReason::timed_out: return "timed_out";
    case EndReason::replied: return "replied";
  }
  return "unknown";
}

EndReason end_reason_of(const Outcome& outcome) {
  switch (outcome.type) {
    case Outcome::Type::timed_out: return EndReason::timed_out;
    case Outcome::Type::failure: return EndReason::upstream_failed;
    case Outcome::Type::replied: return EndReason::replied;
    default: return EndReason::refused;
  }
}

}  // namespace weir
