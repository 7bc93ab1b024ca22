// A message's head in place: where its parts stand in one buffer of bytes.
//
// Offsets instead of pointers, so that the buffer may move (out of a worker's scratch into the
// exchange's own) and only `base` has to follow. Filled by head_guard.h, which vouches for it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace weir {

// The fields that a proxy deals with; all others just pass.
enum class FieldId : std::uint8_t {
  other,
  te,
  via,
  date,
  host,
  cookie,
  expect,
  trailer,
  upgrade,
  connection,
  keep_alive,
  retry_after,
  x_request_id,
  max_forwards,
  content_length,
  http2_settings,
  x_forwarded_for,
  proxy_connection,
  x_forwarded_host,
  x_forwarded_proto,
  transfer_encoding,
  count_,
};

// `name`: a token.
FieldId identify_field(std::string_view name);

// A token of RFC 9110 §5.6.2.
bool is_token(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);
std::string_view trim_blanks(std::string_view text);

struct Span {
  std::uint32_t at = 0, size = 0;
};

struct FieldLine {
  Span name, value;  // the value without the white space around it
  FieldId id = FieldId::other;
};

struct Head {
  const char* base = nullptr;
  std::uint32_t size = 0;    // with the empty line at its end
  std::uint8_t minor = 1;    // HTTP/1.minor
  Span method, target;       // of a request
  std::uint16_t status = 0;  // of a response
  Span reason;
  std::vector<FieldLine> fields;  // in their order

  std::string_view text(Span span) const { return {base + span.at, span.size}; }
  std::string_view method_text() const { return text(method); }
  std::string_view target_text() const { return text(target); }

  // Of the known fields; nothing is noted of others.
  bool has(FieldId id) const { return lines_[index(id)] != 0; }
  bool has_several(FieldId id) const { return lines_[index(id)] > 1; }
  // The first line of that name; empty if there is none.
  std::string_view value(FieldId id) const {
    return has(id) ? text(fields[first_[index(id)]].value) : std::string_view{};
  }

  void clear() {
    fields.clear();
    lines_.fill(0);
  }
  void add(const FieldLine& line) {
    if (line.id != FieldId::other) {
      std::uint8_t& lines = lines_[index(line.id)];
      if (lines == 0) first_[index(line.id)] = static_cast<std::uint16_t>(fields.size());
      if (lines != 255) ++lines;
    }
    fields.push_back(line);
  }

 private:
  static constexpr std::size_t kIds = static_cast<std::size_t>(FieldId::count_);
  static std::size_t index(FieldId id) { return static_cast<std::size_t>(id); }
  std::array<std::uint8_t, kIds> lines_{};
  std::array<std::uint16_t, kIds> first_{};
};

// The value of the first field of that name, whatever it is.
std::optional<std::string_view> find_field(const Head& head, std::string_view name);

}  // namespace weir
