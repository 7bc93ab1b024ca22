// A second opinion on a head: llhttp's.
//
// The guard and framing.h decide; llhttp, an independent parser in strict mode, reads the same
// bytes and must come to the same version, status and framing. Where the two disagree nobody can
// know what a third one behind them would read, so the message is refused. It is asked where a head
// says something that readers have disagreed on: see docs/decisions/0005.
//
// llhttp 8.1 knows only some methods; the guard has checked the method to be a token, so llhttp
// gets a known one in its place.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/http/framing.h"
#include "proxy/http/head.h"

namespace weir {

// Has the head anything to disagree on? A request: any framing field, or HTTP/1.0. A response,
// whose sender is one's own service: all but a plain Content-Length.
inline bool needs_second_opinion_on_request(const Head& head) {
  constexpr FieldIds kAny = {FieldId::content_length, FieldId::transfer_encoding, FieldId::upgrade};
  return head.minor == 0 || head.has_any(kAny);
}
inline bool needs_second_opinion_on_response(const Head& head, const Framing& framing) {
  constexpr FieldIds kAny = {FieldId::transfer_encoding, FieldId::upgrade};
  return head.minor == 0 || head.has_any(kAny) || framing.kind == Framing::Kind::until_close;
}

// `framing`: as request_framing or response_framing decided.
bool llhttp_agrees_on_request(const Head& head, const Framing& framing);
bool llhttp_agrees_on_response(const Head& head, const Framing& framing, bool to_head_request);

}  // namespace weir
