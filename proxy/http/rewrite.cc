#include "proxy/http/rewrite.h"

#include <algorithm>
#include <optional>

#include "proxy/http/characters.h"
#include "proxy/http/hops.h"
#include "proxy/http/list.h"

namespace weir {

namespace {

// The names that Connection lists, apart from its own words; they name fields of this hop only.
class Listed {
 public:
  explicit Listed(const Head& head) : head_(head) {
    for_each_item(head, FieldId::connection, [this](std::string_view item) {
      any_ = any_ ||
             !(equals_ignoring_case(item, "close") || equals_ignoring_case(item, "keep-alive"));
    });
  }
  bool names(std::string_view field) const { return any_ && connection_lists(head_, field); }

 private:
  const Head& head_;
  bool any_ = false;
};

// Of this hop only, or written by weir itself: never copied.
bool is_own(FieldId id) {
  switch (id) {
    case FieldId::connection:
    case FieldId::keep_alive:
    case FieldId::proxy_connection:
    case FieldId::te:
    case FieldId::trailer:  // passes with the trailers
    case FieldId::upgrade:
    case FieldId::http2_settings:
    case FieldId::transfer_encoding:
    case FieldId::content_length:
    case FieldId::x_request_id: return true;
    default: return false;
  }
}

// Copies lines, those that stand together and have the usual form (one space behind the colon,
// none at the end) in one piece.
class LineCopier {
 public:
  LineCopier(HeadWriter& out, const Head& head) : out_(out), head_(head) {}
  void copy(const FieldLine& line) {
    if (line.name.at != run_.at + run_.size) flush();
    const std::uint32_t colon = line.name.at + line.name.size;
    const std::uint32_t end = line.value.at + line.value.size;
    if (line.value.at == colon + 2 && head_.base[colon + 1] == ' ' && head_.base[end] == '\r') {
      if (run_.size == 0) run_.at = line.name.at;
      run_.size = end + 2 - run_.at;
    } else {
      flush();
      out_.add_field(head_.text(line.name), head_.text(line.value));
    }
  }
  void flush() {
    if (run_.size != 0) out_.add(head_.text(run_));
    run_ = {};
  }

 private:
  HeadWriter& out_;
  const Head& head_;
  Span run_;  // not written yet
};

void write_forwarded_for(HeadWriter& out, const OutgoingRequest& request) {
  bool any = false;
  const auto add = [&](std::string_view address) {
    if (address.empty()) return;
    out.add(any ? ", " : "X-Forwarded-For: ");
    out.add(address);
    any = true;
  };
  if (request.client_is_trusted) {
    for (const FieldLine& line : request.head.fields) {
      if (line.id == FieldId::x_forwarded_for) add(request.head.text(line.value));
    }
  }
  add(request.client);
  if (any) out.add("\r\n");
}

void write_forwarded(HeadWriter& out, const OutgoingRequest& request) {
  if (!request.client_is_trusted && !request.client.empty() && !request.target.authority.empty()) {
    return out.add_all(
        "X-Forwarded-For: ", request.client,
        "\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: ", request.target.authority, "\r\n");
  }
  write_forwarded_for(out, request);
  const Head& head = request.head;
  if (!request.client_is_trusted || !head.has(FieldId::x_forwarded_proto)) {
    out.add("X-Forwarded-Proto: http\r\n");
  }
  const bool host_given = request.client_is_trusted && head.has(FieldId::x_forwarded_host);
  if (!host_given && !request.target.authority.empty()) {
    out.add_field("X-Forwarded-Host", request.target.authority);
  }
}

// The place behind a comment that begins at `at`; comments nest, and escape with a backslash.
std::size_t skip_comment(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '(') {
      ++depth;
    } else if (text[at] == ')' && --depth == 0) {
      return at + 1;
    }
  }
  return text.size();
}

// 1#( received-protocol RWS received-by [ RWS comment ] ): is one received by `name`?
bool was_received_by(std::string_view via, std::string_view name) {
  std::size_t words = 0;  // of this element
  for (std::size_t at = 0; at < via.size();) {
    if (via[at] == '(') {
      at = skip_comment(via, at);
    } else if (via[at] == ',') {
      words = 0;
      ++at;
    } else if (is_blank(via[at])) {
      ++at;
    } else {
      const std::size_t end = std::min(via.find_first_of(" \t,(", at), via.size());
      std::string_view word = via.substr(at, end - at);
      if (++words == 2 && equals_ignoring_case(word.substr(0, word.find(':')), name)) return true;
      at = end;
    }
  }
  return false;
}

void write_via(HeadWriter& out, const Head& head, std::string_view name) {
  out.add_all(head.minor == 0 ? std::string_view("Via: 1.0 ") : std::string_view("Via: 1.1 "), name,
              "\r\n");
}

void write_request_line(HeadWriter& out, const OutgoingRequest& request) {
  const std::string_view method = request.head.method_text();
  const std::string_view origin = request.target.origin;
  std::string_view prefix;
  if (origin.empty() && method == "OPTIONS") {
    prefix = "*";
  } else if (origin.empty() || origin[0] == '?') {
    prefix = "/";
  }
  out.add_all(method, " ", prefix, origin, " HTTP/1.1\r\n");
}

