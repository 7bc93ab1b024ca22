#include "proxy/http1/head_parser.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "proxy/http/characters.h"
#include "proxy/http1/scan.h"

namespace weir {

namespace {

std::uint32_t narrow(std::size_t n) { return static_cast<std::uint32_t>(n); }

constexpr FieldIds kLists = {FieldId::connection, FieldId::trailer, FieldId::upgrade, FieldId::te};

// Empty ones count too.
bool has_too_many_items(const Head& head) {
  for (const FieldId id : {FieldId::connection, FieldId::trailer, FieldId::upgrade, FieldId::te}) {
    if (!head.has_several(id) && head.value(id).size() < kMaxListItems) continue;
    std::size_t items = 0;
    for (const FieldLine& line : head.fields) {
      if (line.id == id) items += 1 + std::ranges::count(head.text(line.value), ',');
    }
    if (items > kMaxListItems) return true;
  }
  return false;
}

// Reads a head from left to right. Each step is given where it begins and says where the next one
// does; null where the head is refused, and bad() says why.
class Reader {
 public:
  Reader(std::string_view text, Head& head)
      : begin_(text.data()), end_(begin_ + text.size()), scan_(text), head_(head) {
    head_.clear();
    head_.base = begin_;
  }

  // The size of the head that the text begins with; 0: it is refused.
  std::size_t read_request() { return fields(request_line()); }
  std::size_t read_response() { return fields(status_line()); }
  MessageError bad() const { return bad_; }

 private:
  // The first line: where the fields begin, or null.
  const char* request_line();
  const char* status_line();
  void note_version(char minor) {
    head_.minor = minor == '0' ? 0 : 1;
    head_.odd_version = minor > '1';
  }
  const char* other_version(const char* at);
  MessageError other_protocol(const char* at) const;
  std::size_t fields(const char* at);
  const char* field(const char* at);
  [[gnu::noinline]] const char* odd_name(const char* name);
  [[gnu::cold, gnu::noinline]] MessageError no_name(const char* begin, const char* at) const;
  const char* line_end(const char* at);  // CRLF
  const char* refuse(MessageError reason) {
    bad_ = reason;
    return nullptr;
  }

  char peek(const char* at) const { return at < end_ ? *at : '\0'; }
  std::string_view rest(const char* at) const { return {at, static_cast<std::size_t>(end_ - at)}; }
  Span span(const char* from, const char* to) const {
    return {static_cast<std::uint32_t>(from - begin_), static_cast<std::uint32_t>(to - from)};
  }
  // Why a byte may not stand where it stands.
  static MessageError forbidden(char c);

