#include "tests/fuzz/judge.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

namespace weir::fuzz {

namespace {

namespace beast = boost::beast;
namespace http = beast::http;

// Nothing but what the parser says, in a Message.
template <bool isRequest>
class Reader final : public http::basic_parser<isRequest> {
 public:
  explicit Reader(Message& message) : message_(message) {
    this->eager(true);
    this->body_limit(boost::none);
    this->header_limit(std::numeric_limits<std::uint32_t>::max());
  }

 private:
  using Text = beast::string_view;
  using Error = beast::error_code;

  void on_request_impl(http::verb /*verb*/, Text method, Text target, int version,
                       Error& /*error*/) override {
    message_.method = method;
    message_.target = target;
    message_.minor = version % 10;
  }
  void on_response_impl(int status, Text reason, int version, Error& /*error*/) override {
    message_.status = status;
    message_.reason = reason;
    message_.minor = version % 10;
  }
  void on_field_impl(http::field /*field*/, Text name, Text value, Error& /*error*/) override {
    auto& fields = message_.head_whole ? message_.trailers : message_.fields;
    fields.emplace_back(std::string(name), std::string(value));
  }
  void on_header_impl(Error& /*error*/) override { message_.head_whole = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/,
                         Error& /*error*/) override {}
  std::size_t on_body_impl(Text body, Error& /*error*/) override {
    message_.body.append(body.data(), body.size());
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t /*size*/, Text /*extensions*/,
                            Error& /*error*/) override {}
  std::size_t on_chunk_body_impl(std::uint64_t /*left*/, Text body, Error& error) override {
    return on_body_impl(body, error);
  }
  void on_finish_impl(Error& /*error*/) override {}

  Message& message_;
};

// Beast refuses a Connection that is no list of tokens. weir does not: it drops the field, and no
// field has a name that is no token. So the name is hidden from Beast: its first letter is '!'.
class HiddenConnections {
 public:
  explicit HiddenConnections(std::string_view text) : bytes_(text) {
    const std::size_t end = std::min(text.find("\r\n\r\n"), text.size());
    std::size_t line = text.find("\r\n");
    for (std::size_t i = 0; line < end; line = text.find("\r\n", line + 2), ++i) {
      for (const std::string_view name : {"connection:", "proxy-connection:"}) {
        if (!same_word(text.substr(line + 2, name.size()), name)) continue;
        hidden_.emplace_back(i, text[line + 2]);
        bytes_[line + 2] = '!';
      }
    }
  }
  const std::string& bytes() const { return bytes_; }
  void show(Message::Fields& fields) const {
    for (const auto& [i, letter] : hidden_)
      if (i < fields.size()) fields[i].first[0] = letter;
  }

 private:
  std::string bytes_;
  std::vector<std::pair<std::size_t, char>> hidden_;  // which field, its first letter
};

template <bool isRequest>
void read(Reader<isRequest>& reader, std::string_view text, bool ended, Message& message) {
  const HiddenConnections hidden(text);
  const std::string& bytes = hidden.bytes();
  beast::error_code error;
  std::size_t at = 0;
  while (at < bytes.size() && !reader.is_done()) {
    const std::size_t n =
        reader.put(boost::asio::buffer(bytes.data() + at, bytes.size() - at), error);
    at += n;
    if (error == http::error::need_more) break;
    if (error || n == 0) break;
  }
  message.size = at;
  if (error == http::error::need_more) error = {};
  if (!error && ended && at == bytes.size() && reader.need_eof()) {
    reader.put_eof(error);
    if (error == http::error::partial_message) error = {};
  }
  if (reader.is_header_done()) {
    if (reader.chunked()) {
      message.framing = Message::Framing::chunked;
    } else if (const auto length = reader.content_length(); length && *length != 0) {
      message.framing = Message::Framing::length;
      message.length = *length;
    } else if (reader.need_eof()) {
      message.framing = Message::Framing::until_close;
    }
  }
  if (error) {
    message.state = Message::State::bad;
    message.error = error.message();
  } else if (reader.is_done()) {
    message.state = Message::State::whole;
  } else {
    message.state = bytes.empty() ? Message::State::nothing : Message::State::partial;
  }
  hidden.show(message.fields);
  if (message.head_whole) message.head_size = bytes.find("\r\n\r\n") + 4;
}

bool is_token_char(char c) {
  const auto u = static_cast<unsigned char>(c);
  return (u >= '0' && u <= '9') || (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

std::string complaint_about_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return "a field without a colon";
  const std::string_view name = line.substr(0, colon);
  if (name.empty() || !std::ranges::all_of(name, is_token_char)) return "a name that is no token";
  return {};
}

}  // namespace

std::string readable(std::string_view bytes) {
  std::string text;
  for (const char c : bytes.substr(0, 4096)) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '\n') {
      text += "\\n\n";
    } else if (c == '\r') {
      text += "\\r";
    } else if (u < ' ' || u > '~') {
      char hex[5];
      const int size = std::snprintf(hex, sizeof hex, "\\x%02x", u);
      text.append(hex, static_cast<std::size_t>(std::max(size, 0)));
    } else {
      text += c;
    }
  }
  return text;
}

