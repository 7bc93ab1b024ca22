// The chunk coder: what it reads does not depend on how the bytes are cut; whatever it accepts
// Beast reads as the same; and what is written of it reads back as the same.
//
// The input: a byte that says how the bytes are cut, and the bytes of a chunked body. What stands
// behind the body must be left alone.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/http1/body_reader.h"
#include "proxy/http1/chunk.h"
#include "tests/fuzz/judge.h"
#include "tests/fuzz/stage.h"

namespace weir::fuzz {
namespace {

constexpr std::string_view kHead =
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

struct Decoded {
  BodyReader::Result result = BodyReader::Result::more;
  MessageError bad = MessageError::none;
  std::size_t consumed = 0;
  std::string payload;
  std::string written;  // in chunks again, one for each piece that was read
};

Decoded decode(std::string_view bytes, std::uint8_t cuts) {
  Decoded decoded;
  BodyReader reader;
  reader.begin({Framing::Kind::chunked, 0});
  for (const std::string_view view : cut(bytes, cuts)) {
    std::string buffer(view);  // read in place
    BodyReader::Piece piece;
    decoded.result = reader.read(buffer.data(), buffer.size(), piece);
    if (decoded.result == BodyReader::Result::bad) break;
    if (piece.payload > piece.consumed || piece.consumed > view.size()) fail("more than there is");
    const bool last = decoded.result == BodyReader::Result::done;
    if (!last && piece.consumed != view.size()) fail("bytes that nobody took", view);
    ChunkSize size;
    if (piece.payload != 0) decoded.written += size.write(piece.payload);
    decoded.written.append(buffer, 0, piece.payload);
    decoded.written += chunk_end(piece.payload != 0, last);
    decoded.payload.append(buffer, 0, piece.payload);
    decoded.consumed += piece.consumed;
    if (last) break;
  }
  decoded.bad = reader.bad();
  if (decoded.result != BodyReader::Result::bad && reader.received() != decoded.payload.size()) {
    fail("the reader counts otherwise");
  }
  return decoded;
}

void run_one(std::string_view input) {
  if (input.empty()) return;
  const auto cuts = static_cast<std::uint8_t>(input[0]);
  input.remove_prefix(1);
  const Decoded decoded = decode(input, cuts);
  const Decoded whole = decode(input, 0);
  if (decoded.result != whole.result || decoded.bad != whole.bad) {
    fail("cut into pieces it is read otherwise", input);
  }
  if (decoded.result == BodyReader::Result::bad) return;
  if (decoded.payload != whole.payload || decoded.consumed != whole.consumed) {
    fail("cut into pieces it is another body", decoded.payload, whole.payload);
  }
  const bool done = whole.result == BodyReader::Result::done;
  const std::string used = std::string(kHead) + std::string(input.substr(0, whole.consumed));
  const Message theirs = read_request(used);
  if (theirs.bad()) fail("Beast refuses it: " + theirs.error, input);
  if (theirs.whole() != done) fail("Beast sees another end", input);
  if (done && theirs.body != whole.payload)
    fail("Beast reads another body", theirs.body, whole.payload);
  // Beast reads a chunk only when its line is there.
  if (!whole.payload.starts_with(theirs.body)) fail("Beast reads other bytes", theirs.body);
  const Decoded again = decode(decoded.written, 0);
  const bool ends = again.result == BodyReader::Result::done;
  if (again.result == BodyReader::Result::bad || ends != done || again.payload != decoded.payload ||
      again.consumed != decoded.written.size()) {
    fail("what is written does not read back", decoded.written);
  }
  const Message rewritten = read_request(std::string(kHead) + decoded.written);
  if (rewritten.bad() || rewritten.whole() != done || rewritten.body != decoded.payload) {
    fail("Beast reads what is written otherwise: " + rewritten.error, decoded.written);
  }
}

}  // namespace
}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::fuzz::run_one({reinterpret_cast<const char*>(data), size});
  return 0;
}
