#include "proxy/http/head_guard.h"

#include <cstring>

#include "proxy/http/characters.h"
#include "proxy/http/scan.h"

namespace weir {

namespace {

constexpr std::string_view kNames[] = {
    "none",
    "bad_request_line",
    "bad_method",
    "method_too_long",
    "bad_target",
    "fragment_in_target",
    "bad_version",
    "http2_preface",
    "connect_method",
    "trace_method",
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

std::uint32_t narrow(std::size_t n) { return static_cast<std::uint32_t>(n); }

// Reads a head from left to right.
class Reader {
 public:
  Reader(std::string_view text, Head& head)
      : begin_(text.data()), at_(begin_), end_(begin_ + text.size()), head_(head) {
    head_.clear();
    head_.base = begin_;
  }

  BadRequest request_line();
  BadRequest status_line();
  BadRequest fields();
  std::size_t size() const { return static_cast<std::size_t>(at_ - begin_); }  // of what was read
  bool at_end() const { return at_ == end_; }

 private:
  BadRequest other_version(const char* i);
  BadRequest other_protocol(const char* at) const;
  BadRequest field();
  BadRequest name(Span& name);
  BadRequest no_name(const char* at) const;
  BadRequest value(Span& value);
  BadRequest line_end();  // CRLF
  char peek(const char* at) const { return at < end_ ? *at : '\0'; }
  // A line end, and then no blank, which would make the next line a part of this one.
  bool at_usual_line_end() const {
    return end_ - at_ > 2 && at_[0] == '\r' && at_[1] == '\n' && !is_blank(at_[2]);
  }
  std::string_view rest(const char* at) const { return {at, static_cast<std::size_t>(end_ - at)}; }
  Span span(const char* from, const char* to) const {
    return {static_cast<std::uint32_t>(from - begin_), static_cast<std::uint32_t>(to - from)};
  }
  // Why a byte may not stand where it stands.
  static BadRequest forbidden(char c);

  const char* const begin_;
  const char* at_;
  const char* const end_;
  Head& head_;
};

BadRequest Reader::forbidden(char c) {
  if (c == '\r') return BadRequest::bare_cr;
  if (c == '\n') return BadRequest::bare_lf;
  return BadRequest::control_character;
}

BadRequest Reader::line_end() {
  if (peek(at_) != '\r') return forbidden(peek(at_));
  if (peek(at_ + 1) != '\n') return BadRequest::bare_cr;
  at_ += 2;
  return BadRequest::none;
}

BadRequest Reader::request_line() {
  const char* i = skip_token(begin_, end_);
  if (i == begin_) return BadRequest::bad_method;
  if (peek(i) != ' ') {
    return peek(i) == '\r' ? BadRequest::bad_request_line : BadRequest::bad_method;
  }
  head_.method = span(begin_, i);
  if (head_.method.size > kMaxMethod) return BadRequest::method_too_long;
  const char* const target = ++i;
  while (i != end_ && is_target_char(*i)) ++i;
  if (peek(i) == '#') return BadRequest::fragment_in_target;
  if (peek(i) == '\r') return BadRequest::bad_request_line;  // no version: HTTP/0.9
  if (i == target || peek(i) != ' ') return BadRequest::bad_target;
  head_.target = span(target, i);
  ++i;
  if (end_ - i >= 10 && std::memcmp(i, "HTTP/1.1\r\n", 10) == 0) {
    head_.minor = 1;
    at_ = i + 10;
    return BadRequest::none;
  }
  return other_version(i);
}

// Not HTTP/1.1, or not the end of the line behind it.
BadRequest Reader::other_version(const char* i) {
  const std::string_view version = rest(i).substr(0, 8);
  const bool form = version.size() == 8 && version.starts_with("HTTP/") && is_digit(version[5]) &&
                    version[6] == '.' && is_digit(version[7]);
  if (!form) return other_protocol(i);
  if (peek(i + 8) != '\r' || peek(i + 9) != '\n') return BadRequest::bad_request_line;
  if (version == "HTTP/2.0" && head_.method_text() == "PRI") return BadRequest::http2_preface;
  if (version[5] != '1' || version[7] > '1') return BadRequest::bad_version;
  head_.minor = static_cast<std::uint8_t>(version[7] - '0');
  at_ = i + 10;
  return BadRequest::none;
}

// A target with spaces looks like a version that is none; RTSP/1.0 is one of another protocol.
BadRequest Reader::other_protocol(const char* at) const {
  while (peek(at) >= 'A' && peek(at) <= 'Z') ++at;
  const std::string_view version = rest(at);
  const bool form = at[-1] != ' ' && version.size() >= 6 && version[0] == '/' &&
                    is_digit(version[1]) && version[2] == '.' && is_digit(version[3]) &&
                    version[4] == '\r' && version[5] == '\n';
  return form ? BadRequest::bad_version : BadRequest::bad_request_line;
}

BadRequest Reader::status_line() {
  const char* const line = begin_;
  if (end_ - line < 12 || std::memcmp(line, "HTTP/1.", 7) != 0 ||
      (line[7] != '0' && line[7] != '1') || line[8] != ' ') {
    return BadRequest::bad_status_line;
  }
  head_.minor = static_cast<std::uint8_t>(line[7] - '0');
  if (!is_digit(line[9]) || !is_digit(line[10]) || !is_digit(line[11])) {
    return BadRequest::bad_status_line;
  }
  const int status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  if (status < 100 || status > 599) return BadRequest::bad_status_line;
  head_.status = static_cast<std::uint16_t>(status);
  at_ = begin_ + 12;
  head_.reason = {};
  if (peek(at_) == ' ') {
    const char* const reason = ++at_;
    at_ = skip_value(at_, end_);
    head_.reason = span(reason, at_);
  }
  return peek(at_) == '\r' ? line_end() : BadRequest::bad_status_line;
}

BadRequest Reader::fields() {
  if (is_blank(peek(at_))) return BadRequest::leading_whitespace;
  for (std::size_t n = 0; peek(at_) != '\r'; ++n) {
    if (n == kMaxFields) return BadRequest::too_many_fields;
    if (const BadRequest bad = field(); bad != BadRequest::none) return bad;
  }
  const BadRequest bad = line_end();
  head_.size = static_cast<std::uint32_t>(size());
  return bad;
}

BadRequest Reader::field() {
  FieldLine line;
  if (const BadRequest bad = name(line.name); bad != BadRequest::none) return bad;
  if (const BadRequest bad = value(line.value); bad != BadRequest::none) return bad;
  line.id = identify_field(head_.text(line.name));
  head_.add(line);
  return BadRequest::none;
}

BadRequest Reader::name(Span& name) {
  const char* const end = skip_token(at_, end_);
  if (end == at_ || end == end_ || *end != ':') return no_name(end);
  name = span(at_, end);
  at_ = end + 1;
  return BadRequest::none;
}

// `at`: the first byte that is not the name's.
BadRequest Reader::no_name(const char* at) const {
  if (peek(at) == ':') return BadRequest::empty_field_name;
  if (is_blank(peek(at))) {
    if (at == at_) return BadRequest::obs_fold;
    while (is_blank(peek(at))) ++at;
    return peek(at) == ':' ? BadRequest::space_before_colon : BadRequest::bad_field_name;
  }
  if (peek(at) == '\r')
    return peek(at + 1) == '\n' ? BadRequest::missing_colon : BadRequest::bare_cr;
  return is_value_char(peek(at)) ? BadRequest::bad_field_name : forbidden(peek(at));
}

BadRequest Reader::value(Span& value) {
  const char* begin = at_;
  while (begin != end_ && is_blank(*begin)) ++begin;
  const char* end = at_ = skip_value(begin, end_);
  if (at_usual_line_end()) {
    at_ += 2;
  } else {
    if (const BadRequest bad = line_end(); bad != BadRequest::none) return bad;
    if (is_blank(peek(at_))) return BadRequest::obs_fold;
  }
  while (end > begin && is_blank(end[-1])) --end;
  value = span(begin, end);
  return BadRequest::none;
}

}  // namespace

std::string_view to_string(BadRequest reason) { return kNames[static_cast<std::size_t>(reason)]; }

HeadScan::Found HeadScan::refuse(BadRequest reason) {
  bad_ = reason;
  return Found::bad;
}

HeadScan::Found HeadScan::scan(std::string_view data, std::size_t max_head) {
  const std::size_t window = std::min(data.size(), max_head);
  while (at_ < window) {
    const void* found = std::memchr(data.data() + at_, '\n', window - at_);
    if (found == nullptr) break;
    const auto i = narrow(static_cast<std::size_t>(static_cast<const char*>(found) - data.data()));
    if (i == 0 || data[i - 1] != '\r') return refuse(BadRequest::bare_lf);
    const bool empty_line = i - line_ == 1;
    if (empty_line && line_ == 0) return refuse(BadRequest::bad_request_line);
    at_ = line_ = i + 1;
    if (empty_line) return Found::complete;
  }
  if (line_ == 0 && scan_first_line(data.substr(0, window)) == Found::bad) return Found::bad;
  at_ = narrow(window);
  if (data.size() < max_head) return Found::incomplete;
  return refuse(line_ == 0 ? BadRequest::target_too_long : BadRequest::head_too_large);
}

// What cannot become a first line is refused at once: a TLS hello has no line end to wait for.
HeadScan::Found HeadScan::scan_first_line(std::string_view data) {
  for (std::size_t i = at_; i < data.size(); ++i) {
    const bool last = i + 1 == data.size();
    if (!is_value_char(data[i]) && !(data[i] == '\r' && last)) {
      return refuse(BadRequest::bad_request_line);
    }
  }
  if (at_ == 0 && !data.empty() && !is_token_char(data[0])) {
    return refuse(BadRequest::bad_request_line);
  }
  // A CR that ended the last piece has to be followed by what ends the line, and was not.
  if (at_ != 0 && data.size() > at_ && data[at_ - 1] == '\r') return refuse(BadRequest::bare_cr);
  return Found::incomplete;
}

BadRequest read_request_head(std::string_view text, Head& head) {
  Reader reader(text, head);
  if (const BadRequest bad = reader.request_line(); bad != BadRequest::none) return bad;
  if (const BadRequest bad = reader.fields(); bad != BadRequest::none) return bad;
  return reader.at_end() ? BadRequest::none : BadRequest::bad_request_line;
}

BadRequest read_response_head(std::string_view text, Head& head) {
  Reader reader(text, head);
  if (const BadRequest bad = reader.status_line(); bad != BadRequest::none) return bad;
  if (const BadRequest bad = reader.fields(); bad != BadRequest::none) return bad;
  return reader.at_end() ? BadRequest::none : BadRequest::bad_request_line;
}

std::size_t find_request_head(std::string_view bytes, Head& head) {
  Reader reader(bytes, head);
  const bool sound =
      reader.request_line() == BadRequest::none && reader.fields() == BadRequest::none;
  return sound ? reader.size() : 0;
}

std::size_t find_response_head(std::string_view bytes, Head& head) {
  Reader reader(bytes, head);
  const bool sound =
      reader.status_line() == BadRequest::none && reader.fields() == BadRequest::none;
  return sound ? reader.size() : 0;
}

}  // namespace weir
