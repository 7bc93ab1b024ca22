#include "tests/fuzz/response_script.h"

#include <utility>

#include "tests/fuzz/compare.h"

namespace weir::fuzz {

const std::string& flood() {
  static const std::string bytes(320 << 10, 'x');
  return bytes;
}

Answers read_answers(std::string_view bytes, bool to_head, bool ended) {
  Answers answers;
  for (;;) {
    answers.bytes = bytes;
    answers.last = read_response(bytes, to_head, ended);
    if (!answers.last.whole() || answers.last.status >= 200 || answers.last.status == 101)
      return answers;
    bytes.remove_prefix(answers.last.size);
    answers.interim.push_back(std::move(answers.last));
  }
}

namespace {

// Did the service switch to what the client asked for, and to nothing else?
bool is_asked_switch(const Kind& kind, const Message& sent) {
  if (!kind.upgrades || sent.minor != 1 || !sent.lists("connection", "upgrade")) return false;
  // Without the blanks, which no protocol's name has.
  std::string protocols;
  for (const auto& [name, value] : sent.fields) {
    if (!same_word(name, "upgrade")) continue;
    for (const char c : value + ',')
      if (c != ' ' && c != '\t') protocols += c;
  }
  bool any = false;
  for (std::size_t at = 0; at < protocols.size();) {
    const std::size_t comma = protocols.find(',', at);
    const std::string_view item = std::string_view(protocols).substr(at, comma - at);
    at = comma + 1;
    if (item.empty()) continue;
    if (!same_word(item.substr(0, item.find('/')), "websocket")) return false;
    any = true;
  }
  return any;
}

// What has gone in on one side is what has come out on the other.
void expect_carried(std::string_view sent, std::string_view got) {
  if (sent != got) fail("other bytes came out of the tunnel", sent, got);
}

}  // namespace

void play_tunnel(Stage& stage, const Script& script, Stage::End& client, Stage::End& service,
                 const Answers& told) {
  const Answers sent = read_answers(script.bytes, script.kind->to_head, false);
  if (sent.last.status != 101 || !is_asked_switch(*script.kind, sent.last)) {
    fail("a tunnel that nobody asked for", script.bytes, client.got);
  }
  const std::string_view head = told.bytes.substr(0, told.last.size);
  expect_same_response(sent.last, sent.bytes.substr(0, sent.last.size), told.last, head, {});
  if (stage.counts().inside != 0) fail("the request outlasts its 101", script.bytes);
  const std::size_t down_at = client.got.size() - told.bytes.size() + told.last.size;
  const std::size_t up_at = service.read;
  std::string down(sent.bytes.substr(sent.last.size));
  std::string up(script.kind->ahead);
  const auto check = [&] {
    expect_carried(down, std::string_view(client.got).substr(down_at));
    expect_carried(up, std::string_view(service.got).substr(up_at));
  };
  const auto say = [&](Stage::End& end, std::string& said, std::string_view bytes) {
    if (!stage.send(end, bytes)) fail("a tunnel takes no more", script.bytes);
    said += bytes;
    check();
  };
  check();
  say(client, up, kProbe);
  say(service, down, kProbeAnswer);
  if (script.after == After::floods) {
    client.paused = true;
    const std::size_t sent_on = stage.flood(service, flood());
    client.paused = false;
    stage.settle();
    down += flood().substr(0, sent_on);
    check();
  }
  if (script.after == After::closes) {
    stage.close(service);
    check();
    if (!client.ended) fail("the service has closed, and the client is not told", script.bytes);
    return;
  }
  Stage::End& first = script.after == After::shuts_down ? service : client;
  Stage::End& second = script.after == After::shuts_down ? client : service;
  stage.shut_down(first);
  if (!second.ended || first.ended) fail("a side's end does not go through", script.bytes);
  say(second, &second == &client ? up : down, "bye");
  stage.shut_down(second);
  if (!first.ended) fail("the other side's end does not go through", script.bytes);
}

}  // namespace weir::fuzz
