// Rules of HTTP/1.1 as raw bytes: what a client sends, what of it reaches the service, what the
// service answers, and what the client gets. A rule reads as a line or two; to add one, put it into
// the table of the http_rules_*_test.cc that it belongs to, named after its RFC and section.
//
//   refuses("Rfc9112_5_2_ObsFoldIsRefused", get("X-A: 1\r\n 2"), 400, "obs_fold"),
//   forwards("Rfc9110_7_6_1_ListedFieldsAreRemoved", get("Connection: x-a", "X-A: 1"),
//            reached("GET /")),
//   relays("Rfc9110_15_3_5_NoBodyWith204", "HTTP/1.1 204 No Content\r\n\r\n", told("204 No
//   Content")),
//
// Whatever a rule does, a probe follows it: one more request, on the same connection unless the
// rule has seen it close, that has to reach the service alone and be answered with its own answer.
// So no rule passes that leaves a byte over on either side.
//
// Expectations are bytes, with these words for what nobody can foretell:
//   {id}        a request id, 1 to 128 visible characters
//   {date}      an IMF-fixdate
//   {n}         a number
//   {length}    a number, the count of bytes from the head's end to {end}
//   {text}      anything without a quotation mark
//   {rest}      the rest of a head, its empty line included
//   {close?}    Connection: close, or nothing
//   {chunks:x}  x, in any number of chunks; the last chunk is not part of it
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::testing::rules {

struct Step {
  enum class Kind : std::uint8_t {
    client_sends,
    client_gets,
    client_sees_close,   // FIN, and not a byte more
    client_sees_cut,     // FIN or RST, and not a byte more
    client_half_closes,  // FIN
    client_leaves,       // RST
    service_gets,
    service_sends,
    service_closes,
    service_resets,
    service_sees_end,   // weir closed the connection that the service last got something on
    service_gets_less,  // at most a beginning of it, cut off: never the whole
  };
  Kind kind;
  std::string text;
  std::size_t client = 0;  // which of several clients
};

struct Rule {
  std::string name;
  std::vector<Step> steps;
};
using Rules = std::vector<Rule>;
inline void PrintTo(const Rule& rule, std::ostream* out) { *out << rule.name; }

// --- steps, for rules that need more than two lines. `client`: 0 unless there are several.

Step client_sends(std::string text, std::size_t client = 0);
Step client_gets(std::string text, std::size_t client = 0);
Step client_sees_close(std::size_t client = 0);
Step client_sees_cut(std::size_t client = 0);
Step client_half_closes(std::size_t client = 0);
Step client_leaves(std::size_t client = 0);
Step service_gets(std::string text);
Step service_sends(std::string text);
Step service_closes();
Step service_resets();
Step service_sees_end();
Step service_gets_less(std::string text);

// --- bytes

// Each line with its CRLF, and the empty line.
template <typename... Lines>
std::string head(const Lines&... lines) {
  std::string text;
  ((text += lines, text += "\r\n"), ...);
  return text + "\r\n";
}
// A request with a Host and these fields.
template <typename... Lines>
std::string get(const Lines&... lines) {
  return head("GET / HTTP/1.1", "Host: h", lines...);
}
template <typename... Lines>
std::string post(const Lines&... lines) {
  return head("POST / HTTP/1.1", "Host: h", lines...);
}
// A POST with the chunked coding.
inline std::string post_chunks(const std::string& body) {
  return post("Transfer-Encoding: chunked") + body;
}

// What becomes of a request on its way on: `request` is its method and target, `lines` are the
// fields that pass, the framing last. Host is "h", the client is on the loopback and not trusted.
std::string reached_with(std::string_view request, const std::vector<std::string>& lines);
template <typename... Lines>
std::string reached(std::string_view request, const Lines&... lines) {
  return reached_with(request, {std::string(lines)...});
}
// The fields that weir adds to a request.
std::string added(std::string_view host = "h", std::string_view via = "1.1 weir");

// What becomes of the service's answer on its way to the client. Lines about framing and connection
// go where weir writes them.
std::string told_with(std::string_view status, const std::vector<std::string>& lines,
                      std::string_view via = "1.1 weir");
template <typename... Lines>
std::string told(std::string_view status, const Lines&... lines) {
  return told_with(status, {std::string(lines)...});
}

// A body in the chunked coding, whole, with these trailers.
std::string chunked(std::string_view payload, std::string_view trailers = "");

// What weir itself answers, whole. `closing`: with Connection: close.
struct Refusal {
  int status = 0;
  std::string reason;
  bool closing = false;
  bool to_head = false;        // no body
  bool identified = true;      // with a request id
  bool keeping = false;        // says keep-alive, to HTTP/1.0
  std::string filter, policy;  // who refused, by which quota
  std::string fields;          // Retry-After and the like, as they stand
  std::string name = "weir";
};
std::string refusal(const Refusal& refusal);
// A bad request, answered before it was a request: the connection closes.
std::string refusal(int status, const std::string& reason);
// The service failed; the client's connection stays.
std::string failure(int status, const std::string& reason);

// The service's plain answer, and what the client gets of it.
extern const std::string kAnswer;
extern const std::string kTold;
extern const std::string kToldClosing;

// --- rules

// weir answers by itself and closes; nothing of it reaches the service.
Rule refuses(std::string name, const std::string& request, int status, const std::string& reason);
// The same, where the head may have gone on before: the service never gets the whole, `reached`.
Rule cuts_off(std::string name, const std::string& request, int status, const std::string& reason,
              const std::string& reached);
// The request goes on as `reached`, and is answered; both connections stay.
Rule forwards(std::string name, const std::string& request, const std::string& reached);
// The same, and the client's connection is closed after the answer.
Rule forwards_and_closes(std::string name, const std::string& request, const std::string& reached);
// The answer to a GET goes to the client as `told`; the client's connection stays.
Rule relays(std::string name, const std::string& answer, const std::string& told);
// The same with another request. `reached`: as forwards().
Rule relays(std::string name, const std::string& request, const std::string& reached,
            const std::string& answer, const std::string& told);
// The answer to a GET is none: 502, and the connection that it came on is never used again.
Rule distrusts(std::string name, const std::string& answer,
               const std::string& reason = "upstream_malformed");
// Anything else.
Rule plays(std::string name, std::vector<Step> steps);

// A pattern with the words above, against the beginning of a text.
struct Match {
  enum class State : std::uint8_t { whole, partial, mismatch };
  State state = State::mismatch;
  std::size_t size = 0;  // whole: of what matched; else how far it went
};
Match match(std::string_view pattern, std::string_view text);

// Control characters as \r, \n, \x00; with a line break after each \n.
std::string readable(std::string_view bytes);

}  // namespace weir::testing::rules
