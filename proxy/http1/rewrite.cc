#include "proxy/http1/rewrite.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "proxy/http/characters.h"
#include "proxy/http/list.h"
#include "proxy/http/max_forwards.h"

namespace weir {

namespace {

// Of this hop only, or written by weir itself: never copied.
constexpr FieldIds kOwn = {FieldId::connection,        FieldId::keep_alive,
                           FieldId::proxy_connection,  FieldId::te,
                           FieldId::trailer,  // passes with the trailers
                           FieldId::upgrade,           FieldId::http2_settings,
                           FieldId::transfer_encoding, FieldId::content_length,
                           FieldId::x_request_id};

// Names by which services learn the client's address, or what it had asked a proxy for. Only a
// trusted proxy may send them. In docs/operating.md too.
constexpr std::array kClaims = std::to_array<std::string_view>({"forwarded",
                                                                "forwarded-for",
                                                                "x-forwarded",
                                                                "x-forwarded-by",
                                                                "x-forwarded-port",
                                                                "x-forwarded-prefix",
                                                                "x-forwarded-protocol",
                                                                "x-forwarded-scheme",
                                                                "x-forwarded-server",
                                                                "x-forwarded-ssl",
                                                                "x-original-forwarded-for",
                                                                "x-real-ip",
                                                                "client-ip",
                                                                "x-client-ip",
                                                                "true-client-ip",
                                                                "x-true-client-ip",
                                                                "x-cluster-client-ip",
                                                                "x-remote-addr",
                                                                "x-remote-ip",
                                                                "cf-connecting-ip",
                                                                "cf-connecting-ipv6",
                                                                "cf-pseudo-ipv4",
                                                                "fastly-client-ip",
                                                                "fly-client-ip",
                                                                "x-appengine-user-ip",
                                                                "x-azure-clientip",
                                                                "x-azure-socketip",
                                                                "x-envoy-external-address",
                                                                "x-scheme",
                                                                "x-url-scheme",
                                                                "front-end-https",
                                                                "x-original-host",
                                                                "x-original-url",
                                                                "x-rewrite-url"});
constexpr std::size_t kLongestClaim = std::ranges::max(kClaims, {}, &std::string_view::size).size();

// One of 32 places by the first and the last letter, whatever their case, and there a bit for each
// size: hardly any other name shares one with a claim.
constexpr std::size_t place_of_claim(std::string_view name) {
  const auto first = static_cast<std::uint8_t>(name.front());
  const auto last = static_cast<std::uint8_t>(name.back());
  return (first ^ last << 1) % 32;
}
constexpr auto kClaimSizes = [] {
  std::array<std::uint32_t, 32> sizes{};
  for (const std::string_view name : kClaims) sizes[place_of_claim(name)] |= 1U << name.size();
  return sizes;
}();
inline bool may_be_claim(std::string_view name) {
  return (kClaimSizes[place_of_claim(name)] >> (name.size() % 32) & 1) != 0;
}

[[gnu::noinline]] bool is_claim(std::string_view name) {
  return std::ranges::any_of(
      kClaims, [name](std::string_view claim) { return equals_ignoring_case(claim, name); });
}

char as_cgi(char c) { return c == '_' ? '-' : to_lower(c); }

// Would CGI read this name as that of a field that weir writes, frames by, or decides by? Two names
// are one for it if they differ in case, or by `_` for `-`.
[[gnu::noinline]] bool is_alias(std::string_view name, std::span<const std::string> deciding) {
  if (name.find('_') == std::string_view::npos) return false;
  const bool decides = std::ranges::any_of(deciding, [name](std::string_view field) {
    return std::ranges::equal(field, name, {}, as_cgi, as_cgi) &&
           !equals_ignoring_case(field, name);
  });
  if (decides || name.size() > kLongestClaim) return decides;
  std::array<char, kLongestClaim> hyphened;
  const auto end = std::ranges::transform(name, hyphened.begin(), as_cgi).out;
  const std::string_view read(hyphened.begin(), end);
  return identify_field(read) != FieldId::other || is_claim(read);
}

// The fields that Connection names: they are of this hop only. `other`: there are some that are to
// be looked for by their names.
[[gnu::noinline]] FieldIds read_connection(const Head& head) {
  FieldIds ids;
  for_each_item(head, FieldId::connection, [&](std::string_view item) {
    if (!equals_ignoring_case(item, "close")) ids.add(identify_field(item));
  });
  return ids;
}
inline FieldIds listed_fields(const Head& head) {
  return head.has(FieldId::connection) ? read_connection(head) : FieldIds{};
}

// Copies the lines but those that are held, for which `instead` is called. What stands together, in
// the usual form, goes in one piece; so does the first line, if it goes on as it came.
template <typename Instead, typename Drops>
void copy_lines(HeadWriter& out, const Head& head, FieldIds held, bool with_first_line,
                const Instead& instead, const Drops& drops) {
  const FieldLine* line = head.fields.data();
  const FieldLine* const end = line + head.fields.size();
  const auto begin_of = [&](const FieldLine* it) {
    return it != end ? it->name.at : head.size - 2;
  };
  std::uint32_t from = with_first_line ? 0 : begin_of(line);
  for (; line != end; ++line) {
    bool goes = !held.has(line->id);
    if (!goes && line->id == FieldId::other) goes = !connection_lists(head, head.text(line->name));
    if (goes && drops(*line)) goes = false;
    if (goes && line->plain) continue;
    out.add(head.text({from, line->name.at - from}));
    from = begin_of(line + 1);
    if (goes) {
      out.add_field(head.text(line->name), head.text(line->value));
    } else {
      instead(*line);
    }
  }
  out.add(head.text({from, begin_of(end) - from}));
}

// A Content-Length goes on as it came if it is written as weir would write it.
bool keeps_length(const Head& head) {
  const std::string_view length = head.value(FieldId::content_length);
  return !length.empty() && (length.size() == 1 || length[0] != '0');
}

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
  out.add_all(head.minor == 0 ? "Via: 1.0 " : "Via: 1.1 ", name, "\r\n");
}

// Via, the id and the empty line.
inline void write_end(HeadWriter& out, const Head& head, std::string_view name,
                      std::string_view id) {
  out.add_all(head.minor == 0 ? "Via: 1.0 " : "Via: 1.1 ", name, "\r\nx-request-id: ", id,
              "\r\n\r\n");
}

// With Host.
void write_request_line(HeadWriter& out, const OutgoingRequest& request) {
  const std::string_view method = request.head.method_text();
  const std::string_view origin = request.target.origin;
  std::string_view prefix;
  if (origin.empty() && method == "OPTIONS") {
    prefix = "*";
  } else if (origin.empty() || origin[0] == '?') {
    prefix = "/";
  }
  out.add_all(method, " ", prefix, origin, " HTTP/1.1\r\nHost: ", request.host, "\r\n");
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

bool is_same(std::string_view a, std::string_view b) {
  return a.data() == b.data() && a.size() == b.size();
}

// The request line and Host go on as they came.
bool keeps_first_lines(const OutgoingRequest& request, FieldIds listed) {
  const Head& head = request.head;
  return head.minor == 1 && !head.odd_version &&
         is_same(request.target.origin, head.target_text()) && head.has(FieldId::host) &&
         head.first(FieldId::host) == 0 && !listed.has(FieldId::host) &&
         is_same(request.host, head.text(head.fields[0].value));
}

FieldIds held_fields(const OutgoingRequest& request, FieldIds listed) {
  FieldIds held = kOwn;
  held.add({FieldId::host, FieldId::x_forwarded_for});
  if (request.framing.kind == Framing::Kind::chunked) held.remove({FieldId::trailer});
  if (keeps_length(request.head)) held.remove({FieldId::content_length});
  held.add(listed);
  constexpr FieldIds kForwarded = {FieldId::x_forwarded_proto, FieldId::x_forwarded_host};
  if (request.client_is_trusted) {
    held.remove(kForwarded);
  } else {
    held.add(kForwarded);
  }
  return held;
}

// The status line, and the fields but those that are held.
void copy_response(HeadWriter& out, const Head& head, FieldIds held) {
  constexpr std::uint32_t kReasonAt = 13;  // behind "HTTP/1.1 200 "
  const bool as_it_came = head.minor == 1 && !head.odd_version && head.reason.at == kReasonAt;
  if (!as_it_came) {
    out.add("HTTP/1.1 ");
    out.add_number(head.status);
    out.add_all(" ", head.text(head.reason), "\r\n");
  }
  copy_lines(
      out, head, held, as_it_came, [](const FieldLine&) {}, [](const FieldLine&) { return false; });
}

void write_upgrade(HeadWriter& out, const Head& head) {
  for (const FieldLine& line : head.fields) {
    if (line.id == FieldId::upgrade) out.add_field("Upgrade", head.text(line.value));
  }
}

void copy_interim(HeadWriter& out, const Head& head) {
  FieldIds held = kOwn;
  held.add(listed_fields(head));
  copy_response(out, head, held);
}

}  // namespace

void write_request_head(HeadWriter& out, const OutgoingRequest& request) {
  const Head& head = request.head;
  const FieldIds listed = listed_fields(head);
  FieldIds held = held_fields(request, listed);
  const bool counts =
      head.has(FieldId::max_forwards) && !listed.has(FieldId::max_forwards) && is_counted(head);
  if (counts) held.add(FieldId::max_forwards);
  const bool as_it_came = keeps_first_lines(request, listed);
  if (as_it_came) {
    held.remove({FieldId::host});
  } else {
    write_request_line(out, request);
  }
  copy_lines(
      out, head, held, as_it_came,
      [&](const FieldLine& line) {
        if (counts && line.id == FieldId::max_forwards) write_hops(out, head, line);
      },
      [&, trusted = request.client_is_trusted](const FieldLine& line) {
        if (line.id != FieldId::other) return false;
        const std::string_view name = head.text(line.name);
        if (may_be_claim(name) && !trusted && is_claim(name)) return true;
        return !line.plain && is_alias(name, request.deciding_fields);
      });
  const bool stays = !held.has(FieldId::content_length);  // among the lines
  if (request.framing.kind != Framing::Kind::none) {
    if (!stays) write_framing(out, request.framing);
  } else if (head.has(FieldId::content_length) && !stays) {
    out.add("Content-Length: 0\r\n");
  }
  write_connection(out, request);
  write_forwarded(out, request);
  write_end(out, head, request.name, request.request_id);
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
  FieldIds held = kOwn;
  if (response.trailers) held.remove({FieldId::trailer});
  const bool length_given = head.has(FieldId::content_length) && head.status != 204;
  if (length_given && (response.describes_body || keeps_length(head))) {
    held.remove({FieldId::content_length});
  }
  held.add(listed_fields(head));
  copy_response(out, head, held);
  if (!head.has(FieldId::date)) out.add_field("Date", response.date);
  if (held.has(FieldId::content_length)) {
    if (length_given && response.describes_body) {
      out.add_field("Content-Length", head.value(FieldId::content_length));
    } else if (length_given && response.framing.kind == Framing::Kind::none) {
      out.add("Content-Length: 0\r\n");
    }
    write_framing(out, response.framing);
  }
  // RFC 9110 §15.5.22: a 426 says what to upgrade to.
  const bool upgrade = head.status == 426 && head.has(FieldId::upgrade);
  if (upgrade) write_upgrade(out, head);
  if (response.close) out.add(upgrade ? "Connection: upgrade, close\r\n" : "Connection: close\r\n");
  if (response.keep_alive) out.add("Connection: keep-alive\r\n");
  if (upgrade && !response.close) out.add("Connection: upgrade\r\n");
  write_end(out, head, response.name, response.request_id);
}

void write_interim_head(HeadWriter& out, const Head& head, std::string_view name) {
  copy_interim(out, head);
  write_via(out, head, name);
  out.add("\r\n");
}

void write_switching_head(HeadWriter& out, const Head& head, std::string_view name) {
  copy_interim(out, head);
  write_upgrade(out, head);
  out.add("Connection: upgrade\r\n");
  write_via(out, head, name);
  out.add("\r\n");
}

}  // namespace weir
