#include "proxy/http/keys.h"

#include "filters/siphash.h"
#include "proxy/http/characters.h"
#include "proxy/http/normalise.h"

namespace weir {

namespace {

// The three that follow stay out of extract(), whose usual case is a header.

// Segments count from 1.
[[gnu::noinline]] std::optional<std::string_view> path_segment(std::string_view path,
                                                               std::uint32_t index) {
  for (std::uint32_t i = 1; path.starts_with('/'); ++i) {
    path.remove_prefix(1);
    const std::size_t end = path.find('/');
    if (i == index) {
      const std::string_view segment = path.substr(0, end);
      return segment.empty() ? std::nullopt : std::optional(segment);
    }
    if (end == std::string_view::npos) break;
    path.remove_prefix(end);
  }
  return std::nullopt;
}

// The value of the first name=value among those that `separator` separates.
std::optional<std::string_view> pair_value(std::string_view text, char separator,
                                           std::string_view name) {
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    const std::string_view pair = trim_blanks(text.substr(0, end));
    const std::size_t equals = pair.find('=');
    if (pair.substr(0, equals) == name) {
      return equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
    }
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return std::nullopt;
}

[[gnu::noinline]] std::optional<std::string_view> query(std::string_view text,
                                                        std::string_view name,
                                                        std::string& scratch) {
  const auto value = pair_value(text, '&', name);
  if (!value || value->find('%') == std::string_view::npos) return value;
  decode_percent(*value, scratch);
  return scratch;
}

[[gnu::noinline]] std::optional<std::string_view> cookie(const Head& head, std::string_view name) {
  if (!head.has(FieldId::cookie)) return std::nullopt;
  for (const FieldLine& line : head.fields) {
    if (line.id != FieldId::cookie) continue;
    if (const auto value = pair_value(head.text(line.value), ';', name)) return value;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> extract(const Field& field, const RequestParts& parts,
                                        std::string& scratch) {
  switch (field.kind) {
    case Field::Kind::tenant: return parts.tenant;
    case Field::Kind::client_ip:
      if (!parts.client.known) return std::nullopt;
      return parts.client.identity();
    case Field::Kind::header: return find_field(parts.head, field.name);
    case Field::Kind::path_segment: return path_segment(parts.path, field.index);
    case Field::Kind::query: return query(parts.target.query, field.name, scratch);
    case Field::Kind::cookie: return cookie(parts.head, field.name);
    case Field::Kind::method: return parts.head.method_text();
    case Field::Kind::route: return parts.route;
  }
  return std::nullopt;
}

std::uint64_t KeyHasher::hash(const Key& key, const RequestParts& parts) {
  if (key.size() == 1) {
    // No length needed; an absent field is told from an empty one all the same.
    const auto value = extract(key[0], parts, scratch_);
    return siphash(secret_, value ? *value : std::string_view("\0absent", 7));
  }
  joined_.clear();
  for (const Field& field : key) {
    const auto value = extract(field, parts, scratch_);
    const std::uint32_t size = value ? static_cast<std::uint32_t>(value->size()) : UINT32_MAX;
    joined_.append(reinterpret_cast<const char*>(&size), sizeof size);
    if (value) joined_.append(*value);
  }
  return siphash(secret_, joined_);
}

}  // namespace weir