void fail(std::string_view what, std::string_view about, std::string_view more) {
  std::fprintf(stderr, "property broken: %s\n", std::string(what).c_str());
  if (!about.empty()) std::fprintf(stderr, "--- %s\n", readable(about).c_str());
  if (!more.empty()) std::fprintf(stderr, "--- %s\n", readable(more).c_str());
  std::abort();
}

bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::size_t Message::count(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      fields, [name](const auto& field) { return same_word(field.first, name); }));
}

const std::string* Message::find(std::string_view name) const {
  for (const auto& [key, value] : fields)
    if (same_word(key, name)) return &value;
  return nullptr;
}

bool Message::lists(std::string_view name, std::string_view word) const {
  for (const auto& [key, value] : fields) {
    if (!same_word(key, name)) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      std::string_view item = rest.substr(0, comma);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
      while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
      if (same_word(item, word)) return true;
    }
  }
  return false;
}

namespace {

// Any HTTP/1.x is read as HTTP/1.1 (RFC 9110 §2.5), where Beast reads 1.0 and 1.1 alone. `at`:
// where the minor version stands, if it does.
bool has_higher_minor(std::string_view bytes, std::size_t at) {
  return at >= 7 && at < bytes.size() && bytes.substr(at - 7, 7) == "HTTP/1." && bytes[at] >= '2' &&
         bytes[at] <= '9';
}
std::string as_http11(std::string_view bytes, std::size_t at) {
  std::string text(bytes);
  text[at] = '1';
  return text;
}

}  // namespace

Message read_request(std::string_view bytes) {
  const std::size_t line_end = bytes.find("\r\n");
  if (line_end != std::string_view::npos && has_higher_minor(bytes, line_end - 1)) {
    return read_request(as_http11(bytes, line_end - 1));
  }
  Message message;
  Reader<true> reader(message);
  read(reader, bytes, false, message);
  return message;
}

Message read_response(std::string_view bytes, bool to_head, bool ended) {
  if (has_higher_minor(bytes, 7)) return read_response(as_http11(bytes, 7), to_head, ended);
  // "HTTP/1.1 200" without the space behind it is tolerated of services (so nginx, HAProxy).
  if (bytes.size() > 13 && bytes.starts_with("HTTP/1.") && bytes.substr(12, 2) == "\r\n") {
    std::string with_space(bytes);
    Message message = read_response(with_space.insert(12, 1, ' '), to_head, ended);
    if (message.size > 12) --message.size;
    if (message.head_size > 12) --message.head_size;
    return message;
  }
  Message message;
  Reader<false> reader(message);
  reader.skip(to_head);
  read(reader, bytes, ended, message);
  if (to_head || message.status / 100 == 1 || message.status == 204 || message.status == 304) {
    message.framing = Message::Framing::none;
    message.length = 0;
  }
  return message;
}

std::string complaint_about_head(std::string_view head, bool request) {
  if (!head.ends_with("\r\n\r\n")) return "no empty line at its end";
  head.remove_suffix(2);
  std::size_t framings = 0;
  std::size_t hosts = 0;
  for (bool first = true; !head.empty(); first = false) {
    const std::size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    for (const char c : line) {
      const auto u = static_cast<unsigned char>(c);
      if ((u < ' ' && c != '\t') || u == 0x7f) return "a control character";
    }
    if (first) {
      if (request && (!line.ends_with(" HTTP/1.1") || std::ranges::count(line, ' ') != 2))
        return "a bad request line";
      if (!request && (!line.starts_with("HTTP/1.1 ") || line.substr(12, 1) != " "))
        return "a bad status line";
      continue;
    }
    if (std::string complaint = complaint_about_field(line); !complaint.empty()) return complaint;
    const std::string_view name = line.substr(0, line.find(':'));
    framings += same_word(name, "content-length") || same_word(name, "transfer-encoding");
    hosts += same_word(name, "host");
    if (same_word(name, "transfer-encoding") && !line.ends_with(": chunked"))
      return "a coding other than chunked";
  }
  if (framings > 1) return "more than one framing field";
  if (request && hosts != 1) return "not one Host";
  return {};
}

}  // namespace weir::fuzz
