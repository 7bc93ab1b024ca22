// What a request is for: the guard, the target, the normalised path and percent decoding, as the
// router uses them.
//
// The input: a raw request head. Whatever the guard lets through an independent reader reads too,
// with the same method, target, fields and values, however the head is dribbled in; a path that is
// normalised once stays; no dot segment, doubled slash or encoded slash outlasts it.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/http/framing.h"
#include "proxy/http/head_guard.h"
#include "proxy/http/normalise.h"
#include "proxy/http/target.h"
#include "tests/fuzz/judge.h"

namespace weir::fuzz {
namespace {

constexpr std::size_t kMaxHead = 4 << 10;

void check_scan(std::string_view input, HeadScan::Found whole, std::size_t size) {
  HeadScan dribbled;
  for (std::size_t n = 1; n <= input.size(); ++n) {
    const HeadScan::Found found = dribbled.scan(input.substr(0, n), kMaxHead);
    if (found == HeadScan::Found::incomplete) continue;
    if (found == HeadScan::Found::complete &&
        (whole != HeadScan::Found::complete || dribbled.size() != size)) {
      fail("dribbled it is another head", input);
    }
    return;
  }
  if (whole == HeadScan::Found::complete) fail("dribbled it is no whole head", input);
}

void check_fields(const Head& head, const Message& theirs, std::string_view text) {
  if (theirs.method != head.method_text() || theirs.target != head.target_text() ||
      theirs.minor != head.minor || theirs.fields.size() != head.fields.size()) {
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

void run_one(std::string_view input) {
  HeadScan scan;
  const HeadScan::Found found = scan.scan(input, kMaxHead);
  if (input.size() <= 512) check_scan(input, found, scan.size());
  if (found != HeadScan::Found::complete) return;
  const std::string text(input.substr(0, scan.size()));  // of its own, so that overreads show
  Head head;
  if (read_request_head(text, head) != BadRequest::none) return;
  Target target;
  Framing framing;
  if (read_target(head, target) != BadRequest::none) return;
  if (request_framing(head, framing) != BadRequest::none) return;
  const Message theirs = read_request(text);
  if (theirs.bad()) fail("weir has accepted what Beast refuses: " + theirs.error, text);
  check_fields(head, theirs, text);
  check_path(target);
}

}  // namespace
}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::fuzz::run_one({reinterpret_cast<const char*>(data), size});
  return 0;
}
