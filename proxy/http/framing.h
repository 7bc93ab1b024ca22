// The one place that decides where a message's body ends (RFC 9112 §6.3), and what is written
// outward to say so: exactly one framing field, or none.
#pragma once

#include <cstdint>

#include "proxy/http/head.h"
#include "proxy/http/head_writer.h"
#include "proxy/http/message_error.h"

namespace weir {

struct Framing {
  enum class Kind : std::uint8_t {
    none,    // no body
    length,  // `length` bytes
    chunked,
    until_close,  // responses only
  };
  Kind kind = Kind::none;
  std::uint64_t length = 0;
};

// How a request's body is delimited, or why that cannot be said, or there must be none.
MessageError request_framing(const Head& head, Framing& framing);
// The same of a response. HEAD, 1xx, 204 and 304 have no body, whatever their fields claim.
MessageError response_framing(const Head& head, bool to_head_request, Framing& framing);

// Do the fields announce a body? In an answer that has none (to HEAD, 204, 304) the service may
// send it all the same, and what it sends would be taken for the next answer.
bool announces_body(const Head& head);

// A body's framing on its way on. Requests keep theirs. A response without a length is chunked for
// HTTP/1.1 clients and ends with the connection for others.
Framing outward_response_framing(const Framing& inward, bool client_takes_chunks);

void write_framing(HeadWriter& out, const Framing& framing);

// Does the sender say that it closes the connection after this message (RFC 9112 §9.3)?
bool says_close_in_connection(const Head& head);  // where there is a Connection
inline bool says_close(const Head& head) {
  return head.has(FieldId::connection) ? says_close_in_connection(head) : head.minor == 0;
}

}  // namespace weir
