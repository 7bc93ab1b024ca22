// Writing the chunked coding (RFC 9112 §7.1): one chunk for each piece that was read.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <string_view>

#include "proxy/http/head_writer.h"
#include "proxy/http/trailers.h"

namespace weir {

// The line in front of a chunk's data.
class ChunkSize {
 public:
  std::string_view write(std::size_t size) {
    char* end = std::to_chars(text_.data(), text_.data() + 16, size, 16).ptr;
    *end++ = '\r';
    *end++ = '\n';
    return {text_.data(), static_cast<std::size_t>(end - text_.data())};
  }

 private:
  std::array<char, 18> text_;
};

// What stands behind a piece: the end of its chunk, the last chunk of all, both or neither.
constexpr std::string_view chunk_end(bool after_data, bool last) {
  constexpr std::string_view kAll = "\r\n0\r\n\r\n";
  if (after_data) return last ? kAll : kAll.substr(0, 2);
  return last ? kAll.substr(2) : std::string_view{};
}

// The same with the trailers that go on, written into `scratch` if there are any.
inline std::string_view chunk_end(bool after_data, bool last, const Trailers& trailers,
                                  WriteScratch& scratch) {
  if (!last || !trailers.any_to_write()) return chunk_end(after_data, last);
  HeadWriter out(scratch);
  out.add(after_data ? "\r\n0\r\n" : "0\r\n");
  trailers.write(out);
  out.add("\r\n");
  return out.text();
}

}  // namespace weir
