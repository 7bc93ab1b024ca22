// Why weir rejects a message by what it is, not by what is allowed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

// Why a message is turned away before it is a request: the `reason` of weir_bad_requests_total, and
// in the answer. Some (bad_chunk, the timeouts, body_too_large) may also befall one that has begun.
enum class MessageError : std::uint8_t {
  none,
  // the first line
  bad_request_line,
  bad_method,
  method_too_long,
  bad_target,
  fragment_in_target,
  bad_version,
  http2_preface,
  tls_on_plain_port,
  connect_method,
  trace_method,
  trace_with_body,
  // lines and fields
  bare_lf,
  bare_cr,
  control_character,
  obs_fold,
  leading_whitespace,
  empty_field_name,
  bad_field_name,
  space_before_colon,
  missing_colon,
  // host
  missing_host,
  duplicate_host,
  bad_host,
  host_mismatch,
  proxy_loop_detected,
  // framing
  bad_content_length,
  duplicate_content_length,
  bad_transfer_encoding,
  unknown_transfer_coding,
  duplicate_transfer_encoding,
  transfer_encoding_in_http10,
  length_and_encoding,
  parsers_disagree,
  // the body
  bad_chunk_size,
  bad_chunk,
  chunk_extension_too_long,
  bad_trailer,
  forbidden_trailer,
  trailer_too_large,
  // bounds
  target_too_long,
  head_too_large,
  too_many_fields,
  body_too_large,
  head_timeout,
  body_timeout,
  body_too_slow,
  // responses only
  bad_status_line,
  count_,
};
inline constexpr std::size_t kBadRequests = static_cast<std::size_t>(MessageError::count_);

std::string_view to_string(MessageError reason);

}  // namespace weir
