// Heads on their way on: what a gateway removes, replaces and adds (RFC 9110 §7.6).
//
// Both ways: hop-by-hop fields and all that Connection lists are left out, everything else passes
// in its order and spelling; framing and Connection are weir's own (a Content-Length that reads as
// weir would write it stays where it is); Host is the first field; Via and x-request-id are added.
// TE, Trailer and Upgrade are regenerated for weir's own hop.
//
// What a client that is no trusted proxy says of where it comes from is left out: X-Forwarded-* is
// weir's own, and the other names that services take for the same (Forwarded, X-Real-IP and the
// like) are dropped. So is a name with an underscore whose spelling with hyphens weir writes or
// decides by: CGI and WSGI cannot tell the two.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "proxy/http/framing.h"
#include "proxy/http/head.h"
#include "proxy/http/head_writer.h"
#include "proxy/http/target.h"
#include "proxy/http/upgrade.h"

namespace weir {

struct OutgoingRequest {
  const Head& head;
  const Target& target;
  Framing framing;
  std::string_view host;           // the Host to send
  std::string_view client;         // the peer's address as text; empty for a Unix socket
  bool client_is_trusted = false;  // its X-Forwarded-* are believed, and added to
  std::string_view request_id;
  std::string_view name;        // of this deployment, for Via
  bool takes_trailers = false;  // say `TE: trailers`
  Protocols upgrades = {};      // of what the client offers, these go on; empty: it asks for none
  std::span<const std::string> deciding_fields = {};  // that weir decides by, in lower case
};

void write_request_head(HeadWriter& out, const OutgoingRequest& request);

// A Via of this very deployment: the request goes round in a circle (RFC 9110 §7.6.3).
bool has_own_via(const Head& head, std::string_view name);

struct OutgoingResponse {
  const Head& head;
  Framing framing;              // outward
  bool describes_body = false;  // to HEAD, or 304: Content-Length passes though no body follows
  bool close = false;           // say `Connection: close`
  bool keep_alive = false;      // say `Connection: keep-alive`, which HTTP/1.0 clients need
  std::string_view request_id = {};
  std::string_view name = {};
  std::string_view date = {};  // now, for a response that came without
  bool trailers = false;       // they go on, and so does Trailer
};

void write_response_head(HeadWriter& out, const OutgoingResponse& response);

// An interim response (1xx); `name` for Via.
void write_interim_head(HeadWriter& out, const Head& head, std::string_view name);
// The 101 that begins a tunnel.
void write_switching_head(HeadWriter& out, const Head& head, std::string_view name);

}  // namespace weir
