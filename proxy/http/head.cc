#include "proxy/http/head.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "proxy/http/characters.h"

namespace weir {

namespace {

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

// Eight bytes with capital letters made small, exactly. In each byte without its highest bit, the
// first sum sets that bit from 'A' on, the second from 'Z' + 1 on; nothing carries over.
std::uint64_t lower_word(const char* at) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  const std::uint64_t low = word & (0x7f * kOnes);
  const std::uint64_t from_a = low + (0x80 - 'A') * kOnes;
  const std::uint64_t after_z = low + (0x80 - 'Z' - 1) * kOnes;
  return word | ((from_a & ~after_z & ~word & (0x80 * kOnes)) >> 2);
}

struct Known {
  std::string_view name;
  FieldId id;
  Folded folded = fold(name);
};
// By length. Two words cover sixteen bytes; of the one longer name only the ninth is not looked at.
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
    {"max-forwards", FieldId::max_forwards},
    {"content-length", FieldId::content_length},
    {"http2-settings", FieldId::http2_settings},
    {"x-forwarded-for", FieldId::x_forwarded_for},
    {"proxy-connection", FieldId::proxy_connection},
    {"x-forwarded-host", FieldId::x_forwarded_host},
    {"x-forwarded-proto", FieldId::x_forwarded_proto},
    {"transfer-encoding", FieldId::transfer_encoding},
};
constexpr std::size_t kShortest = 2, kLongest = 17;

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
  if (name.size() < kShortest || name.size() > kLongest) return FieldId::other;
  const Range range = kByLength[name.size()];
  if (range.first == range.last) return FieldId::other;
  const Folded folded = fold(name);
  for (std::uint8_t i = range.first; i < range.last; ++i) {
    const Known& known = kKnown[i];
    if (folded == known.folded && (name.size() <= 16 || to_lower(name[8]) == known.name[8])) {
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
  std::size_t i = 0;
  for (; a.size() - i >= 8; i += 8) {
    if (lower_word(a.data() + i) != lower_word(b.data() + i)) return false;
  }
  for (; i < a.size(); ++i) {
    if (a[i] != b[i] && to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<std::string_view> find_field(const Head& head, std::string_view name) {
  for (const FieldLine& line : head.fields) {
    if (line.name.size == name.size() && equals_ignoring_case(head.text(line.name), name)) {
      return head.text(line.value);
    }
  }
  return std::nullopt;
}

}  // namespace weir
