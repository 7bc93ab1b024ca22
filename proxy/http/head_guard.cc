#include "proxy/http/head_guard.h"

#include <cstring>

#include "proxy/http/characters.h"

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
    "bad_status_line",
};
static_assert(std::size(kNames) == kBadRequests);

std::uint32_t narrow(std::size_t n) { return static_cast<std::uint32_t>(n); }

// Reads a head from left to right.
class Reader {
 public:
  Reader(std::string_view text, Head& head) : text_(text), head_(head) {
    head_.clear();
    head_.base = text.data();
    head_.size = narrow(text.size());
  }

  BadRequest request_line();
  BadRequest status_line();
  BadRequest fields();

 private:
  BadRequest other_protocol(std::size_t i) const;
  BadRequest field();
  BadRequest name(Span& name);
  BadRequest value(Span& value);
  BadRequest line_end();  // CRLF
  char at(std::size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
  // Why a byte may not stand where it stands.
  static BadRequest forbidden(char c);

  std::string_view text_;
  Head& head_;
  std::size_t at_ = 0;
};

BadRequest Reader::forbidden(char c) {
  if (c == '\r') return BadRequest::bare_cr;
  if (c == '\n') return BadRequest::bare_lf;
  return BadRequest::control_character;
}

BadRequest Reader::line_end() {
  if (at(at_) != '\r') return forbidden(at(at_));
  if (at(at_ + 1) != '\n') return BadRequest::bare_cr;
  at_ += 2;
  return BadRequest::none;
}

BadRequest Reader::request_line() {
  std::size_t i = 0;
  while (is_token_char(at(i))) ++i;
  if (i == 0) return BadRequest::bad_method;
  if (at(i) != ' ') return at(i) == '\r' ? BadRequest::bad_request_line : BadRequest::bad_method;
  if (i > kMaxMethod) return BadRequest::method_too_long;
  head_.method = {0, narrow(i)};
  const std::size_t target = ++i;
  while (is_target_char(at(i))) ++i;
  if (at(i) == '#') return BadRequest::fragment_in_target;
  if (at(i) == '\r') return BadRequest::bad_request_line;  // no version: HTTP/0.9
  if (i == target || at(i) != ' ') return BadRequest::bad_target;
  head_.target = {narrow(target), narrow(i - target)};
  ++i;
  const std::string_view version = text_.substr(i, 8);
  const bool form = version.size() == 8 && version.starts_with("HTTP/") && is_digit(version[5]) &&
                    version[6] == '.' && is_digit(version[7]);
  if (!form) return other_protocol(i);
  if (at(i + 8) != '\r' || at(i + 9) != '\n') return BadRequest::bad_request_line;
  if (version == "HTTP/2.0" && head_.method_text() == "PRI") return BadRequest::http2_preface;
  if (version[5] != '1' || version[7] > '1') return BadRequest::bad_version;
  head_.minor = static_cast<std::uint8_t>(version[7] - '0');
  at_ = i + 10;
  return BadRequest::none;
}

// A target with spaces looks like a version that is none; RTSP/1.0 is one of another protocol.
BadRequest Reader::other_protocol(std::size_t i) const {
  while (at(i) >= 'A' && at(i) <= 'Z') ++i;
  const bool form = text_[i - 1] != ' ' && at(i) == '/' && is_digit(at(i + 1)) &&
                    at(i + 2) == '.' && is_digit(at(i + 3)) && at(i + 4) == '\r' &&
                    at(i + 5) == '\n';
  return form ? BadRequest::bad_version : BadRequest::bad_request_line;
}

BadRequest Reader::status_line() {
  const std::string_view line = text_.substr(0, 12);
  if (line.size() < 12 || !line.starts_with("HTTP/1.") || (line[7] != '0' && line[7] != '1') ||
      line[8] != ' ') {
    return BadRequest::bad_status_line;
  }
  head_.minor = static_cast<std::uint8_t>(line[7] - '0');
  unsigned status = 0;
  for (const char c : line.substr(9, 3)) {
    if (!is_digit(c)) return BadRequest::bad_status_line;
    status = status * 10 + static_cast<unsigned>(c - '0');
  }
  if (status < 100 || status > 599) return BadRequest::bad_status_line;
  head_.status = static_cast<std::uint16_t>(status);
  std::size_t i = 12;
  if (at(i) == ' ') {
    const std::size_t reason = ++i;
    while (is_value_char(at(i))) ++i;
    head_.reason = {narrow(reason), narrow(i - reason)};
  } else {
    head_.reason = {};
  }
  if (at(i) != '\r') return BadRequest::bad_status_line;
  at_ = i;
  return line_end();
}

BadRequest Reader::fields() {
  if (is_blank(at(at_))) return BadRequest::leading_whitespace;
  while (at(at_) != '\r') {
    if (head_.fields.size() == kMaxFields) return BadRequest::too_many_fields;
    if (const BadRequest bad = field(); bad != BadRequest::none) return bad;
  }
  if (const BadRequest bad = line_end(); bad != BadRequest::none) return bad;
  return at_ == text_.size() ? BadRequest::none : BadRequest::bad_request_line;
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
  const std::size_t begin = at_;
  std::size_t i = begin;
  while (is_token_char(at(i))) ++i;
  name = {narrow(begin), narrow(i - begin)};
  if (at(i) == ':') {
    at_ = i + 1;
    return i == begin ? BadRequest::empty_field_name : BadRequest::none;
  }
  if (is_blank(at(i))) {
    if (i == begin) return BadRequest::obs_fold;
    while (is_blank(at(i))) ++i;
    return at(i) == ':' ? BadRequest::space_before_colon : BadRequest::bad_field_name;
  }
  if (at(i) == '\r') return at(i + 1) == '\n' ? BadRequest::missing_colon : BadRequest::bare_cr;
  return is_value_char(at(i)) ? BadRequest::bad_field_name : forbidden(at(i));
}

BadRequest Reader::value(Span& value) {
  std::size_t i = at_;
  while (is_blank(at(i))) ++i;
  const std::size_t begin = i;
  while (is_value_char(at(i))) ++i;
  at_ = i;
  if (const BadRequest bad = line_end(); bad != BadRequest::none) return bad;
  if (is_blank(at(at_))) return BadRequest::obs_fold;
  while (i > begin && is_blank(text_[i - 1])) --i;
  value = {narrow(begin), narrow(i - begin)};
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
  return reader.fields();
}

BadRequest read_response_head(std::string_view text, Head& head) {
  Reader reader(text, head);
  if (const BadRequest bad = reader.status_line(); bad != BadRequest::none) return bad;
  return reader.fields();
}

}  // namespace weir
