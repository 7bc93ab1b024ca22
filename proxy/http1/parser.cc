#include "proxy/http1/parser.h"

#include <algorithm>
#include <string>

#include <llhttp.h>

namespace weir {

namespace {

// Pauses at the end of the head, so that the body is never llhttp's.
const llhttp_settings_t& settings() {
  static const llhttp_settings_t at_head_end = [] {
    llhttp_settings_t settings;
    llhttp_settings_init(&settings);
    settings.on_headers_complete = [](llhttp_t*) -> int { return HPE_PAUSED; };
    return settings;
  }();
  return at_head_end;
}

bool reads_head(llhttp_t& parser, std::string_view rest) {
  return llhttp_execute(&parser, rest.data(), rest.size()) == HPE_PAUSED &&
         // It stops at the LF that ends the head.
         llhttp_get_error_pos(&parser) >= rest.data() + rest.size() - 1;
}

// What the head's guard takes by the grammar, as llhttp 8 takes it: it knows no tab around a value
// and no minor version but 0 and 1.
std::string_view for_llhttp(const Head& head, std::string& spelled) {
  const std::string_view text{head.base, head.size};
  const bool tabs = text.find('\t') != std::string_view::npos;
  if (!tabs && !head.odd_version) return text;
  spelled = text;
  std::ranges::replace(spelled, '\t', ' ');
  if (head.odd_version) spelled[spelled.find("HTTP/1.") + 7] = '1';
  return spelled;
}

bool same_framing(const llhttp_t& parser, const Framing& framing) {
  const bool chunked = (parser.flags & F_CHUNKED) != 0;
  const bool length = (parser.flags & F_CONTENT_LENGTH) != 0;
  switch (framing.kind) {
    case Framing::Kind::none: return !chunked && (!length || parser.content_length == 0);
    case Framing::Kind::length:
      return length && !chunked && parser.content_length == framing.length;
    case Framing::Kind::chunked: return chunked && !length;
    case Framing::Kind::until_close: return !chunked && !length;
  }
  return false;
}

}  // namespace

bool llhttp_agrees_on_request(const Head& head, const Framing& framing) {
  llhttp_t parser;
  llhttp_init(&parser, HTTP_REQUEST, &settings());
  if (llhttp_execute(&parser, "POST", 4) != HPE_OK) return false;
  std::string spelled;
  const std::string_view rest = for_llhttp(head, spelled).substr(head.method.size);
  return reads_head(parser, rest) && parser.http_major == 1 && parser.http_minor == head.minor &&
         same_framing(parser, framing);
}

bool llhttp_agrees_on_response(const Head& head, const Framing& framing, bool to_head_request) {
  llhttp_t parser;
  llhttp_init(&parser, HTTP_RESPONSE, &settings());
  std::string spelled;
  if (!reads_head(parser, for_llhttp(head, spelled))) return false;
  if (parser.http_minor != head.minor || parser.status_code != head.status) return false;
  // The fields of an answer without a body describe one that is not there.
  const bool bodiless =
      to_head_request || head.status < 200 || head.status == 204 || head.status == 304;
  return bodiless || same_framing(parser, framing);
}

}  // namespace weir
