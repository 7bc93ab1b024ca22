#include "proxy/http/framing.h"

#include "proxy/http/characters.h"
#include "proxy/http/list.h"

namespace weir {

namespace {

// 1*DIGIT; eighteen of them cannot overflow.
bool read_length(std::string_view text, std::uint64_t& length) {
  if (text.empty() || text.size() > 18) return false;
  std::uint64_t number = 0;
  for (const char c : text) {
    if (!is_digit(c)) return false;
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  length = number;
  return true;
}

constexpr FieldIds kFramingFields = {FieldId::content_length, FieldId::transfer_encoding};

// Of what is more, or other, than `chunked`. A sound list of codings that weir does not know all is
// one thing (RFC 9112 §6.1: 501), one in which something follows `chunked` another (§6.3: 400):
// where its body ends two readers would tell differently.
[[gnu::noinline]] MessageError judge_codings(std::string_view list) {
  bool sound = true;
  bool unknown = false;
  bool chunked = false;  // came already
  for_each_item(list, [&](std::string_view item) {
    const std::string_view coding = trim_blanks(item.substr(0, item.find(';')));
    sound = sound && !chunked && is_token(coding);
    chunked = equals_ignoring_case(coding, "chunked");
    unknown = unknown || !chunked;
  });
  return sound && unknown ? MessageError::unknown_transfer_coding
                          : MessageError::bad_transfer_encoding;
}

// What the framing fields say, where both kinds of message agree; there is one at least.
MessageError read_framing_fields(const Head& head, Framing& framing) {
  const bool encoded = head.has(FieldId::transfer_encoding);
  if (!encoded) {
    if (head.has_several(FieldId::content_length)) return MessageError::duplicate_content_length;
    if (!read_length(head.value(FieldId::content_length), framing.length)) {
      return MessageError::bad_content_length;
    }
    framing.kind = framing.length == 0 ? Framing::Kind::none : Framing::Kind::length;
    return MessageError::none;
  }
  if (head.has(FieldId::content_length)) return MessageError::length_and_encoding;
  if (head.minor == 0) return MessageError::transfer_encoding_in_http10;
  if (head.has_several(FieldId::transfer_encoding))
    return MessageError::duplicate_transfer_encoding;
  const std::string_view codings = head.value(FieldId::transfer_encoding);
  if (!equals_ignoring_case(codings, "chunked")) return judge_codings(codings);
  framing.kind = Framing::Kind::chunked;
  return MessageError::none;
}

}  // namespace

MessageError request_framing(const Head& head, Framing& framing) {
  framing = {};
  if (!head.has_any(kFramingFields)) return MessageError::none;
  const MessageError bad = read_framing_fields(head, framing);
  if (bad != MessageError::none || framing.kind == Framing::Kind::none) return bad;
  // RFC 9110 §9.3.8: it has no content.
  return head.method_text() == "TRACE" ? MessageError::trace_with_body : MessageError::none;
}

MessageError response_framing(const Head& head, bool to_head_request, Framing& framing) {
  framing = {};
  if (head.has_any(kFramingFields)) {
    const MessageError bad = read_framing_fields(head, framing);
    if (bad != MessageError::none) return bad;
  } else {
    framing.kind = Framing::Kind::until_close;
  }
  if (to_head_request || head.status < 200 || head.status == 204 || head.status == 304) {
    framing = {};
  }
  return MessageError::none;
}

Framing outward_response_framing(const Framing& inward, bool client_takes_chunks) {
  if (inward.kind != Framing::Kind::chunked && inward.kind != Framing::Kind::until_close) {
    return inward;
  }
  return {client_takes_chunks ? Framing::Kind::chunked : Framing::Kind::until_close, 0};
}

void write_framing(HeadWriter& out, const Framing& framing) {
  if (framing.kind == Framing::Kind::chunked) {
    out.add("Transfer-Encoding: chunked\r\n");
  } else if (framing.kind == Framing::Kind::length) {
    out.add_number_field("Content-Length: ", framing.length);
  }
}

bool says_close_in_connection(const Head& head) {
  bool close = head.minor == 0;
  for_each_item(head, FieldId::connection, [&](std::string_view item) {
    if (equals_ignoring_case(item, "close")) {
      close = true;
    } else if (head.minor == 0 && equals_ignoring_case(item, "keep-alive")) {
      close = false;
    }
  });
  return close;
}

bool announces_body(const Head& head) {
  if (head.has(FieldId::transfer_encoding)) return true;
  return head.value(FieldId::content_length).find_first_not_of('0') != std::string_view::npos;
}

}  // namespace weir