[[gnu::noinline]] void write_hops(HeadWriter& out, const Head& head, const FieldLine& line) {
  const std::optional<std::uint32_t> left = hops_left(head, line);
  if (!left) return out.add_field(head.text(line.name), head.text(line.value));
  out.add_all(head.text(line.name), ": ");
  out.add_number(*left);
  out.add("\r\n");
}

// What weir says of its own hop to the service.
void write_connection(HeadWriter& out, const OutgoingRequest& request) {
  const bool upgrades = !request.upgrades.empty();
  if (request.takes_trailers) out.add("TE: trailers\r\n");
  if (upgrades) write_offered(out, request.head, request.upgrades);
  if (request.takes_trailers) {
    out.add(upgrades ? "Connection: TE, upgrade\r\n" : "Connection: TE\r\n");
  } else if (upgrades) {
    out.add("Connection: upgrade\r\n");
  }
}

bool passes(const OutgoingRequest& request, const FieldLine& line, const Listed& listed) {
  switch (line.id) {
    case FieldId::host:
    case FieldId::x_forwarded_for: return false;
    case FieldId::trailer:
      return request.framing.kind == Framing::Kind::chunked && !listed.names("trailer");
    case FieldId::x_forwarded_proto:
    case FieldId::x_forwarded_host: return request.client_is_trusted;
    default: return !is_own(line.id) && !listed.names(request.head.text(line.name));
  }
}

void write_status_line(HeadWriter& out, const Head& head) {
  constexpr std::uint32_t kReasonAt = 13;  // behind "HTTP/1.1 200 "
  if (head.minor == 1 && head.reason.at == kReasonAt) {
    return out.add({head.base, kReasonAt + head.reason.size + 2});
  }
  out.add("HTTP/1.1 ");
  out.add_number(head.status);
  out.add_all(" ", head.text(head.reason), "\r\n");
}

void copy_response_fields(HeadWriter& out, const Head& head, bool trailers) {
  const Listed listed(head);
  LineCopier copier(out, head);
  for (const FieldLine& line : head.fields) {
    const bool own = is_own(line.id) && !(trailers && line.id == FieldId::trailer);
    if (!own && !listed.names(head.text(line.name))) copier.copy(line);
  }
  copier.flush();
}

}  // namespace

void write_request_head(HeadWriter& out, const OutgoingRequest& request) {
  write_request_line(out, request);
  out.add_field("Host", request.host);
  const Listed listed(request.head);
  LineCopier copier(out, request.head);
  for (const FieldLine& line : request.head.fields) {
    if (!passes(request, line, listed)) continue;
    if (line.id == FieldId::max_forwards && is_counted(request.head)) [[unlikely]] {
      copier.flush();
      write_hops(out, request.head, line);
      continue;
    }
    copier.copy(line);
  }
  copier.flush();
  const bool empty = request.framing.kind == Framing::Kind::none;
  if (empty && request.head.has(FieldId::content_length)) out.add("Content-Length: 0\r\n");
  write_framing(out, request.framing);
  write_connection(out, request);
  write_forwarded(out, request);
  write_via(out, request.head, request.name);
  out.add_all("x-request-id: ", request.request_id, "\r\n\r\n");
}

bool has_own_via(const Head& head, std::string_view name) {
  if (!head.has(FieldId::via)) return false;
  for (const FieldLine& line : head.fields) {
    if (line.id == FieldId::via && was_received_by(head.text(line.value), name)) return true;
  }
  return false;
}

void write_response_head(HeadWriter& out, const OutgoingResponse& response) {
  const Head& head = response.head;
  write_status_line(out, head);
  copy_response_fields(out, head, response.trailers);
  if (!head.has(FieldId::date)) out.add_field("Date", response.date);
  const bool length_given = head.has(FieldId::content_length);
  if (response.describes_body && length_given) {
    out.add_field("Content-Length", head.value(FieldId::content_length));
  } else if (response.framing.kind == Framing::Kind::none && length_given && head.status != 204) {
    out.add("Content-Length: 0\r\n");
  }
  write_framing(out, response.framing);
  if (response.close) out.add("Connection: close\r\n");
  if (response.keep_alive) out.add("Connection: keep-alive\r\n");
  write_via(out, head, response.name);
  out.add_all("x-request-id: ", response.request_id, "\r\n\r\n");
}

void write_interim_head(HeadWriter& out, const Head& head, std::string_view name) {
  write_status_line(out, head);
  copy_response_fields(out, head, false);
  write_via(out, head, name);
  out.add("\r\n");
}

void write_switching_head(HeadWriter& out, const Head& head, std::string_view name) {
  write_status_line(out, head);
  copy_response_fields(out, head, false);
  for (const FieldLine& line : head.fields) {
    if (line.id == FieldId::upgrade) out.add_field("Upgrade", head.text(line.value));
  }
  out.add("Connection: upgrade\r\n");
  write_via(out, head, name);
  out.add("\r\n");
}

}  // namespace weir
