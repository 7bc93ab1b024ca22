#include "proxy/http1/body_reader.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "proxy/http/characters.h"
#include "proxy/http/trailers.h"

namespace weir {

namespace {

constexpr std::size_t kMaxDigits = 15;  // of a chunk's size

}  // namespace

void BodyReader::begin(const Framing& framing, Trailers* trailers, ForbiddenTrailers forbidden) {
  trailers_ = trailers;
  forbidden_ = forbidden;
  bad_ = MessageError::none;
  received_ = left_ = 0;
  digits_ = name_size_ = lines_ = 0;
  overhead_ = 0;
  switch (framing.kind) {
    case Framing::Kind::none: state_ = State::done; break;
    case Framing::Kind::length:
      state_ = framing.length == 0 ? State::done : State::identity;
      left_ = framing.length;
      break;
    case Framing::Kind::chunked: state_ = State::size; break;
    case Framing::Kind::until_close: state_ = State::until_close; break;
  }
}

std::uint64_t BodyReader::remaining() const {
  if (state_ == State::done) return 0;
  return state_ == State::identity ? left_ : UINT64_MAX;
}

BodyReader::Result BodyReader::read(char* data, std::size_t size, Piece& piece) {
  piece = {};
  switch (state_) {
    case State::done: return Result::done;
    case State::bad: return Result::bad;
    case State::until_close: piece = {size, size}; break;
    case State::identity: {
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, size));
      piece = {n, n};
      left_ -= n;
      if (left_ == 0) state_ = State::done;
      break;
    }
    default: return read_chunked(data, size, piece);
  }
  received_ += piece.payload;
  return state_ == State::done ? Result::done : Result::more;
}

BodyReader::Result BodyReader::read_chunked(char* data, std::size_t size, Piece& piece) {
  std::size_t at = 0;
  while (at < size && state_ != State::done) {
    if (state_ == State::data) {
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, size - at));
      if (piece.payload != at) std::memmove(data + piece.payload, data + at, n);
      piece.payload += n;
      at += n;
      left_ -= n;
      if (left_ == 0) state_ = State::data_cr;
      continue;
    }
    if (const std::size_t n = read_frame(data + at, size - at); n != 0) {
      at += n;
      continue;
    }
    if (!step(data[at++])) {
      state_ = State::bad;
      return Result::bad;
    }
  }
  piece.consumed = at;
  received_ += piece.payload;
  return state_ == State::done ? Result::done : Result::more;
}

// What stands in front of a chunk's data, in one step: [CRLF] size CRLF, the CRLF being that of the
// chunk before. Returns its bytes; 0: nothing was read, and it is for step(), since it is cut off,
// has extensions, is the last or is bad.
std::size_t BodyReader::read_frame(const char* at, std::size_t size) {
  std::size_t n = 0;
  if (state_ == State::data_cr) {
    if (size < 2 || at[0] != '\r' || at[1] != '\n') return 0;
    n = 2;
  } else if (state_ != State::size) {
    return 0;
  }
  const std::size_t first = n;
  const std::size_t most = std::min(size, first + kMaxDigits + 2);
  std::uint64_t value = 0;
  for (int digit = 0; n < most && (digit = hex_value(at[n])) >= 0; ++n) {
    value = value * 16 + static_cast<std::uint64_t>(digit);
  }
  if (value == 0 || most - n < 2 || at[n] != '\r' || at[n + 1] != '\n') return 0;
  left_ = value;
  overhead_ = 0;
  state_ = State::data;
  return n + 2;
}

bool BodyReader::refuse(MessageError reason) {
  bad_ = reason;
  return false;
}

bool BodyReader::step(char c) {
  switch (state_) {
    case State::size:
    case State::size_more: return step_size(c);
    case State::extension:
    case State::extension_name:
    case State::extension_value:
    case State::extension_token:
    case State::extension_quoted:
    case State::extension_escaped:
    case State::extension_end:
    case State::extension_bws:
    case State::extension_name_bws: return step_extension(c);
    case State::size_lf:
      if (c != '\n') return refuse(MessageError::bad_chunk_size);
      state_ = left_ == 0 ? State::trailer_start : State::data;
      overhead_ = 0;
      return true;
    case State::data_cr:
      if (c != '\r') return refuse(MessageError::bad_chunk);
      state_ = State::data_lf;
      return true;
    case State::data_lf:
      if (c != '\n') return refuse(MessageError::bad_chunk);
      state_ = State::size;
      return true;
    default: return step_trailer(c);
  }
}

