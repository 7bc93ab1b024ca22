// What weir itself answers: the one table from outcomes and bad requests to status, fields and
// body.
//
// Quota → 429 with Retry-After, RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-
// headers-10); capacity → 503 with Retry-After; not allowed → 403; no route → 404; the service
// failed → 502; too slow → 504; a bad request → 4xx or 5xx by its reason. Each says its reason in a
// problem body (RFC 9457) and in Proxy-Status (RFC 9209).
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "filters/local_reply.h"
#include "filters/outcome.h"
#include "filters/tenant.h"
#include "proxy/http/head_writer.h"
#include "proxy/http/message_error.h"

namespace weir {

// The code that a reason is answered with. client_gone is 499, which nobody is there to read.
std::uint16_t status_of(Reason reason);
std::uint16_t status_of(MessageError reason);
std::uint16_t status_of(const Outcome& outcome);
// Whether it can befall a request that has arrived, by its body; all others are no requests yet,
// and only in weir_bad_requests_total.
bool ends_a_request(MessageError reason);
// All codes that weir ends a request with by itself, so that their series exist from the start.
std::vector<std::uint16_t> own_status_codes();

struct Reply {
  std::uint16_t status = 0;
  std::string_view reason;  // the stable word
  std::string_view phrase;  // the status in words, "429 Too Many Requests"
  std::string_view detail;
  std::string_view error;   // the error type of RFC 9209
  std::string_view filter;  // who refused; may be empty
  const Quota* quota = nullptr;
  std::chrono::seconds retry_after{0};  // 0: none
};

Reply reply_to(const Outcome& outcome);
Reply reply_to(MessageError reason);

struct ReplyContext {
  std::string_view request_id;  // empty: there was no request yet
  std::string_view name;        // of this deployment
  std::string_view date;
  bool head_request = false;  // fields as for GET, no body
  bool x_ratelimit = false;   // X-RateLimit-* besides RateLimit
  bool allow_trace = false;   // TRACE may pass
  bool close = false;
  bool keep_alive = false;  // as HTTP/1.0 clients need it
};

// For all that weir answers by itself: the methods that may pass; and the last fields, with the
// empty line.
void write_allow(HeadWriter& out, bool trace);
void write_end_of_head(HeadWriter& out, const ReplyContext& context);

// The whole answer of a filter's own, body included.
void write_local_reply(HeadWriter& out, const LocalReply& reply, const ReplyContext& context);

// The whole response, body included. `body` is scratch for it, another than `out`'s.
void write_reply(HeadWriter& out, WriteScratch& body, const Reply& reply,
                 const ReplyContext& context);

}  // namespace weir
