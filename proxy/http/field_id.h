// The names of fields that a proxy deals with.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "proxy/http/characters.h"

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

class FieldIds {
 public:
  constexpr FieldIds() = default;
  constexpr FieldIds(std::initializer_list<FieldId> ids) {
    for (const FieldId id : ids) add(id);
  }
  constexpr bool has(FieldId id) const { return (bits_ >> static_cast<unsigned>(id) & 1U) != 0; }
  constexpr bool has_any(FieldIds of) const { return (bits_ & of.bits_) != 0; }
  constexpr void add(FieldId id) { bits_ |= bit(id); }
  constexpr void add(FieldIds ids) { bits_ |= ids.bits_; }
  constexpr void remove(FieldIds ids) { bits_ &= ~ids.bits_; }

 private:
  static constexpr std::uint32_t bit(FieldId id) { return 1U << static_cast<unsigned>(id); }
  std::uint32_t bits_ = 0;
};
static_assert(static_cast<unsigned>(FieldId::count_) <= 32);

namespace known_fields {

// A name in lower case, as up to two words that may overlap: one comparison instead of a loop.
struct Folded {
  std::uint64_t front = 0, back = 0;
  bool operator==(const Folded&) const = default;
};

// The bytes of a word at `at`, each with the bit set that tells a letter's cases apart.
// Among the bytes of tokens, only letters become letters by that, digits digits, and '-' itself.
template <typename Word>
constexpr std::uint64_t fold_word(const char* at) {
  std::array<char, sizeof(Word)> bytes{};
  std::copy_n(at, bytes.size(), bytes.begin());
  return std::bit_cast<Word>(bytes) | 0x2020202020202020;
}

// At least two bytes.
constexpr Folded fold(std::string_view name) {
  const char* const front = name.data();
  const char* const end = front + name.size();
  if (name.size() >= 8) return {fold_word<std::uint64_t>(front), fold_word<std::uint64_t>(end - 8)};
  if (name.size() >= 4) return {fold_word<std::uint32_t>(front), fold_word<std::uint32_t>(end - 4)};
  return {fold_word<std::uint16_t>(front), fold_word<std::uint16_t>(end - 2)};
}

struct Known {
  std::string_view name;
  FieldId id;
};
inline constexpr Known kKnown[] = {
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
    {"max-forwards", FieldId::max_forwards},
    {"content-length", FieldId::content_length},
    {"http2-settings", FieldId::http2_settings},
    {"x-forwarded-for", FieldId::x_forwarded_for},
    {"proxy-connection", FieldId::proxy_connection},
    {"x-forwarded-host", FieldId::x_forwarded_host},
    {"x-forwarded-proto", FieldId::x_forwarded_proto},
    {"transfer-encoding", FieldId::transfer_encoding},
};

// A name is compared with one known name at most: the one at its place. Two words cover sixteen
// bytes; of the longer names only the ninth is not looked at.
struct alignas(32) Place {
  Folded folded;
  std::uint8_t size = 0;
  char ninth = '\0';
  FieldId id = FieldId::other;
};
inline constexpr std::size_t kPlaces = 64;
constexpr std::size_t place_of(std::string_view name) {
  return (name.size() * 7 + (static_cast<std::uint8_t>(name[0]) | 0x20U)) % kPlaces;
}
inline constexpr auto kByPlace = [] {
  std::array<Place, kPlaces> places{};
  for (const auto& [name, id] : kKnown) {
    places[place_of(name)] = {fold(name), static_cast<std::uint8_t>(name.size()),
                              name.size() > 16 ? name[8] : '\0', id};
  }
  return places;
}();
static_assert(std::ranges::all_of(kKnown, [](const Known& known) {
  return known.name.size() <= 17 && kByPlace[place_of(known.name)].id == known.id;
}));

}  // namespace known_fields

// `name`: of bytes that may stand in a value.
inline FieldId identify_field(std::string_view name) {
  if (name.empty()) return FieldId::other;
  const known_fields::Place& place = known_fields::kByPlace[known_fields::place_of(name)];
  if (place.size != name.size() || place.folded != known_fields::fold(name)) return FieldId::other;
  return name.size() <= 16 || to_lower(name[8]) == place.ninth ? place.id : FieldId::other;
}

}  // namespace weir
