#include "tests/e2e/http_rules.h"

#include <stdexcept>

namespace weir::testing::rules {
namespace {

using Kind = Step::Kind;

// RFC 9110 §15, RFC 6585 §3 to §5, RFC 5842 §7.2.
std::string phrase_of(int status) {
  switch (status) {
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 417: return "Expectation Failed";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 508: return "Loop Detected";
    default: throw std::invalid_argument("weir has no answer " + std::to_string(status));
  }
}

// RFC 9209 §2.3.
std::string proxy_error_of(int status, const std::string& reason) {
  if (reason == "connect_failure") return "connection_refused";
  if (reason == "upstream_reset") return "connection_terminated";
  if (reason == "upstream_truncated") return "http_response_incomplete";
  if (reason == "upstream_malformed") return "http_protocol_error";
  if (reason == "no_route") return "destination_not_found";
  if (reason == "concurrency_limit" || reason == "upstream_connections" || reason == "upgrades") {
    return "connection_limit_reached";
  }
  if (reason == "proxy_loop_detected") return "proxy_loop_detected";
  if (status == 503) return "destination_unavailable";
  if (status == 504) return "http_response_timeout";
  if (status == 429 || status == 403) return "http_request_denied";
  return "http_request_error";
}

bool is_framing(std::string_view line) {
  return line.starts_with("Content-Length:") || line.starts_with("Transfer-Encoding:") ||
         line.starts_with("Connection:") || line.starts_with("{close?}");
}

std::string json_member(const std::string& name, const std::string& value) {
  return value.empty() ? "" : ",\"" + name + "\":\"" + value + "\"";
}

std::string problem(const Refusal& r) {
  return "{\"type\":\"about:blank\",\"status\":" + std::to_string(r.status) +
         json_member("title", phrase_of(r.status)) + json_member("detail", "{text}") +
         json_member("reason", r.reason) + json_member("filter", r.filter) +
         json_member("policy", r.policy) + json_member("request_id", r.identified ? "{id}" : "") +
         "}\n{end}";
}

}  // namespace

Step client_sends(std::string text, std::size_t client) {
  return {Kind::client_sends, std::move(text), client};
}
Step client_gets(std::string text, std::size_t client) {
  return {Kind::client_gets, std::move(text), client};
}
Step client_sees_close(std::size_t client) { return {Kind::client_sees_close, {}, client}; }
Step client_sees_cut(std::size_t client) { return {Kind::client_sees_cut, {}, client}; }
Step client_half_closes(std::size_t client) { return {Kind::client_half_closes, {}, client}; }
Step client_leaves(std::size_t client) { return {Kind::client_leaves, {}, client}; }
Step service_gets(std::string text) { return {Kind::service_gets, std::move(text)}; }
Step service_sends(std::string text) { return {Kind::service_sends, std::move(text)}; }
Step service_closes() { return {Kind::service_closes, {}}; }
Step service_resets() { return {Kind::service_resets, {}}; }
Step service_sees_end() { return {Kind::service_sees_end, {}}; }
Step service_gets_less(std::string text) { return {Kind::service_gets_less, std::move(text)}; }

std::string added(std::string_view host, std::string_view via) {
  std::string text = "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n";
  if (!host.empty()) text += "X-Forwarded-Host: " + std::string(host) + "\r\n";
  return text + "Via: " + std::string(via) + "\r\nx-request-id: {id}\r\n";
}

std::string reached_with(std::string_view request, const std::vector<std::string>& lines) {
  std::string text = std::string(request) + " HTTP/1.1\r\nHost: h\r\n";
  for (const std::string& line : lines) text += line + "\r\n";
  return text + added() + "\r\n";
}

std::string told_with(std::string_view status, const std::vector<std::string>& lines,
                      std::string_view via) {
  std::string fields;
  std::string framing;
  bool dated = false;
  for (const std::string& line : lines) {
    const bool stays = line.starts_with("Content-Length:");  // as it came
    std::string& part = is_framing(line) && !stays ? framing : fields;
    part += line;
    if (line != "{close?}") part += "\r\n";
    dated = dated || line.starts_with("Date:");
  }
  if (!dated) fields += "Date: {date}\r\n";
  return "HTTP/1.1 " + std::string(status) + "\r\n" + fields + framing +
         "Via: " + std::string(via) + "\r\nx-request-id: {id}\r\n\r\n";
}

std::string chunked(std::string_view payload, std::string_view trailers) {
  std::string text;
  if (!payload.empty()) text = "{chunks:" + std::string(payload) + "}";
  return text + "0\r\n" + std::string(trailers) + "\r\n";
}

std::string refusal(const Refusal& r) {
  std::string text = "HTTP/1.1 " + std::to_string(r.status) + " " + phrase_of(r.status) +
                     "\r\nContent-Type: application/problem+json\r\nContent-Length: " +
                     (r.to_head ? "{n}" : "{length}") + "\r\nDate: {date}\r\n" + r.fields +
                     "Proxy-Status: " + r.name + "; error=" + proxy_error_of(r.status, r.reason) +
                     "; details=\"" + r.reason + "\"\r\n";
  if (r.closing) text += "Connection: close\r\n";
  if (r.keeping) text += "Connection: keep-alive\r\n";
  if (r.identified) text += "x-request-id: {id}\r\n";
  return text + "\r\n" + (r.to_head ? "" : problem(r));
}

std::string refusal(int status, const std::string& reason) {
  Refusal r;
  r.status = status;
  r.reason = reason;
  r.closing = true;
  r.identified = false;
  if (status == 405) r.fields = "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n";
  return refusal(r);
}

std::string failure(int status, const std::string& reason) {
  Refusal r;
  r.status = status;
  r.reason = reason;
  return refusal(r);
}

const std::string kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const std::string kTold = told("200 OK", "Content-Length: 2") + "ok";
const std::string kToldClosing = told("200 OK", "Content-Length: 2", "Connection: close") + "ok";

Rule refuses(std::string name, const std::string& request, int status, const std::string& reason) {
  return {std::move(name),
          {client_sends(request), client_gets(refusal(status, reason)), client_sees_close()}};
}

Rule cuts_off(std::string name, const std::string& request, int status, const std::string& reason,
              const std::string& reached) {
  Refusal r;
  r.status = status;
  r.reason = reason;
  r.closing = true;
  return {std::move(name),
          {client_sends(request), client_gets(refusal(r)), client_sees_close(),
           service_gets_less(reached)}};
}

Rule forwards(std::string name, const std::string& request, const std::string& reached) {
  return {
      std::move(name),
      {client_sends(request), service_gets(reached), service_sends(kAnswer), client_gets(kTold)}};
}

Rule forwards_and_closes(std::string name, const std::string& request, const std::string& reached) {
  return {std::move(name),
          {client_sends(request), service_gets(reached), service_sends(kAnswer),
           client_gets(kToldClosing), client_sees_close()}};
}

Rule relays(std::string name, const std::string& answer, const std::string& told) {
  return relays(std::move(name), get(), reached("GET /"), answer, told);
}

Rule relays(std::string name, const std::string& request, const std::string& reached,
            const std::string& answer, const std::string& told) {
  return {std::move(name),
          {client_sends(request), service_gets(reached), service_sends(answer), client_gets(told)}};
}

Rule distrusts(std::string name, const std::string& answer, const std::string& reason) {
  return {std::move(name),
          {client_sends(get()), service_gets(reached("GET /")), service_sends(answer),
           client_gets(failure(502, reason)), service_sees_end()}};
}

Rule plays(std::string name, std::vector<Step> steps) {
  return {std::move(name), std::move(steps)};
}

}  // namespace weir::testing::rules
