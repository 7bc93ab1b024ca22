// What comes out of the inside of a chain, and why.
//
// A Reason is the one stable word for a refusal or failure: the same in the response, the access
// log and the metrics. Add to the list freely; renaming one breaks users' dashboards.
#pragma once

#include <cstdint>
#include <string_view>

#include "filters/time.h"

namespace weir {

class Filter;
class Limiter;
struct Quota;

enum class Reason : std::uint8_t {
  none,
  // quota: 429
  quota_exceeded,  // a token bucket is empty
  key_queue_full,  // as many of this key's requests as may do so wait for its quota
  new_keys,        // this client has brought up as many new tenants as tenant.new_keys allows
  // capacity: 503
  concurrency_limit,     // all permits of a concurrency_limit are taken
  upstream_connections,  // upstream.max_connections are in use
  overloaded,            // load_shed: the line inside stands above its target
  deadline_in_queue,     // a timeout ran out before the service was tried
  upgrades,              // upgrades.max tunnels are open
  draining,              // weir is shutting down
  max_connections,       // limits.max_connections are there
  client_connections,    // limits.max_connections_per_client of one address are there
  // not allowed: 403
  tenant_denied,
  tenant_unknown,
  // what the request is for, or whose it is, can be read in two ways: 400
  ambiguous_path,
  ambiguous_key,
  // nothing to route to: 404
  no_route,
  // the service failed: 502
  connect_failure,     // refused, unreachable, not resolved, or not connected in time
  upstream_reset,      // closed or reset before a byte of its answer
  upstream_truncated,  // closed within its answer's head
  upstream_malformed,  // what it sent is no HTTP/1.1 answer
  // the service was too slow: 504, or an abort once the head is out
  head_timeout,
  total_timeout,
  idle_timeout,
  // the client: 499 in the log
  client_gone,
  count_,
};

std::string_view to_string(Reason reason);

// What a refusal is about. The status follows it, whoever refused: quota 429, capacity 503.
enum class RefusalKind : std::uint8_t { quota, capacity };

// What a visit passes outward. A plain value; pointers are borrowed from the snapshot.
struct Outcome {
  enum class Type : std::uint8_t {
    response,   // the service's response head has come
    failure,    // the attempt failed: connect_failure, upstream_*
    timed_out,  // a timeout rang: head_, total_, idle_timeout, deadline_in_queue
    busy,       // a filter has nothing left; a filter outside decides what that means
    refused,    // final: turned away by weir
    replied,    // final: a filter answers by itself, with Request::local_reply
  };

  Type type = Type::response;
  RefusalKind kind = RefusalKind::capacity;  // busy, refused
  Reason reason = Reason::none;              // all but response and replied
  std::uint16_t status = 0;                  // response, replied: the status
  Duration retry_after{0};   // response: the service's Retry-After; refused: weir's advice; 0: none
  Time retry_at = kNever;    // busy (quota): when the next token is there
  Filter* filter = nullptr;  // busy, refused, timed_out, replied: which filter says so
  // busy: what a buffer may wait for; null: nothing that can be waited for. Set by Limiter::busy.
  Limiter* limiter = nullptr;
  const Quota* quota = nullptr;  // busy, refused for a quota: whose policy it is

  static Outcome response(std::uint16_t status, Duration retry_after = Duration{0}) {
    Outcome o;
    o.type = Type::response;
    o.status = status;
    o.retry_after = retry_after;
    return o;
  }
  static Outcome failure(Reason reason) {
    Outcome o;
    o.type = Type::failure;
    o.reason = reason;
    return o;
  }
};

// How a request ended. Every request ends exactly once, in one of these ways.
enum class EndReason : std::uint8_t {
  complete,
  refused,
  client_gone,
  upstream_failed,
  timed_out,
  replied,  // by a filter, not by the service
};

std::string_view to_string(EndReason ending);

// How a request ends that is answered with this outcome.
EndReason end_reason_of(const Outcome& outcome);

}  // namespace weir
