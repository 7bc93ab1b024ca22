// A line of the access log out of what is known of a request: JSON, or Apache's combined format.
//
// Pure and without allocation. Whatever the bytes of its texts, a line is valid: JSON is escaped by
// RFC 8259, and what is no UTF-8 becomes U+FFFD; combined is escaped as Apache does (\xHH). A line
// has at most kMaxAccessLine bytes, its newline included; a text that is too long is cut, and the
// line says so.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

#include "filters/time.h"

namespace weir {

// What pipes write in one piece (PIPE_BUF), so that the lines of several processes stay whole.
inline constexpr std::size_t kMaxAccessLine = 4096;

// Empty texts are left out of JSON, as are negative durations. Views live until the line is made.
struct AccessRecord {
  std::chrono::system_clock::time_point time;  // when the request's head had come
  std::string_view request_id, trace_id;
  std::string_view tenant;  // as it may be shown
  std::string_view route;
  std::string_view method, path, query;
  std::string_view hidden;               // a part of `path`, a view into it, for which …
  std::string_view shown_as;             // … this is written; the name of a secret tenant, say
  std::string_view hidden_parameter;     // of the query: its value is left out
  std::string_view referer, user_agent;  // combined only
  std::uint8_t minor = 1;                // HTTP/1.minor
  std::uint16_t status = 0;              // 0: none was sent
  std::string_view reason, filter;
  std::uint64_t received = 0, sent = 0;                       // bytes of the bodies
  Duration queue{-1}, upstream{-1}, overhead{-1}, total{-1};  // upstream: until the answer's head
  std::uint32_t attempts = 0;
  std::string_view client, service;
  bool cut = false;         // the answer broke off
  std::string_view tunnel;  // how it ended; empty: this is no tunnel's line
};

// Writes into `room`; the line with its newline.
std::string_view write_json_line(const AccessRecord& record, std::span<char, kMaxAccessLine> room);
std::string_view write_combined_line(const AccessRecord& record,
                                     std::span<char, kMaxAccessLine> room);

// The trace id of a traceparent (W3C Trace Context §3.2): 32 digits, or nothing if it is not sound.
std::string_view trace_id_of(std::string_view traceparent);

// Whether a parameter of that name (in a query, or behind a ; in a path) is taken for a credential.
bool sounds_like_credential(std::string_view name);

}  // namespace weir
