// The fuzzers' independent reader of HTTP/1.1: Beast's parser, and by hand what Beast is lax about.
// It says what one message is; what two of them must have in common is compare.h's.
//
// Only judge.cc includes Beast. Pure functions on bytes; texts are copies.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::fuzz {

// Prints what a property found broken, with the bytes made readable, and aborts.
[[noreturn]] void fail(std::string_view what, std::string_view about = {},
                       std::string_view more = {});
// The bytes with control characters as \r, \n, \x00.
std::string readable(std::string_view bytes);
bool same_word(std::string_view a, std::string_view b);  // ASCII case ignored

struct Message {
  enum class State : std::uint8_t {
    nothing,  // not a byte
    partial,  // the beginning of a message
    whole,
    bad,  // none, or none any more; `error` says why
  };
  enum class Framing : std::uint8_t { none, length, chunked, until_close };
  using Fields = std::vector<std::pair<std::string, std::string>>;

  State state = State::nothing;
  std::string error;
  bool head_whole = false;
  std::size_t head_size = 0;   // with the empty line
  std::size_t size = 0;        // of what was read as this message
  std::string method, target;  // of a request
  int status = 0;              // of a response
  std::string reason;
  int minor = 1;  // HTTP/1.minor
  Fields fields, trailers;
  Framing framing = Framing::none;
  std::uint64_t length = 0;  // Framing::length
  std::string body;          // decoded

  bool whole() const { return state == State::whole; }
  bool bad() const { return state == State::bad; }
  std::size_t count(std::string_view name) const;                  // of the head's fields
  const std::string* find(std::string_view name) const;            // the first of them
  bool lists(std::string_view name, std::string_view word) const;  // a comma-separated list
};

// The first message in `bytes`. As lax as Beast is.
Message read_request(std::string_view bytes);
// `to_head`: answers a HEAD. `ended`: no more bytes will come.
Message read_response(std::string_view bytes, bool to_head, bool ended);

// What is wrong with a head that weir wrote; empty: nothing. `head`: with its empty line. Lines end
// with CRLF, names are tokens, values have no control characters, there is at most one framing
// field, one Host in a request.
std::string complaint_about_head(std::string_view head, bool request);

}  // namespace weir::fuzz
