// Heads: the guard, however it is called, framing, llhttp's opinion of both; and what a request is
// for: the target, the normalised path and percent decoding, as the router uses them.
//
// The input: a raw head, of a request or a response. Whatever the guard lets through two
// independent readers, Beast and llhttp, read too, with the same fields and the same framing; the
// guard comes to the same head however it is cut; a path that is normalised once stays; no dot
// segment, doubled slash or encoded slash outlasts it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/http/framing.h"
#include "proxy/http/normalise.h"
#include "proxy/http/target.h"
#include "proxy/http1/head_parser.h"
#include "proxy/http1/parser.h"
#include "tests/fuzz/judge.h"

namespace weir::fuzz {
namespace {

constexpr std::size_t kMaxHead = 4 << 10;
constexpr std::size_t kTriedAtEveryByte = 512;

// The guard's two ways to read a head.
struct Guard {
  MessageError (*read)(std::string_view text, Head& head);
  std::size_t (*find)(std::string_view bytes, Head& head, MessageError* why);
  HeadScan::Kind kind;
};
constexpr Guard kRequests = {read_request_head, find_request_head, HeadScan::Kind::request};
constexpr Guard kResponses = {read_response_head, find_response_head, HeadScan::Kind::response};

bool same_span(Span a, Span b) { return a.at == b.at && a.size == b.size; }

bool same_head(const Head& a, const Head& b) {
  return a.size == b.size && a.minor == b.minor &&
         std::ranges::equal(a.fields, b.fields, [](const FieldLine& x, const FieldLine& y) {
           return x.id == y.id && same_span(x.name, y.name) && same_span(x.value, y.value);
         });
}

// A plain line goes on as it stands: it must be what would be written of its name and value.
void check_plain(const Head& head) {
  std::uint32_t at = head.fields.empty() ? 0 : head.fields.front().name.at;
  for (const FieldLine& line : head.fields) {
    if (line.name.at != at) fail("lines do not follow each other", head.text({0, head.size}));
    const std::string written =
        std::string(head.text(line.name)) + ": " + std::string(head.text(line.value)) + "\r\n";
    const auto size = static_cast<std::uint32_t>(written.size());
    if (line.plain && head.text({at, size}) != written) {
      fail("a line is not plain", head.text({0, head.size}));
    }
    const std::string_view rest = head.text({at, head.size - at});
    at += static_cast<std::uint32_t>(rest.find("\r\n")) + 2;
  }
}

// `size`: of the head at the beginning of `input`; `sound`: the guard accepts that.
void check_scan(const Guard& guard, std::string_view input, HeadScan::Found whole, std::size_t size,
                bool sound) {
  HeadScan dribbled;
  for (std::size_t n = 1; n <= input.size(); ++n) {
    const HeadScan::Found found = dribbled.scan(input.substr(0, n), kMaxHead, guard.kind);
    if (found == HeadScan::Found::incomplete) continue;
    if (found == HeadScan::Found::complete &&
        (whole != HeadScan::Found::complete || dribbled.size() != size)) {
      fail("dribbled it is another head", input);
    }
    if (found == HeadScan::Found::bad && sound) fail("dribbled it is bad", input);
    return;
  }
  if (whole == HeadScan::Found::complete) fail("dribbled it is no whole head", input);
}

// A head that lies there whole is found as soon as its last byte is there, and is the same.
void check_find(const Guard& guard, std::string_view input, const Head* sound) {
  const std::unique_ptr<char[]> room = std::make_unique<char[]>(input.size());
  Head found;
  for (std::size_t n = 0; n <= input.size(); ++n) {
    if (n > kTriedAtEveryByte && n != input.size()) continue;
    // Up to the end of its memory, so that overreads show.
    char* const begin = room.get() + input.size() - n;
    std::copy_n(input.data(), n, begin);
    MessageError why = MessageError::none;
    const std::size_t size = guard.find({begin, n}, found, &why);
    if ((size == 0) != (why != MessageError::none))
      fail("refused without a reason", input.substr(0, n));
    const std::size_t expected = sound != nullptr && n >= sound->size ? sound->size : 0;
    if (size != expected) fail("found at once it is another head", input.substr(0, n));
    if (size == 0) continue;
    if (!same_head(found, *sound) || !same_span(found.method, sound->method) ||
        !same_span(found.target, sound->target) || !same_span(found.reason, sound->reason) ||
        found.status != sound->status) {
      fail("found at once it has other parts", input.substr(0, n));
    }
  }
}

// Finds a head and reads it in all ways. `text`: room for a copy; its size: 0: there is no sound
// one.
void read_head(const Guard& guard, std::string_view input, std::string& text, Head& head) {
  HeadScan scan;
  const HeadScan::Found found = scan.scan(input, kMaxHead, guard.kind);
  if (found == HeadScan::Found::complete) {
    text.assign(input.substr(0, scan.size()));
    text.shrink_to_fit();
  }
  // Of parts that one of the two kinds has not, nothing is set.
  head = {};
  const bool sound = !text.empty() && guard.read(text, head) == MessageError::none;
  if (input.size() <= kTriedAtEveryByte) check_scan(guard, input, found, scan.size(), sound);
  check_find(guard, input.substr(0, kMaxHead), sound ? &head : nullptr);
  if (sound) check_plain(head);
  if (!sound) text.clear();
}

void check_fields(const Head& head, const Message& theirs, std::string_view text) {
  if (theirs.minor != head.minor || theirs.fields.size() != head.fields.size()) {
    fail("Beast reads another head", text);
  }
  for (std::size_t i = 0; i < head.fields.size(); ++i) {
    const auto& [name, value] = theirs.fields[i];
    if (name != head.text(head.fields[i].name) || value != head.text(head.fields[i].value)) {
      fail("Beast reads another field", text, name + ": " + value);
    }
    if (head.fields[i].id != identify_field(name)) fail("another field's number", name);
  }
}

void check_framing(const Framing& framing, const Message& theirs, std::string_view text) {
  using Kind = Framing::Kind;
  using Theirs = Message::Framing;
  const Theirs ours = framing.kind == Kind::none      ? Theirs::none
                      : framing.kind == Kind::length  ? Theirs::length
                      : framing.kind == Kind::chunked ? Theirs::chunked
                                                      : Theirs::until_close;
  if (ours != theirs.framing || (framing.kind == Kind::length && framing.length != theirs.length)) {
    fail("Beast reads another framing", text);
  }
}

void check_path(const Target& target) {
  std::string scratch;
  std::string again;
  const std::string path{normalise_path(target.path, scratch)};
  if (target.path == "*") return;
  if (!path.starts_with('/')) fail("a path that is none", target.path, path);
  if (path.find("//") != std::string::npos || (path + "/").find("/./") != std::string::npos ||
      (path + "/").find("/../") != std::string::npos) {
    fail("a path that is not normal", target.path, path);
  }
  // Decoded once: what it then holds is not decoded again.
  if (path.find('%') == std::string::npos && normalise_path(path, again) != path) {
    fail("normalised twice it is another path", target.path, path);
  }
  decode_percent(target.query, scratch);
  if (scratch.size() > target.query.size()) fail("decoding makes it longer", target.query);
}

void check_request(std::string_view input) {
  std::string text;  // of its own, so that overreads show
  Head head;
  read_head(kRequests, input, text, head);
  if (text.empty()) return;
  Target target;
  Framing framing;
  if (read_target(head, target) != MessageError::none) return;
  if (request_framing(head, framing) != MessageError::none) return;
  const Message theirs = read_request(text);
  if (theirs.bad()) fail("weir has accepted what Beast refuses: " + theirs.error, text);
  if (theirs.method != head.method_text() || theirs.target != head.target_text()) {
    fail("Beast reads another request line", text);
  }
  check_fields(head, theirs, text);
  check_framing(framing, theirs, text);
  if (!llhttp_agrees_on_request(head, framing)) fail("llhttp reads another request", text);
  check_path(target);
}

void check_response(const Head& head, const std::string& text, bool to_head) {
  Framing framing;
  if (response_framing(head, to_head, framing) != MessageError::none) return;
  const Message theirs = read_response(text, to_head, false);
  if (theirs.bad()) fail("weir has accepted what Beast refuses: " + theirs.error, text);
  if (theirs.status != head.status || theirs.reason != head.text(head.reason)) {
    fail("Beast reads another status line", text);
  }
  check_fields(head, theirs, text);
  check_framing(framing, theirs, text);
  if (!llhttp_agrees_on_response(head, framing, to_head)) fail("llhttp reads another answer", text);
}

void run_one(std::string_view input) {
  check_request(input);
  std::string text;
  Head head;
  read_head(kResponses, input, text, head);
  if (text.empty()) return;
  check_response(head, text, false);
  check_response(head, text, true);
}

}  // namespace
}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::fuzz::run_one({reinterpret_cast<const char*>(data), size});
  return 0;
}