bool BodyReader::step_size(char c) {
  if (const int digit = hex_value(c); digit >= 0) {
    if (state_ == State::size) {
      left_ = 0;
      digits_ = 0;
      overhead_ = 0;
      state_ = State::size_more;
    }
    // So many cannot overflow; leading zeros count.
    if (++digits_ > kMaxDigits) return refuse(MessageError::bad_chunk_size);
    left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
    return true;
  }
  if (state_ == State::size) return refuse(MessageError::bad_chunk_size);
  in_extension_ = c == ';';
  if (c == ';') {
    state_ = State::extension;
  } else if (c == '\r') {
    state_ = State::size_lf;
  } else if (is_blank(c)) {
    state_ = State::extension_bws;
  } else {
    return refuse(MessageError::bad_chunk_size);
  }
  return true;
}

// *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ): senders must not make the white
// space, and recipients must read it (RFC 9112 §7.1.1, RFC 9110 §5.6.3). None may stand in front of
// the CRLF.
bool BodyReader::step_extension(char c) {
  if (++overhead_ > kMaxExtension) return refuse(MessageError::chunk_extension_too_long);
  bool good = is_token_char(c);
  switch (state_) {
    case State::extension:
      if (is_blank(c)) return true;
      state_ = State::extension_name;
      break;
    case State::extension_bws:
    case State::extension_name_bws:
      if (is_blank(c)) return true;
      good = c == ';' || (c == '=' && state_ == State::extension_name_bws);
      // Nothing but blanks came behind the size.
      if (!good && state_ == State::extension_bws && !in_extension_) {
        return refuse(MessageError::bad_chunk_size);
      }
      in_extension_ = true;
      state_ = c == '=' ? State::extension_value : State::extension;
      break;
    case State::extension_value:
      if (is_blank(c)) return true;
      state_ = c == '"' ? State::extension_quoted : State::extension_token;
      good = good || c == '"';
      break;
    case State::extension_quoted:
      if (c == '"') state_ = State::extension_end;
      if (c == '\\') state_ = State::extension_escaped;
      good = is_value_char(c);
      break;
    case State::extension_escaped:
      state_ = State::extension_quoted;
      good = is_value_char(c);
      break;
    default:  // in a name or a token, or behind a quoted value
      if (c == '\r' || c == ';' || (c == '=' && state_ == State::extension_name)) {
        state_ = c == '\r' ? State::size_lf : c == ';' ? State::extension : State::extension_value;
        return true;
      }
      if (is_blank(c)) {
        const bool in_name = state_ == State::extension_name;
        state_ = in_name ? State::extension_name_bws : State::extension_bws;
        return true;
      }
      good = good && state_ != State::extension_end;
  }
  return good || refuse(MessageError::bad_chunk);
}

bool BodyReader::step_trailer(char c) {
  if (++overhead_ > kMaxTrailers) return refuse(MessageError::trailer_too_large);
  const bool of_a_field = state_ != State::end_lf && !(state_ == State::trailer_start && c == '\r');
  if (of_a_field && trailers_ != nullptr) trailers_->add(c);
  switch (state_) {
    case State::trailer_start:
      if (c == '\r') {
        state_ = State::end_lf;
        return true;
      }
      if (!is_token_char(c)) return refuse(MessageError::bad_trailer);
      if (++lines_ > kMaxTrailerLines) return refuse(MessageError::trailer_too_large);
      name_size_ = 0;
      state_ = State::trailer_name;
      [[fallthrough]];
    case State::trailer_name:
      if (c == ':') {
        const std::string_view name{name_, std::min<std::size_t>(name_size_, sizeof name_)};
        if (forbidden_ == ForbiddenTrailers::refused && is_forbidden_trailer(name)) {
          return refuse(MessageError::forbidden_trailer);
        }
        state_ = State::trailer_value;
        return true;
      }
      if (name_size_ < sizeof name_) name_[name_size_++] = c;
      return is_token_char(c) || refuse(MessageError::bad_trailer);
    case State::trailer_value:
      if (c == '\r') {
        state_ = State::trailer_lf;
        return true;
      }
      return is_value_char(c) || refuse(MessageError::bad_trailer);
    case State::trailer_lf:
      state_ = State::trailer_start;
      return c == '\n' || refuse(MessageError::bad_trailer);
    default:  // end_lf
      state_ = State::done;
      return c == '\n' || refuse(MessageError::bad_trailer);
  }
}

}  // namespace weir
