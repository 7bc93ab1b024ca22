// Upgrades and tunnels (RFC 9110 §7.8 and §15.2.2, RFC 6455 §4), and what is none but streams.
#include "tests/e2e/http_rules_stage.h"

namespace weir::testing::rules {
namespace {

struct UpgradeRules : RuleTest<UpgradeRules> {
  static constexpr const char* kConfig =
      "chain: [{concurrency_limit: {limit: 1}}]\n"
      "upgrades: {protocols: [websocket, tcp], max: 1, idle_timeout: 2s}\n";
};

const std::string kKey = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
std::string asks(const std::string& protocol = "websocket") {
  return get(kKey, "Upgrade: " + protocol, "Connection: Upgrade");
}
std::string asked(const std::string& protocol = "websocket") {
  return reached("GET /", kKey, "Upgrade: " + protocol, "Connection: upgrade");
}
std::string switches(const std::string& protocol = "websocket") {
  return head("HTTP/1.1 101 Switching Protocols", "Upgrade: " + protocol, "Connection: Upgrade",
              "Sec-WebSocket-Accept: x");
}
std::string switched(const std::string& protocol) {
  return "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\nUpgrade: " + protocol +
         "\r\nConnection: upgrade\r\nVia: 1.1 weir\r\n\r\n";
}
const std::string kSwitched = switched("websocket");

// As `docker exec` asks: a POST with a body.
std::string exec(const std::string& framing) {
  return post("Content-Type: application/json", "Connection: Upgrade", "Upgrade: tcp", framing);
}
std::string execed(const std::string& framing) {
  return reached("POST /", "Content-Type: application/json", framing, "Upgrade: tcp",
                 "Connection: upgrade");
}

// A tunnel, and what goes on in it.
Rule tunnels(std::string name, const std::vector<Step>& steps) {
  std::vector<Step> all = {client_sends(asks()), service_gets(asked()), service_sends(switches()),
                           client_gets(kSwitched)};
  all.insert(all.end(), steps.begin(), steps.end());
  return {std::move(name), std::move(all)};
}
// The service switches to something that nobody asked for.
Rule not_switched(std::string name, const std::string& answer) {
  return plays(std::move(name),
               {client_sends(asks()), service_gets(asked()), service_sends(answer),
                client_gets(failure(502, "upstream_malformed")), service_sees_end()});
}

Rules upgrade_rules() {
  Refusal full;
  full.status = 503;
  full.reason = "upgrades";
  full.fields = "Retry-After: {n}\r\n";
  Refusal bad;
  bad.status = 400;
  bad.reason = "bad_chunk_size";
  bad.closing = true;
  const std::string bad_body = refusal(bad);
  return {
      tunnels("Rfc6455_4_1_AWebSocketHandshakeReachesTheService",
              {client_sends("ping"), service_gets("ping"), service_sends("pong"),
               client_gets("pong"), service_closes(), client_sees_close()}),
      plays("Rfc9110_7_8_ProtocolNamesAreCaseInsensitive",
            {client_sends(asks("WebSocket")), service_gets(asked("WebSocket")),
             service_sends(switches()), client_gets(kSwitched), service_closes(),
             client_sees_close()}),
      plays("Rfc9110_7_8_OnlyTheListedOfSeveralProtocolsGoOn",
            {client_sends(asks("h2c, websocket, foo/1")), service_gets(asked()),
             service_sends(switches()), client_gets(kSwitched), service_closes(),
             client_sees_close()}),
      plays("Rfc9110_7_8_TheServiceMayDecline", {client_sends(asks()), service_gets(asked()),
                                                 service_sends(kAnswer), client_gets(kTold)}),
      plays("Rfc9110_15_2_2_BytesBehindThe101AreTheTunnels",
            {client_sends(asks()), service_gets(asked()), service_sends(switches() + "hello"),
             client_gets(kSwitched + "hello"), service_closes(), client_sees_close()}),
      plays("Rfc9110_15_2_2_BytesBeforeThe101AreTheTunnels",
            {client_sends(asks() + "hello"), service_gets(asked()), service_sends(switches()),
             client_gets(kSwitched), service_gets("hello"), service_closes(), client_sees_close()}),
      plays("Rfc9110_15_2_2_AnInterimAnswerMayComeBeforeThe101",
            {client_sends(asks()), service_gets(asked()),
             service_sends("HTTP/1.1 103 E\r\n\r\n" + switches()),
             client_gets("HTTP/1.1 103 E\r\nVia: 1.1 weir\r\n\r\n" + kSwitched), service_closes(),
             client_sees_close()}),
      tunnels("Rfc9110_7_8_TheClientMayCloseItsSideOfATunnel",
              {client_half_closes(), service_sees_end(), service_sends("bye"), client_gets("bye"),
               service_closes(), client_sees_close()}),
      tunnels("Rfc9110_7_8_TheServiceMayCloseATunnel",
              {service_sends("bye"), service_closes(), client_gets("bye"), client_sees_close()}),
      tunnels("Rfc9110_7_8_AResetGoesThroughATunnel", {client_leaves(), service_sees_end()}),
      tunnels(
          "Rfc9110_7_8_NothingIsARequestInATunnel",
          {client_sends(get()), service_gets("GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
           service_sends(kAnswer), client_gets(kAnswer), service_closes(), client_sees_close()}),
      not_switched("Rfc9110_15_2_2_A101WithoutUpgradeIsNone",
                   "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n\r\n"),
      not_switched("Rfc9110_15_2_2_A101ForAnotherProtocolIsNone", switches("foo")),
      plays("Rfc9110_7_8_A101ForWhatWasNotLetThroughIsNone",
            {client_sends(get("Upgrade: foo", "Connection: upgrade")),
             service_gets(reached("GET /")), service_sends(switches("foo")),
             client_gets(failure(502, "upstream_malformed")), service_sees_end()}),
      forwards("Rfc9110_7_8_OtherProtocolsAreNotLetThrough",
               get("Upgrade: foo/2", "Connection: upgrade"), reached("GET /")),
      forwards(
          "Rfc7540_3_2_H2cIsNeverLetThrough",
          get("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"),
          reached("GET /")),
      forwards("Rfc9110_7_8_UpgradeWithABodyGoesOn",
               post(kKey, "Upgrade: websocket", "Connection: upgrade", "Content-Length: 2") + "ab",
               reached("POST /", kKey, "Content-Length: 2", "Upgrade: websocket",
                       "Connection: upgrade") +
                   "ab"),
      plays("Issue11_ARequestWithABodyBecomesATunnelBehindIt",
            {client_sends(exec("Content-Length: 2") + "[]more"),
             service_gets(execed("Content-Length: 2") + "[]"), service_sends(switches("tcp")),
             client_gets(switched("tcp")), service_gets("more"), service_sends("out"),
             client_gets("out"), client_sends("in"), service_gets("in"), service_closes(),
             client_sees_close()}),
      plays("Issue11_AChunkedBodyBeforeATunnel",
            {client_sends(exec("Transfer-Encoding: chunked") + "2\r\n[]\r\n0\r\n\r\nmore"),
             service_gets(execed("Transfer-Encoding: chunked") + chunked("[]")),
             service_sends(switches("tcp")), client_gets(switched("tcp")), service_gets("more"),
             service_closes(), client_sees_close()}),
      plays("Rfc9110_7_8_A101WaitsForTheEndOfTheRequest",
            {client_sends(exec("Content-Length: 6") + "abc"),
             service_gets(execed("Content-Length: 6") + "abc"),
             service_sends(switches("tcp") + "early"), client_sends("de"), service_gets("de"),
             client_sends("fmore"), service_gets("fmore"), client_gets(switched("tcp") + "early"),
             service_sends("out"), client_gets("out"), service_closes(), client_sees_close()}),
      plays("Rfc9110_7_8_A101InFrontOfTheLastChunkWaits",
            {client_sends(exec("Transfer-Encoding: chunked") + "2\r\n[]\r\n"),
             service_gets(execed("Transfer-Encoding: chunked") + "2\r\n[]\r\n"),
             service_sends(switches("tcp")), client_sends("0\r\n\r\nmore"),
             service_gets("0\r\n\r\n"), client_gets(switched("tcp")), service_gets("more"),
             service_closes(), client_sees_close()}),
      plays("Rfc9110_7_8_ABadBodyMakesNoTunnel",
            {client_sends(exec("Transfer-Encoding: chunked") + "2\r\n[]\r\n"),
             service_gets(execed("Transfer-Encoding: chunked") + "2\r\n[]\r\n"),
             service_sends(switches("tcp")), client_sends("x\r\n"), client_gets(bad_body),
             client_sees_close(), service_sees_end()}),
      plays("Rfc9110_7_8_AClientThatLeavesBeforeItsEndMakesNoTunnel",
            {client_sends(exec("Content-Length: 6") + "abc"),
             service_gets(execed("Content-Length: 6") + "abc"), service_sends(switches("tcp")),
             client_leaves(), service_sees_end()}),
      plays(
          "Rfc9110_7_8_SeveralProtocolsGoOnInOneField",
          {client_sends(get("Upgrade: tcp, foo/1", "Upgrade: WebSocket/13", "Connection: upgrade")),
           service_gets(reached("GET /", "Upgrade: tcp, WebSocket/13", "Connection: upgrade")),
           service_sends(switches("tcp")), client_gets(switched("tcp")), service_closes(),
           client_sees_close()}),
      plays("Rfc9110_7_8_A101MayNameSeveralProtocols",
            {client_sends(get("Upgrade: tcp, websocket", "Connection: upgrade")),
             service_gets(reached("GET /", "Upgrade: tcp, websocket", "Connection: upgrade")),
             service_sends(switches("tcp, websocket")), client_gets(switched("tcp, websocket")),
             service_closes(), client_sees_close()}),
      not_switched("Rfc9110_15_2_2_A101WithoutConnectionIsNone",
                   "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"),
      not_switched("Rfc9110_15_2_2_A101OfHttp10IsNone",
                   "HTTP/1.0 101 S\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"),
      not_switched("Rfc9110_15_2_2_A101ToOneProtocolTooManyIsNone", switches("websocket, h2c")),
      plays("Rfc9110_10_1_4_TeAndUpgradeStandTogether",
            {client_sends(get("TE: trailers", "Upgrade: websocket", "Connection: TE, Upgrade")),
             service_gets(
                 reached("GET /", "TE: trailers", "Upgrade: websocket", "Connection: TE, upgrade")),
             service_sends(kAnswer), client_gets(kTold)}),
      forwards_and_closes(
          "Rfc9110_7_8_UpgradeInHttp10IsIgnored",
          head("GET / HTTP/1.0", "Host: h", "Upgrade: websocket", "Connection: upgrade"),
          "GET / HTTP/1.1\r\nHost: h\r\n" + added("h", "1.0 weir") + "\r\n"),
      tunnels("Issue3_UpgradesMaxIsABound", {client_sends(asks(), 1), client_gets(refusal(full), 1),
                                             service_closes(), client_sees_close()}),
      tunnels("Issue3_ATunnelGivesItsPermitBack",
              {client_sends(get(), 1), service_gets(reached("GET /")), service_sends(kAnswer),
               client_gets(kTold, 1), client_leaves()}),
      tunnels("Issue3_AnIdleTunnelIsClosed", {client_sees_cut(), service_sees_end()}),
      plays("Issue3_ServerSentEventsStreamAtOnce",
            {client_sends(get("Accept: text/event-stream")),
             service_gets(reached("GET /", "Accept: text/event-stream")),
             service_sends("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"),
             client_gets(
                 told("200 OK", "Content-Type: text/event-stream", "Transfer-Encoding: chunked")),
             service_sends("data: 1\n\n"), client_gets("9\r\ndata: 1\n\n\r\n"),
             service_sends("data: 2\n\n"), client_gets("9\r\ndata: 2\n\n\r\n"), service_closes(),
             client_gets("0\r\n\r\n")}),
      plays("Issue3_GrpcWebStreamsAtOnce",
            {client_sends(
                 post("Content-Type: application/grpc-web+proto", "Transfer-Encoding: chunked") +
                 "5\r\nask 1\r\n"),
             service_gets(reached("POST /", "Content-Type: application/grpc-web+proto",
                                  "Transfer-Encoding: chunked") +
                          "5\r\nask 1\r\n"),
             service_sends("HTTP/1.1 200 OK\r\nContent-Type: application/grpc-web+proto\r\n"
                           "Transfer-Encoding: chunked\r\n\r\n3\r\nsay\r\n"),
             client_gets(told("200 OK", "Content-Type: application/grpc-web+proto",
                              "Transfer-Encoding: chunked", "{close?}") +
                         "3\r\nsay\r\n"),
             client_sends("5\r\nask 2\r\n"), service_gets("5\r\nask 2\r\n"),
             client_sends("0\r\n\r\n"), service_gets("0\r\n\r\n"), service_sends("4\r\nmore\r\n"),
             client_gets("4\r\nmore\r\n"),
             // Its status is in the body, not in trailers.
             service_sends("0\r\n\r\n"), client_gets("0\r\n\r\n")}),
      relays(
          "Issue3_GrpcWebPasses",
          post("Content-Type: application/grpc-web+proto", "X-Grpc-Web: 1", "Content-Length: 5") +
              std::string(5, '\0'),
          reached("POST /", "Content-Type: application/grpc-web+proto", "X-Grpc-Web: 1",
                  "Content-Length: 5") +
              std::string(5, '\0'),
          "HTTP/1.1 200 OK\r\nContent-Type: application/grpc-web+proto\r\nContent-Length: 5\r\n"
          "\r\n" +
              std::string(5, '\0'),
          told("200 OK", "Content-Type: application/grpc-web+proto", "Content-Length: 5") +
              std::string(5, '\0')),
  };
}

WEIR_HTTP_RULES(UpgradeRules, upgrade_rules);

}  // namespace
}  // namespace weir::testing::rules
