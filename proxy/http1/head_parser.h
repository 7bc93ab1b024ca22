// The guard before everything: strict validation of a raw head (RFC 9112, RFC 9110 §5).
//
// It goes over a head once, and refuses all that two readers could take for two different things:
// obs-fold, bare CR or LF, control characters, white space before a colon, bad names. What passes
// is laid out as a Head. What the fields mean for the message's framing is framing.h's.
//
// Most heads come whole and sound: find_*_head reads those where they lie. For all others, HeadScan
// finds the end of a head that may come a byte at a time, keeping its position so that the cost is
// linear, or says what is wrong with it; read_*_head then reads what it found, or says why not.
//
// Nothing here allocates but a Head's vector of fields, and that only while it grows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proxy/http/head.h"
#include "proxy/http/message_error.h"

namespace weir {

inline constexpr std::size_t kMaxFields = 256;
inline constexpr std::size_t kMaxMethod = 64;
// Items of Connection, Trailer and Upgrade, each over all its lines: they are compared with fields
// and with each other, and with thousands of them one head would take a quarter of a second.
inline constexpr std::size_t kMaxListItems = 64;

// Finds where a head ends.
class HeadScan {
 public:
  enum class Found : std::uint8_t { incomplete, complete, bad };
  enum class Kind : std::uint8_t { request, response };
  // `data`: all of the head that has come, from its first byte; each call a longer piece of the
  // same. What cannot become a first line is bad as soon as that line is there: its sender may
  // speak another protocol, and wait for an answer.
  Found scan(std::string_view data, std::size_t max_head, Kind kind);
  std::size_t size() const { return line_; }  // complete: of the head
  MessageError bad() const { return bad_; }
  bool begun() const { return at_ != 0; }
  void reset() { *this = {}; }

 private:
  Found refuse(MessageError reason);
  Found scan_first_line(std::string_view data);

  std::uint32_t at_ = 0;    // looked at so far
  std::uint32_t line_ = 0;  // where the current line begins
  MessageError bad_ = MessageError::none;
};

// `text`: one whole head, as HeadScan found it. On any other answer than none, `head` is not to be
// used. Responses say bad_status_line where requests have the reasons of the first line.
MessageError read_request_head(std::string_view text, Head& head);
MessageError read_response_head(std::string_view text, Head& head);

// The size of the head that `bytes` begin with, laid out in `head`; 0 if it is not there whole, or
// not sound: then `why` says what is wrong with what there is.
std::size_t find_request_head(std::string_view bytes, Head& head, MessageError* why = nullptr);
std::size_t find_response_head(std::string_view bytes, Head& head, MessageError* why = nullptr);

}  // namespace weir
