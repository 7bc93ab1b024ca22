#include "proxy/http/message_error.h"

#include <iterator>

namespace weir {

namespace {

// In the order of the enum.
constexpr std::string_view kNames[] = {
    "none",
    "bad_request_line",
    "bad_method",
    "method_too_long",
    "bad_target",
    "fragment_in_target",
    "bad_version",
    "http2_preface",
    "tls_on_plain_port",
    "connect_method",
    "trace_method",
    "trace_with_body",
    "bare_lf",
    "bare_cr",
    "control_character",
    "obs_fold",
    "leading_whitespace",
    "empty_field_name",
    "bad_field_name",
    "space_before_colon",
    "missing_colon",
    "missing_host",
    "duplicate_host",
    "bad_host",
    "host_mismatch",
    "proxy_loop_detected",
    "bad_content_length",
    "duplicate_content_length",
    "bad_transfer_encoding",
    "unknown_transfer_coding",
    "duplicate_transfer_encoding",
    "transfer_encoding_in_http10",
    "length_and_encoding",
    "parsers_disagree",
    "bad_chunk_size",
    "bad_chunk",
    "chunk_extension_too_long",
    "bad_trailer",
    "forbidden_trailer",
    "trailer_too_large",
    "target_too_long",
    "head_too_large",
    "too_many_fields",
    "body_too_large",
    "head_timeout",
    "body_timeout",
    "body_too_slow",
    "bad_status_line",
};
static_assert(std::size(kNames) == kBadRequests);

}  // namespace

std::string_view to_string(MessageError reason) { return kNames[static_cast<std::size_t>(reason)]; }

}  // namespace weir
