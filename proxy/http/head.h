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

#include "proxy/http/field_id.h"

namespace weir {

// A token of RFC 9110 §5.6.2.
bool is_token(std::string_view text);
bool same_ignoring_case(const char* a, const char* b, std::size_t size);
inline bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && same_ignoring_case(a.data(), b.data(), a.size());
}
inline std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

struct Span {
  std::uint32_t at = 0, size = 0;
};

struct FieldLine {
  Span name, value;  // the value without the white space around it
  FieldId id = FieldId::other;
  // One space behind the colon, none at the end, and nothing but letters and '-' in the name.
  bool plain = false;
};

struct Head {
  const char* base = nullptr;
  std::uint32_t size = 0;    // with the empty line at its end
  std::uint8_t minor = 1;    // HTTP/1.minor; a higher one is 1 (RFC 9110 §2.5)
  bool odd_version = false;  // it was a higher one
  Span method, target;       // of a request
  std::uint16_t status = 0;  // of a response
  Span reason;
  std::vector<FieldLine> fields;  // in their order

  std::string_view text(Span span) const { return {base + span.at, span.size}; }
  std::string_view method_text() const { return text(method); }
  std::string_view target_text() const { return text(target); }

  // Of the known fields; nothing is noted of others.
  bool has(FieldId id) const { return given_.has(id); }
  bool has_any(FieldIds ids) const { return given_.has_any(ids); }
  bool has_several(FieldId id) const { return several_.has(id); }
  // Of one that is there: its first line's place.
  std::size_t first(FieldId id) const { return first_[static_cast<std::size_t>(id)]; }
  // The first line of that name; empty if there is none.
  std::string_view value(FieldId id) const {
    return has(id) ? text(fields[first(id)].value) : std::string_view{};
  }

  void clear() {
    minor = 1;
    odd_version = false;
    fields.clear();
    given_ = several_ = {};
  }
  void add(const FieldLine& line) {
    if (line.id != FieldId::other) {
      if (has(line.id)) {
        several_.add(line.id);
      } else {
        given_.add(line.id);
        first_[static_cast<std::size_t>(line.id)] = static_cast<std::uint16_t>(fields.size());
      }
    }
    fields.push_back(line);
  }

 private:
  FieldIds given_, several_;
  std::array<std::uint16_t, static_cast<std::size_t>(FieldId::count_)> first_{};
};

// The value of the first field of that name, whatever it is.
std::optional<std::string_view> find_field(const Head& head, std::string_view name);

}  // namespace weir
