#include "proxy/http/reply.h"

#include <algorithm>
#include <set>

#include "filters/filter.h"
#include "proxy/http/head.h"
#include "proxy/http/quoting.h"

namespace weir {

namespace {

struct Row {
  Reason reason;
  std::uint16_t status;
  std::string_view error;  // RFC 9209 §2.3
  std::string_view detail;
};

// In the order of Reason.
constexpr Row kRows[] = {
    {Reason::none, 500, "proxy_internal_error", "weir has no reason for this; please report it"},
    {Reason::quota_exceeded, 429, "http_request_denied", "The quota is used up for now."},
    {Reason::key_queue_full, 429, "http_request_denied",
     "As many of this tenant's requests as may wait for its quota are waiting. Retry later."},
    {Reason::new_keys, 429, "http_request_denied",
     "This client has used too many new tenant names lately. Retry later."},
    {Reason::concurrency_limit, 503, "connection_limit_reached",
     "The service is at its concurrency limit and the queue is full. Retry later."},
    {Reason::upstream_connections, 503, "connection_limit_reached",
     "All connections to the service are in use."},
    {Reason::overloaded, 503, "destination_unavailable", "The service is overloaded."},
    {Reason::deadline_in_queue, 503, "destination_unavailable",
     "The time for this request ran out before its turn came."},
    {Reason::upgrades, 503, "connection_limit_reached",
     "As many tunnels as are allowed, in all or of this tenant, are open."},
    {Reason::draining, 503, "destination_unavailable", "This instance is shutting down."},
    {Reason::max_connections, 503, "connection_limit_reached",
     "As many connections as limits.max_connections allows are open."},
    {Reason::client_connections, 503, "connection_limit_reached",
     "This client's address has as many connections as it may have at a time."},
    {Reason::tenant_denied, 403, "http_request_denied", "This tenant is denied."},
    {Reason::tenant_unknown, 403, "http_request_denied", "Unknown or missing tenant."},
    {Reason::ambiguous_path, 400, "http_request_error",
     "The path can be read in two ways: send it without dot segments, empty segments, encoded "
     "slashes and backslashes."},
    {Reason::ambiguous_key, 400, "http_request_error",
     "A field that says whose this request is has several different values."},
    {Reason::no_route, 404, "destination_not_found", "No route matches this request."},
    {Reason::connect_failure, 502, "connection_refused", "The service cannot be reached."},
    {Reason::upstream_reset, 502, "connection_terminated",
     "The service closed the connection without an answer."},
    {Reason::upstream_truncated, 502, "http_response_incomplete",
     "The service closed the connection in the middle of its answer."},
    {Reason::upstream_malformed, 502, "http_protocol_error",
     "What the service sent is no valid HTTP/1.1 answer."},
    {Reason::head_timeout, 504, "http_response_timeout", "The service did not answer in time."},
    {Reason::total_timeout, 504, "http_response_timeout", "The service did not finish in time."},
    {Reason::idle_timeout, 504, "http_response_timeout", "The service fell silent."},
    {Reason::client_gone, 499, "", "The client left."},
};
static_assert(std::size(kRows) == static_cast<std::size_t>(Reason::count_));
static_assert(std::ranges::is_sorted(kRows, {}, &Row::reason));

const Row& row_of(Reason reason) { return kRows[static_cast<std::size_t>(reason)]; }

std::string_view detail_of(MessageError reason) {
  switch (reason) {
    case MessageError::http2_preface:
      return "This is HTTP/2 without TLS; only HTTP/1.0 and HTTP/1.1 are spoken here.";
    case MessageError::tls_on_plain_port:
      return "This is TLS (https); only HTTP without TLS is spoken here.";
    case MessageError::bad_version: return "Only HTTP/1.0 and HTTP/1.1 are spoken here.";
    case MessageError::connect_method: return "This is no forward proxy: CONNECT is not supported.";
    case MessageError::trace_method: return "TRACE is not allowed.";
    case MessageError::unknown_transfer_coding:
      return "The only transfer coding that is understood here is chunked.";
    case MessageError::trace_with_body: return "TRACE cannot have a body.";
    case MessageError::method_too_long: return "No method is longer than 64 characters.";
    case MessageError::proxy_loop_detected: return "The request has been here before: see Via.";
    case MessageError::target_too_long: return "The request line is longer than limits.max_head.";
    case MessageError::head_too_large: return "The head is larger than limits.max_head.";
    case MessageError::too_many_fields:
      return "The head has more than 256 fields, or more than 64 items in Connection, Trailer or "
             "Upgrade.";
    case MessageError::body_too_large: return "The body is larger than limits.max_body.";
    case MessageError::head_timeout: return "The head did not come in time.";
    case MessageError::body_timeout: return "The body stopped coming.";
    case MessageError::body_too_slow: return "The body came more slowly than limits.min_body_rate.";
    default: return "The request is not valid HTTP/1.1.";
  }
}

void write_proxy_status(HeadWriter& out, const Reply& reply, std::string_view name) {
  out.add("Proxy-Status: ");
  if (is_token(name)) {
    out.add(name);
  } else {
    write_structured_string(out, name);
  }
  if (!reply.error.empty()) out.add_all("; error=", reply.error);
  out.add_all("; details=\"", reply.reason, "\"\r\n");
}

// What RateLimit and X-RateLimit-* say, in tokens and seconds.
struct RateNumbers {
  std::uint64_t limit, window, remaining, reset;
};

RateNumbers rate_numbers(const Reply& reply) {
  const auto window = std::chrono::ceil<std::chrono::seconds>(reply.quota->per).count();
  return {static_cast<std::uint64_t>(reply.quota->tokens),
          static_cast<std::uint64_t>(std::max<std::int64_t>(window, 1)), 0,
          static_cast<std::uint64_t>(reply.retry_after.count())};
}

void write_rate_limit(HeadWriter& out, const RateNumbers& numbers, std::string_view policy) {
  out.add("RateLimit-Policy: ");
  write_structured_string(out, policy);
  out.add(";q=");
  out.add_number(numbers.limit);
  out.add(";w=");
  out.add_number(numbers.window);
  out.add("\r\nRateLimit: ");
  write_structured_string(out, policy);
  out.add(";r=");
  out.add_number(numbers.remaining);
  out.add(";t=");
  out.add_number(numbers.reset);
  out.add("\r\n");
}

// The older names, which no standard has: here Reset is in seconds from now, as RateLimit's t.
void write_x_ratelimit(HeadWriter& out, const RateNumbers& numbers) {
  out.add_number_field("X-RateLimit-Limit: ", numbers.limit);
  out.add_number_field("X-RateLimit-Remaining: ", numbers.remaining);
  out.add_number_field("X-RateLimit-Reset: ", numbers.reset);
}

void write_problem(HeadWriter& out, const Reply& reply, std::string_view request_id) {
  // Our own words need no escapes.
  out.add_all("{\"type\":\"about:blank\",\"status\":", reply.phrase.substr(0, 3), ",\"title\":\"",
              reply.phrase.substr(4), "\",\"detail\":\"", reply.detail, "\",\"reason\":\"",
              reply.reason, "\"");
  const auto member = [&out](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    out.add(name);
    write_json_string(out, value);
  };
  member(",\"filter\":", reply.filter);
  if (reply.quota != nullptr) member(",\"policy\":", reply.quota->policy);
  member(",\"request_id\":", request_id);
  out.add("}\n");
}

}  // namespace

std::uint16_t status_of(Reason reason) { return row_of(reason).status; }

std::uint16_t status_of(MessageError reason) {
  switch (reason) {
    case MessageError::http2_preface:
    case MessageError::bad_version: return 505;
    case MessageError::method_too_long:
    case MessageError::connect_method:
    case MessageError::unknown_transfer_coding: return 501;
    case MessageError::proxy_loop_detected: return 508;
    case MessageError::trace_method: return 405;
    case MessageError::target_too_long: return 414;
    case MessageError::head_too_large:
    case MessageError::too_many_fields: return 431;
    case MessageError::body_too_large: return 413;
    case MessageError::head_timeout:
    case MessageError::body_timeout:
    case MessageError::body_too_slow: return 408;
    default: return 400;
  }
}

bool ends_a_request(MessageError reason) {
  switch (reason) {
    case MessageError::bad_chunk_size:
    case MessageError::bad_chunk:
    case MessageError::chunk_extension_too_long:
    case MessageError::bad_trailer:
    case MessageError::forbidden_trailer:
    case MessageError::trailer_too_large:
    case MessageError::body_too_large:
    case MessageError::body_timeout:
    case MessageError::body_too_slow: return true;
    default: return false;
  }
}

std::vector<std::uint16_t> own_status_codes() {
  std::set<std::uint16_t> codes;
  for (const Row& row : kRows) {
    if (row.reason != Reason::none) codes.insert(row.status);
  }
  for (std::size_t i = 0; i < kBadRequests; ++i) {
    const auto reason = static_cast<MessageError>(i);
    if (ends_a_request(reason)) codes.insert(status_of(reason));
  }
  return {codes.begin(), codes.end()};
}

namespace {

std::string_view phrase_of(std::uint16_t status) {
  switch (status) {
    case 200: return "200 OK";
    case 202: return "202 Accepted";
    case 204: return "204 No Content";
    case 304: return "304 Not Modified";
    case 400: return "400 Bad Request";
    case 403: return "403 Forbidden";
    case 404: return "404 Not Found";
    case 405: return "405 Method Not Allowed";
    case 408: return "408 Request Timeout";
    case 413: return "413 Content Too Large";
    case 414: return "414 URI Too Long";
    case 429: return "429 Too Many Requests";
    case 431: return "431 Request Header Fields Too Large";
    case 501: return "501 Not Implemented";
    case 502: return "502 Bad Gateway";
    case 503: return "503 Service Unavailable";
    case 504: return "504 Gateway Timeout";
    case 505: return "505 HTTP Version Not Supported";
    case 508: return "508 Loop Detected";
    case 500: return "500 Internal Server Error";
    default: return "";
  }
}

// The status follows the kind, whichever filter refused and whatever was waited for.
std::uint16_t status_of(const Outcome& outcome, const Row& row) {
  if (outcome.type == Outcome::Type::replied) return outcome.status;
  if (outcome.type == Outcome::Type::refused && (row.status == 429 || row.status == 503)) {
    return outcome.kind == RefusalKind::quota ? 429 : 503;
  }
  return row.status;
}

}  // namespace

std::uint16_t status_of(const Outcome& outcome) {
  return status_of(outcome, row_of(outcome.reason));
}

Reply reply_to(const Outcome& outcome) {
  const Row& row = row_of(outcome.reason);
  Reply reply;
  reply.status = status_of(outcome, row);
  reply.reason = to_string(outcome.reason);
  reply.phrase = phrase_of(reply.status);
  reply.detail = row.detail;
  reply.error = row.error;
  if (outcome.filter != nullptr) reply.filter = outcome.filter->name();
  if (reply.status == 429) reply.quota = outcome.quota;
  if (reply.status == 429 || reply.status == 503) {
    reply.retry_after = std::max(std::chrono::ceil<std::chrono::seconds>(outcome.retry_after),
                                 std::chrono::seconds(1));
  }
  return reply;
}

Reply reply_to(MessageError reason) {
  Reply reply;
  reply.status = status_of(reason);
  reply.reason = to_string(reason);
  reply.phrase = phrase_of(reply.status);
  reply.detail = detail_of(reason);
  reply.error =
      reason == MessageError::proxy_loop_detected ? "proxy_loop_detected" : "http_request_error";
  return reply;
}

void write_allow(HeadWriter& out, bool trace) {
  out.add("Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  out.add(trace ? ", TRACE\r\n" : "\r\n");
}

void write_end_of_head(HeadWriter& out, const ReplyContext& context) {
  if (context.close) out.add("Connection: close\r\n");
  if (context.keep_alive) out.add("Connection: keep-alive\r\n");
  if (!context.request_id.empty()) out.add_field("x-request-id", context.request_id);
  out.add("\r\n");
  out.begin_body();
}

void write_reply(HeadWriter& out, WriteScratch& body, const Reply& reply,
                 const ReplyContext& context) {
  HeadWriter problem(body);
  write_problem(problem, reply, context.request_id);
  out.add_all("HTTP/1.1 ", reply.phrase, "\r\nContent-Type: application/problem+json\r\n");
  out.add_number_field("Content-Length: ", problem.text().size());
  out.add_field("Date", context.date);
  if (reply.retry_after.count() > 0) {
    out.add_number_field("Retry-After: ", static_cast<std::uint64_t>(reply.retry_after.count()));
  }
  if (reply.quota != nullptr) {
    const RateNumbers numbers = rate_numbers(reply);
    write_rate_limit(out, numbers, reply.quota->policy);
    if (context.x_ratelimit) write_x_ratelimit(out, numbers);
  }
  if (reply.status == 405) write_allow(out, context.allow_trace);
  write_proxy_status(out, reply, context.name);
  write_end_of_head(out, context);
  if (!context.head_request) out.add(problem.text());
}

// A reason phrase is optional (RFC 9112 §4): where this table has none, it is left empty.
void write_local_reply(HeadWriter& out, const LocalReply& reply, const ReplyContext& context) {
  const std::string_view phrase = phrase_of(reply.status);
  out.add("HTTP/1.1 ");
  out.add_number(reply.status);
  out.add(" ");
  out.add(phrase.empty() ? phrase : phrase.substr(4));
  out.add("\r\n");
  if (!reply.content_type.empty()) out.add_field("Content-Type", reply.content_type);
  for (const auto& [name, value] : reply.fields) out.add_field(name, value);
  // RFC 9110 §8.6: none in a 204. In a 304 it would speak of what a 200 had.
  const bool bodyless = reply.status == 204 || reply.status == 304;
  if (!bodyless) out.add_number_field("Content-Length: ", reply.body.size());
  out.add_field("Date", context.date);
  write_end_of_head(out, context);
  if (!bodyless && !context.head_request) out.add(reply.body);
}

}  // namespace weir