  const char* const begin_;
  const char* const end_;
  const Scan scan_;
  Head& head_;
  MessageError bad_ = MessageError::none;
};

MessageError Reader::forbidden(char c) {
  if (c == '\r') return MessageError::bare_cr;
  if (c == '\n') return MessageError::bare_lf;
  return MessageError::control_character;
}

inline const char* Reader::line_end(const char* at) {
  if (end_ - at >= 2 && std::memcmp(at, "\r\n", 2) == 0) return at + 2;
  if (peek(at) != '\r') return refuse(forbidden(peek(at)));
  return refuse(MessageError::bare_cr);
}

const char* Reader::request_line() {
  const char* at = scan_.skip_token(begin_);
  if (at == begin_) return refuse(MessageError::bad_method);
  if (peek(at) != ' ') {
    return refuse(peek(at) == '\r' ? MessageError::bad_request_line : MessageError::bad_method);
  }
  head_.method = span(begin_, at);
  if (head_.method.size > kMaxMethod) return refuse(MessageError::method_too_long);
  const char* const target = ++at;
  at = scan_.skip_target(at);
  if (peek(at) == '#') return refuse(MessageError::fragment_in_target);
  if (peek(at) == '\r') return refuse(MessageError::bad_request_line);  // no version: HTTP/0.9
  if (at == target || peek(at) != ' ') return refuse(MessageError::bad_target);
  head_.target = span(target, at);
  ++at;
  if (end_ - at >= 10 && std::memcmp(at, "HTTP/1.1\r\n", 10) == 0) {
    return at + 10;
  }
  return other_version(at);
}

// Not HTTP/1.1, or not the end of the line behind it.
const char* Reader::other_version(const char* at) {
  const std::string_view version = rest(at).substr(0, 8);
  const bool form = version.size() == 8 && version.starts_with("HTTP/") && is_digit(version[5]) &&
                    version[6] == '.' && is_digit(version[7]);
  if (!form) return refuse(other_protocol(at));
  if (peek(at + 8) != '\r' || peek(at + 9) != '\n') return refuse(MessageError::bad_request_line);
  if (version == "HTTP/2.0" && head_.method_text() == "PRI") {
    return refuse(MessageError::http2_preface);
  }
  if (version[5] != '1') return refuse(MessageError::bad_version);
  note_version(version[7]);
  return at + 10;
}

// A target with spaces looks like a version that is none; RTSP/1.0 is one of another protocol.
MessageError Reader::other_protocol(const char* at) const {
  while (peek(at) >= 'A' && peek(at) <= 'Z') ++at;
  const std::string_view version = rest(at);
  const bool form = at[-1] != ' ' && version.size() >= 6 && version[0] == '/' &&
                    is_digit(version[1]) && version[2] == '.' && is_digit(version[3]) &&
                    version[4] == '\r' && version[5] == '\n';
  return form ? MessageError::bad_version : MessageError::bad_request_line;
}

const char* Reader::status_line() {
  const char* const line = begin_;
  if (end_ - line < 12 || std::memcmp(line, "HTTP/1.", 7) != 0 || !is_digit(line[7]) ||
      line[8] != ' ') {
    return refuse(MessageError::bad_status_line);
  }
  if (line[7] != '1') note_version(line[7]);
  if (!is_digit(line[9]) || !is_digit(line[10]) || !is_digit(line[11])) {
    return refuse(MessageError::bad_status_line);
  }
  const int status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  if (status < 100 || status > 599) return refuse(MessageError::bad_status_line);
  head_.status = static_cast<std::uint16_t>(status);
  const char* at = line + 12;
  head_.reason = {};
  if (peek(at) == ' ') {
    const char* const reason = ++at;
    at = scan_.skip_value(at);
    head_.reason = span(reason, at);
  }
  return peek(at) == '\r' ? line_end(at) : refuse(MessageError::bad_status_line);
}

// `at`: behind the first line; null if that was refused.
std::size_t Reader::fields(const char* at) {
  if (at != nullptr && is_blank(peek(at))) at = refuse(MessageError::leading_whitespace);
  for (std::size_t room = kMaxFields; at != nullptr && peek(at) != '\r'; --room) {
    at = room != 0 || is_blank(peek(at)) ? field(at) : refuse(MessageError::too_many_fields);
  }
  if (at != nullptr && head_.has_any(kLists) && has_too_many_items(head_)) {
    at = refuse(MessageError::too_many_fields);
  }
  if (at == nullptr || (at = line_end(at)) == nullptr) return 0;
  head_.size = static_cast<std::uint32_t>(at - begin_);
  return head_.size;
}

// Quickly told, of bytes where no control character but the tab can stand.
bool is_blank_or_control(char c) { return static_cast<std::uint8_t>(c) <= ' '; }

inline const char* Reader::field(const char* at) {
  const char* const name = at;
  at = scan_.skip_plain_name(at);
  FieldLine line;
  line.plain = true;
  if (at == end_ || *at != ':' || at == name) {
    if ((at = odd_name(name)) == nullptr) return nullptr;
    line.plain = false;
  }
  line.name = span(name, at);
  line.id = identify_field({name, static_cast<std::size_t>(at - name)});

  ++at;
  // The usual form: one space, and then what is none.
  if (end_ - at >= 2 && *at == ' ' && !is_blank_or_control(at[1])) {
    ++at;
  } else {
    line.plain = false;
    while (at != end_ && is_blank(*at)) ++at;
  }
  const char* const value = at;
  const char* end = at = scan_.skip_value(at);
  if (is_blank_or_control(end[-1])) {
    line.plain = false;
    while (end > value && is_blank(end[-1])) --end;
  }
  line.value = span(value, end);
  head_.add(line);
  return line_end(at);
}

// A name that has more than letters and '-', or is none: its colon, or null.
const char* Reader::odd_name(const char* name) {
  const char* const at = scan_.skip_token(name);
  return at == end_ || *at != ':' || at == name ? refuse(no_name(name, at)) : at;
}

// `at`: the first byte that is not the name's.
MessageError Reader::no_name(const char* begin, const char* at) const {
  if (peek(at) == ':') return MessageError::empty_field_name;
  if (is_blank(peek(at))) {
    if (at == begin) return MessageError::obs_fold;
    while (is_blank(peek(at))) ++at;
    return peek(at) == ':' ? MessageError::space_before_colon : MessageError::bad_field_name;
  }
  if (peek(at) == '\r') {
    return peek(at + 1) == '\n' ? MessageError::missing_colon : MessageError::bare_cr;
  }
  return is_value_char(peek(at)) ? MessageError::bad_field_name : forbidden(peek(at));
}

MessageError why_not_whole(std::size_t size, std::string_view text, MessageError bad) {
  if (size == text.size() && size != 0) return MessageError::none;
  return size == 0 ? bad : MessageError::bad_request_line;
}

// Of the line alone: what is no first line is refused when it has come, not when the head has.
MessageError judge_first_line(std::string_view line, HeadScan::Kind kind) {
  std::string alone(line);
  alone += "\r\n";
  Head head;
  return kind == HeadScan::Kind::request ? read_request_head(alone, head)
                                         : read_response_head(alone, head);
}

// A record of TLS that begins a handshake (RFC 8446 §5.1): no HTTP begins with that byte.
bool is_tls(std::string_view data) { return data.starts_with('\x16'); }

}  // namespace

HeadScan::Found HeadScan::refuse(MessageError reason) {
  bad_ = reason;
  return Found::bad;
}

HeadScan::Found HeadScan::scan(std::string_view data, std::size_t max_head, Kind kind) {
  const std::size_t window = std::min(data.size(), max_head);
  if (kind == Kind::request && is_tls(data)) return refuse(MessageError::tls_on_plain_port);
  while (at_ < window) {
    const void* found = std::memchr(data.data() + at_, '\n', window - at_);
    if (found == nullptr) break;
    const auto i = narrow(static_cast<std::size_t>(static_cast<const char*>(found) - data.data()));
    if (i == 0 || data[i - 1] != '\r') return refuse(MessageError::bare_lf);
    const bool empty_line = i - line_ == 1;
    if (empty_line && line_ == 0) return refuse(MessageError::bad_request_line);
    if (line_ == 0) {
      const MessageError bad = judge_first_line(data.substr(0, i + 1), kind);
      if (bad != MessageError::none) return refuse(bad);
    }
    at_ = line_ = i + 1;
    if (empty_line) return Found::complete;
  }
  if (line_ == 0 && scan_first_line(data.substr(0, window)) == Found::bad) return Found::bad;
  at_ = narrow(window);
  if (data.size() < max_head) return Found::incomplete;
  return refuse(line_ == 0 ? MessageError::target_too_long : MessageError::head_too_large);
}

// Bytes that no first line has are refused at once: there may be no line end to wait for.
HeadScan::Found HeadScan::scan_first_line(std::string_view data) {
  for (std::size_t i = at_; i < data.size(); ++i) {
    const bool last = i + 1 == data.size();
    if (!is_value_char(data[i]) && !(data[i] == '\r' && last)) {
      return refuse(MessageError::bad_request_line);
    }
  }
  if (at_ == 0 && !data.empty() && !is_token_char(data[0])) {
    return refuse(MessageError::bad_request_line);
  }
  // A CR that ended the last piece has to be followed by what ends the line, and was not.
  if (at_ != 0 && data.size() > at_ && data[at_ - 1] == '\r') return refuse(MessageError::bare_cr);
  return Found::incomplete;
}

MessageError read_request_head(std::string_view text, Head& head) {
  MessageError bad = MessageError::none;
  const std::size_t size = find_request_head(text, head, &bad);
  return why_not_whole(size, text, bad);
}

MessageError read_response_head(std::string_view text, Head& head) {
  MessageError bad = MessageError::none;
  const std::size_t size = find_response_head(text, head, &bad);
  return why_not_whole(size, text, bad);
}

std::size_t find_request_head(std::string_view bytes, Head& head, MessageError* why) {
  Reader reader(bytes, head);
  const std::size_t size = reader.read_request();
  if (why != nullptr) *why = reader.bad();
  return size;
}

std::size_t find_response_head(std::string_view bytes, Head& head, MessageError* why) {
  Reader reader(bytes, head);
  const std::size_t size = reader.read_response();
  if (why != nullptr) *why = reader.bad();
  return size;
}

}  // namespace weir
