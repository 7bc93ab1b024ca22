#include "proxy/http1/parser.h"

#include <llhttp.h>

#include "proxy/http/characters.h"

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

// Feeds llhttp a head, from `at` on.
class Feed {
 public:
  Feed(llhttp_t& parser, const Head& head, std::uint32_t at)
      : parser_(parser), head_(head), at_(at) {}

  // The guard takes by the grammar what llhttp 8.1 does not know: a minor version above 1, which
  // stands at `digit`, and a tab behind the value of a framing field. It reads 1 in place of the
  // one, and nothing in place of the other.
  bool reads_all(std::uint32_t digit) {
    if (head_.odd_version && !(reads_to(digit) && reads("1"))) return false;
    if (head_.odd_version) ++at_;
    for (const FieldId id : {FieldId::content_length, FieldId::transfer_encoding}) {
      if (!head_.has(id)) continue;  // of the two there is one at most, and once
      const Span value = head_.fields[head_.first(id)].value;
      if (!is_blank(head_.base[value.at + value.size])) continue;
      if (!reads_to(value.at + value.size)) return false;
      while (is_blank(head_.base[at_])) ++at_;
    }
    const std::string_view rest = head_.text({at_, head_.size - at_});
    return llhttp_execute(&parser_, rest.data(), rest.size()) == HPE_PAUSED &&
           // It stops at the LF that ends the head.
           llhttp_get_error_pos(&parser_) >= rest.data() + rest.size() - 1;
  }

 private:
  bool reads(std::string_view text) {
    return llhttp_execute(&parser_, text.data(), text.size()) == HPE_OK;
  }
  bool reads_to(std::uint32_t end) {
    const std::string_view text = head_.text({at_, end - at_});
    at_ = end;
    return reads(text);
  }

  llhttp_t& parser_;
  const Head& head_;
  std::uint32_t at_;
};

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
  constexpr std::string_view kBeforeDigit = " HTTP/1.";
  const auto digit =
      head.target.at + head.target.size + static_cast<std::uint32_t>(kBeforeDigit.size());
  return Feed(parser, head, head.method.size).reads_all(digit) && parser.http_major == 1 &&
         parser.http_minor == head.minor && same_framing(parser, framing);
}

bool llhttp_agrees_on_response(const Head& head, const Framing& framing, bool to_head_request) {
  llhttp_t parser;
  llhttp_init(&parser, HTTP_RESPONSE, &settings());
  constexpr std::string_view kBeforeDigit = "HTTP/1.";
  if (!Feed(parser, head, 0).reads_all(kBeforeDigit.size())) return false;
  if (parser.http_minor != head.minor || parser.status_code != head.status) return false;
  // The fields of an answer without a body describe one that is not there.
  const bool bodiless =
      to_head_request || head.status < 200 || head.status == 204 || head.status == 304;
  return bodiless || same_framing(parser, framing);
}

}  // namespace weir
