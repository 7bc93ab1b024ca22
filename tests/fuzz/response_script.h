// What response_fuzz plays: what the client asks, what the service does, and how what comes of it
// is read.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/judge.h"
#include "tests/fuzz/stage.h"

namespace weir::fuzz {

struct Kind {
  std::string_view head, body;
  bool to_head = false;
  bool http10 = false;
  bool early = false;   // the service answers before it has the body
  bool leaves = false;  // the client closes before the answer comes
  bool keeps = true;    // its connection serves another request
  bool takes_trailers = false;
  bool upgrades = false;
  std::string_view ahead = {};  // bytes of kProbe that come before the answer
};
inline constexpr std::string_view kProbe = "GET /probe HTTP/1.1\r\nHost: h\r\n\r\n";
inline constexpr std::string_view kUpgrade =
    "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n";
inline constexpr std::string_view kUpgradeWithBody =
    "POST / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
    "Content-Length: 5\r\n\r\n";
inline constexpr std::array kKinds = {
    Kind{"GET / HTTP/1.1\r\nHost: h\r\n\r\n", ""},
    Kind{.head = "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", .body = "", .to_head = true},
    Kind{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n", "hello"},
    Kind{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
         "5\r\nhello\r\n0\r\n\r\n"},
    Kind{.head = "GET / HTTP/1.0\r\n\r\n", .body = "", .http10 = true, .keeps = false},
    Kind{.head = "GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n",
         .body = "",
         .http10 = true},
    Kind{.head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n",
         .body = "hello",
         .early = true},
    Kind{.head = "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
         .body = "hello",
         .early = true},
    Kind{.head = "GET / HTTP/1.1\r\nHost: h\r\n\r\n", .body = "", .leaves = true},
    Kind{"GET /again HTTP/1.1\r\nHost: h\r\n\r\n", ""},
    Kind{.head = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
         .body = "",
         .keeps = false},
    Kind{.head = "GET / HTTP/1.1\r\nHost: h\r\nTE: trailers\r\nConnection: TE\r\n\r\n",
         .body = "",
         .takes_trailers = true},
    Kind{.head = kUpgrade, .body = "", .upgrades = true},
    Kind{.head = kUpgrade, .body = "", .upgrades = true, .ahead = kProbe.substr(0, 6)},
    Kind{.head = kUpgrade, .body = "", .leaves = true, .upgrades = true},
    Kind{.head = kUpgradeWithBody, .body = "hello", .upgrades = true},
    Kind{.head = kUpgradeWithBody, .body = "hello", .early = true, .upgrades = true},
};
enum class After : std::uint8_t { waits, closes, shuts_down, floods, count_ };

struct Script {
  const Kind* kind;
  After after;
  std::uint8_t cuts;
  std::string_view bytes;
};

inline constexpr std::string_view kProbeAnswer =
    "HTTP/1.1 200 OK\r\nX-Probe: 1\r\nContent-Length: 2\r\n\r\nok";

// More than the sockets on both sides of weir hold.
const std::string& flood();

struct Answers {
  std::vector<Message> interim;
  Message last;
  std::string_view bytes;  // of the last, and what follows it
};
// The answers to one request: those in between, and the last, which a 101 is, too.
Answers read_answers(std::string_view bytes, bool to_head, bool ended);

// A 101 has come to the client, `told` of what it got: plays and checks what is behind it, both
// ways, until both sides have closed.
void play_tunnel(Stage& stage, const Script& script, Stage::End& client, Stage::End& service,
                 const Answers& told);

}  // namespace weir::fuzz
