#include "tests/fuzz/compare.h"

#include <algorithm>
#include <array>

#include "proxy/http/trailers.h"

namespace weir::fuzz {

namespace {

// Of one hop, or written by weir: not what came.
constexpr std::array<std::string_view, 22> kNotPassedOn = {"connection",
                                                           "keep-alive",
                                                           "proxy-connection",
                                                           "te",
                                                           "trailer",
                                                           "upgrade",
                                                           "http2-settings",
                                                           "transfer-encoding",
                                                           "content-length",
                                                           "x-request-id",
                                                           "host",
                                                           "via",
                                                           "date",
                                                           "x-forwarded-for",
                                                           "x-forwarded-host",
                                                           "x-forwarded-proto",
                                                           "max-forwards",
                                                           "forwarded",
                                                           "close",
                                                           "proxy-status",
                                                           "proxy-authenticate",
                                                           "proxy-authorization"};

// Those that pass, in their order. `trailer`: the field of that name is looked at, too.
Message::Fields passing(const Message& message, bool trailer) {
  Message::Fields fields;
  for (const auto& [name, value] : message.fields) {
    const auto is = [&name = name](std::string_view other) { return same_word(name, other); };
    if (std::ranges::any_of(kNotPassedOn, is) && !(trailer && is("trailer"))) continue;
    if (message.lists("connection", name)) continue;
    fields.emplace_back(name, value);
  }
  return fields;
}

// The trailers that go on: those that the head declares and does not tie to the connection.
Message::Fields declared(const Message& message) {
  Message::Fields trailers;
  for (const auto& trailer : message.trailers) {
    if (message.lists("trailer", trailer.first) && !message.lists("connection", "trailer") &&
        !message.lists("connection", trailer.first)) {
      trailers.push_back(trailer);
    }
  }
  return trailers;
}

// Of a response, those that would have framed, routed or authorised it are dropped.
Message::Fields harmless(Message::Fields trailers) {
  std::erase_if(trailers, [](const auto& trailer) { return is_forbidden_trailer(trailer.first); });
  return trailers;
}

// Do they end a message that ended with `sent`?
bool same_trailers(const Message& got, const Message::Fields& sent) {
  return got.whole() ? got.trailers == sent : got.trailers.size() <= sent.size();
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return text;
}

std::string expected_target(const std::string& target, const std::string& method) {
  if (target.starts_with('/') || target == "*") return target;
  const std::size_t scheme = target.find("://");
  if (scheme == std::string::npos) return target;
  const std::size_t end = target.find_first_of("/?", scheme + 3);
  if (end == std::string::npos) return method == "OPTIONS" ? "*" : "/";
  return target[end] == '?' ? "/" + target.substr(end) : target.substr(end);
}

}  // namespace

void expect_same_request(const Message& sent, std::string_view sent_bytes, const Message& reached,
                         std::string_view reached_bytes) {
  const auto broken = [&](std::string_view what) { fail(what, sent_bytes, reached_bytes); };
  if (reached.bad()) broken("what reached the service is no request: " + reached.error);
  if (sent.bad()) broken("weir has accepted what Beast refuses: " + sent.error);
  if (!reached.head_whole) return;
  if (!sent.head_whole) broken("a request reached the service that the client did not send");
  const std::string complaint =
      complaint_about_head(reached_bytes.substr(0, reached.head_size), true);
  if (!complaint.empty()) broken("the head that reached the service: " + complaint);
  if (reached.method != sent.method) broken("another method");
  if (reached.target != expected_target(sent.target, sent.method)) broken("another target");
  if (reached.framing != sent.framing || reached.length != sent.length) broken("another framing");
  const bool chunked = sent.framing == Message::Framing::chunked;
  if (passing(reached, true) != passing(sent, chunked)) broken("other fields");
  // Of this hop weir may say what it does with the next: take trailers, upgrade.
  for (const auto& [name, value] : reached.fields) {
    if (!same_word(name, "connection")) continue;
    const std::string said = lower(value);
    if (said != "te" && said != "upgrade" && said != "upgrade, te" && said != "te, upgrade")
      broken("a field of the connection has passed");
  }
  if (!same_trailers(reached, declared(sent))) broken("other trailers");
  if (reached.whole() && (!sent.whole() || reached.body != sent.body)) broken("another body");
  if (!sent.body.starts_with(reached.body)) broken("bytes that are not of the body");
}

void expect_same_response(const Message& sent, std::string_view sent_bytes, const Message& told,
                          std::string_view told_bytes, const Client& client) {
  const auto broken = [&](std::string_view what) { fail(what, sent_bytes, told_bytes); };
  if (!told.head_whole) {
    if (told.bad()) broken("what the client got is no answer: " + told.error);
    return;
  }
  if (!sent.head_whole) broken("an answer that the service did not give");
  const std::string complaint = complaint_about_head(told_bytes.substr(0, told.head_size), false);
  if (!complaint.empty()) broken("the head that the client got: " + complaint);
  if (told.bad()) broken("what the client got is no answer: " + told.error);
  if (told.status != sent.status || told.reason != sent.reason) broken("another status");
  using Framing = Message::Framing;
  const bool trailers = client.takes_trailers && sent.framing == Framing::chunked;
  if (passing(told, true) != passing(sent, trailers)) broken("other fields");
  Framing framing = sent.framing;
  if (framing == Framing::chunked || framing == Framing::until_close)
    framing = client.http10 ? Framing::until_close : Framing::chunked;
  if (told.framing != framing || told.length != sent.length) broken("another framing");
  if (!sent.body.starts_with(told.body)) broken("bytes that are not of the body");
  if (!same_trailers(told, trailers ? harmless(declared(sent)) : Message::Fields{}))
    broken("other trailers");
  // Over a Unix socket nothing can tell a cut from an end that the connection's close makes.
  if (told.framing == Framing::until_close) return;
  // Of a trailer that weir drops unread Beast minds the value.
  const bool is_whole = sent.whole() || sent.error == "bad value";
  if (told.whole() && (!is_whole || told.body != sent.body)) broken("another body");
}

std::string essence(const Message& message) {
  std::string text = message.method + " " + message.target + " " + std::to_string(message.status) +
                     " " + message.reason + "\n";
  for (const auto& [name, value] : message.fields) {
    if (same_word(name, "x-request-id") || same_word(name, "date")) continue;
    text += name + ": " + value + "\n";
  }
  text += "\n" + message.body + "\n";
  for (const auto& [name, value] : message.trailers) text += name + ": " + value + "\n";
  return text;
}

}  // namespace weir::fuzz
