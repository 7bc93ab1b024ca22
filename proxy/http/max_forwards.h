// Max-Forwards (RFC 9110 §7.6.2): the methods whose hops it counts, and what weir answers where a
// request may go no further than here.
//
// OPTIONS gets 204 and the methods that may pass; TRACE 200 and its own head as it came, as
// message/http (§9.3.8), without the fields that may hold credentials. No allocation but the
// scratches', which grow with max_head at most.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proxy/http/head.h"
#include "proxy/http/head_writer.h"
#include "proxy/http/reply.h"

namespace weir {

// Whether the method is one of those.
bool is_counted(const Head& request);
// What to send on in place of this line, of a request whose hops are counted; nothing if it is
// another field, or no number above 0.
std::optional<std::uint32_t> hops_left(const Head& request, const FieldLine& line);
// None is left. Quick where there is no Max-Forwards.
bool has_no_hops(const Head& request);
inline bool is_last_hop(const Head& request) {
  return request.has(FieldId::max_forwards) && has_no_hops(request);
}

// --- of requests that end here
std::uint16_t max_forwards_status(const Head& request);
// The whole response. `secret_field`: one more that TRACE does not show, in lower case; may be
// empty. `body` is scratch, another than `out`'s.
void write_max_forwards_reply(HeadWriter& out, WriteScratch& body, const Head& request,
                              std::string_view secret_field, const ReplyContext& context);

}  // namespace weir
