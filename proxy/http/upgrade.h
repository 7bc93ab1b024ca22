// Upgrade (RFC 9110 §7.8): which of the protocols that a client offers go on to the service, and
// whether a 101 answers what was offered.
//
// A request asks for an upgrade if it is HTTP/1.1, lists `upgrade` in Connection, and
// offers at least one protocol of `allowed` (upgrades.protocols; names without a version, compared
// without case). Any other Upgrade is of the client's hop alone: it is dropped, and the request
// served as the ordinary one that it is as well. A request with a body becomes a tunnel behind its
// body: a 101 that comes before that has been sent whole is malformed.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "proxy/http/framing.h"
#include "proxy/http/head.h"
#include "proxy/http/head_writer.h"

namespace weir {

using Protocols = std::span<const std::string>;

bool offers_allowed(const Head& request, Protocols allowed);
inline bool asks_upgrade(const Head& request, Protocols allowed) {
  return request.has(FieldId::upgrade) && offers_allowed(request, allowed);
}
// The one field line that goes on: the allowed ones of what was offered, in their order.
void write_offered(HeadWriter& out, const Head& request, Protocols allowed);

// Is this 101 one that the request asked for: HTTP/1.1, with `Connection: upgrade`, and with an
// Upgrade that names nothing but what was let through?
bool switches_as_asked(const Head& request, const Head& response, Protocols allowed);

// Is it WebSocket that this 101 switches to?
bool switches_to_websocket(const Head& response);

}  // namespace weir
