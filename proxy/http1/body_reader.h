// Reads a message's body out of the stream of bytes: where it ends, and for the chunked coding what
// of it is payload (RFC 9112 §7.1).
//
// The payload of one read is gathered at the front of the buffer in place, so that it is written on
// as one piece, however many chunks it came in. Strict: CRLF line ends, extensions and trailers
// bounded, in requests no trailer that would change the message's meaning. Trailers are checked,
// and handed over where somebody takes them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "proxy/http/framing.h"

namespace weir {

class Trailers;

class BodyReader {
 public:
  static constexpr std::size_t kMaxExtension = 256;  // bytes of one chunk's extensions
  static constexpr std::size_t kMaxTrailers = 4096;  // bytes of all trailers together
  static constexpr std::size_t kMaxTrailerLines = 64;

  enum class Result : std::uint8_t { more, done, bad };

  // `trailers`: where they go; null: they are dropped. It has begun, and lives as long as the body.
  // Of a request, fields that would have framed, routed or authorised it make it bad; of a response
  // they are dropped by Trailers (RFC 9112 §7.1.2).
  enum class ForbiddenTrailers : std::uint8_t { refused, dropped };
  void begin(const Framing& framing, Trailers* trailers = nullptr,
             ForbiddenTrailers forbidden = ForbiddenTrailers::refused);

  struct Piece {
    std::size_t consumed = 0;  // bytes of the input that belong to the body
    std::size_t payload = 0;   // bytes at the front of the input that are its payload
    // Tiny chunks, or chunks with long extensions: reading them takes long for their size.
    bool is_mostly_framing() const { return consumed > 2 * payload + 1024; }
  };
  Result read(char* data, std::size_t size, Piece& piece);
  MessageError bad() const { return bad_; }

  bool ends_with_connection() const { return state_ == State::until_close; }
  bool done() const { return state_ == State::done; }
  // Payload read so far.
  std::uint64_t received() const { return received_; }
  // What is still to come of a body of known length; UINT64_MAX where nobody knows.
  std::uint64_t remaining() const;

 private:
  enum class State : std::uint8_t {
    done,
    identity,
    until_close,
    // chunked
    size,  // the first digit of a size
    size_more,
    extension,  // after ';', where a name begins
    extension_name,
    extension_value,  // after '=', where a value begins
    extension_token,
    extension_quoted,
    extension_escaped,
    extension_end,       // after a quoted value
    extension_bws,       // white space, and then a ';'
    extension_name_bws,  // the same, or a '='
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer_name,
    trailer_value,
    trailer_lf,
    end_lf,
    bad,
  };

  Result read_chunked(char* data, std::size_t size, Piece& piece);
  std::size_t read_frame(const char* at, std::size_t size);
  bool step(char c);
  bool step_size(char c);
  bool step_extension(char c);
  bool step_trailer(char c);
  bool refuse(MessageError reason);

  State state_ = State::done;
  MessageError bad_ = MessageError::none;
  bool in_extension_ = false;   // the chunk has one
  std::uint8_t digits_ = 0;     // of the chunk size
  std::uint8_t name_size_ = 0;  // of the trailer's name; kept only up to name_
  std::uint8_t lines_ = 0;      // of trailers
  std::uint16_t overhead_ = 0;  // bytes of this chunk's extensions, or of the trailers
  char name_[22];
  ForbiddenTrailers forbidden_ = ForbiddenTrailers::refused;
  Trailers* trailers_ = nullptr;
  std::uint64_t left_ = 0;  // of the body, or of the chunk
  std::uint64_t received_ = 0;
};

}  // namespace weir
