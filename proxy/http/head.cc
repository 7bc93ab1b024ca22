#include "proxy/http/head.h"

#include "proxy/http/characters.h"

namespace weir {

namespace {

struct Known {
  std::string_view name;
  FieldId id;
};
// By length, so that most names are told apart by it.
constexpr Known kKnown[] = {
    {"te", FieldId::te},
    {"via", FieldId::via},
    {"date", FieldId::date},
    {"host", FieldId::host},
    {"cookie", FieldId::cookie},
    {"expect", FieldId::expect},
    {"trailer", FieldId::trailer},
    {"upgrade", FieldId::upgrade},
    {"connection", FieldId::connection},
    {"keep-alive", FieldId::keep_alive},
    {"retry-after", FieldId::retry_after},
    {"x-request-id", FieldId::x_request_id},
    {"content-length", FieldId::content_length},
    {"http2-settings", FieldId::http2_settings},
    {"x-forwarded-for", FieldId::x_forwarded_for},
    {"proxy-connection", FieldId::proxy_connection},
    {"x-forwarded-host", FieldId::x_forwarded_host},
    {"x-forwarded-proto", FieldId::x_forwarded_proto},
    {"transfer-encoding", FieldId::transfer_encoding},
};
constexpr std::size_t kLongest = 17;

struct Range {
  std::uint8_t first = 0, last = 0;
};
constexpr auto kByLength = [] {
  std::array<Range, kLongest + 1> ranges{};
  for (std::size_t i = 0; i < std::size(kKnown); ++i) {
    Range& range = ranges[kKnown[i].name.size()];
    if (range.last == 0) range.first = static_cast<std::uint8_t>(i);
    range.last = static_cast<std::uint8_t>(i + 1);
  }
  return ranges;
}();

}  // namespace

FieldId identify_field(std::string_view name) {
  if (name.size() > kLongest) return FieldId::other;
  const Range range = kByLength[name.size()];
  for (std::uint8_t i = range.first; i < range.last; ++i) {
    const Known& known = kKnown[i];
    if (to_lower(name[0]) == known.name[0] && equals_ignoring_case(name, known.name)) {
      return known.id;
    }
  }
  return FieldId::other;
}

bool is_token(std::string_view text) {
  for (const char c : text) {
    if (!is_token_char(c)) return false;
  }
  return !text.empty();
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace weir
