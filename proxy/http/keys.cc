#include "proxy/http/keys.h"

#include <algorithm>

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

// Of values that are to be one: the first, and whether another one differed.
class OneValue {
 public:
  void add(std::string_view value) {
    if (!value_) {
      value_ = value;
    } else if (*value_ != value) {
      differs_ = true;
    }
  }
  std::optional<std::string_view> get(bool& ambiguous) const {
    ambiguous |= differs_;
    return value_;
  }

 private:
  std::optional<std::string_view> value_;
  bool differs_ = false;
};

// Calls `use(name, value)` for each name=value among those that `separator` separates.
template <typename Use>
void for_each_pair(std::string_view text, char separator, Use use) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view pair = trim_blanks(text.substr(0, end));
    const std::size_t equals = pair.find('=');
    use(pair.substr(0, equals),
        equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

bool has_escapes(std::string_view text) { return text.find_first_of("%+") != text.npos; }

// RFC 6265 §4.1.1: the quotes around a value; many services drop them.
std::string_view without_quotes(std::string_view value) {
  const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
  return quoted ? value.substr(1, value.size() - 2) : value;
}

// Usually nothing is encoded, and only the first value is decoded into `scratch`.
[[gnu::noinline]] std::optional<std::string_view> query(std::string_view text,
                                                        std::string_view name, std::string& scratch,
                                                        bool& ambiguous) {
  std::optional<std::string_view> found;
  std::string decoded;
  for_each_pair(text, '&', [&](std::string_view key, std::string_view value) {
    if (key.size() < name.size() || key.size() > 3 * name.size()) return;
    if (has_escapes(key)) {
      decode_form(key, decoded);
      key = decoded;
    }
    if (key != name) return;
    if (!found) {
      if (has_escapes(value)) {
        decode_form(value, scratch);
        value = scratch;
      }
      found = value;
      return;
    }
    std::string other;
    decode_form(value, other);
    ambiguous |= other != *found;
  });
  return found;
}

[[gnu::noinline]] std::optional<std::string_view> cookie(const Head& head, std::string_view name,
                                                         bool& ambiguous) {
  if (!head.has(FieldId::cookie)) return std::nullopt;
  OneValue found;
  for (const FieldLine& line : head.fields) {
    if (line.id != FieldId::cookie) continue;
    for_each_pair(head.text(line.value), ';', [&](std::string_view key, std::string_view value) {
      if (key == name) found.add(without_quotes(value));
    });
  }
  return found.get(ambiguous);
}

}  // namespace

const FieldLine* find_line(const Head& head, std::string_view name, bool& ambiguous) {
  const FieldLine* found = nullptr;
  for (const FieldLine& line : head.fields) {
    if (line.name.size != name.size()) continue;
    if (!same_ignoring_case(head.text(line.name).data(), name.data(), name.size())) continue;
    if (found == nullptr) {
      found = &line;
    } else if (head.text(found->value) != head.text(line.value)) {
      ambiguous = true;
    }
  }
  return found;
}

std::optional<std::string_view> extract(const Field& field, const RequestParts& parts,
                                        std::string& scratch, bool& ambiguous) {
  switch (field.kind) {
    case Field::Kind::tenant: return parts.tenant;
    case Field::Kind::client_ip:
      if (!parts.client.known) return std::nullopt;
      return parts.client.identity();
    case Field::Kind::header: {
      const FieldLine* line = find_line(parts.head, field.name, ambiguous);
      if (line == nullptr) return std::nullopt;
      return parts.head.text(line->value);
    }
    case Field::Kind::path_segment: return path_segment(parts.path, field.index);
    case Field::Kind::query: return query(parts.target.query, field.name, scratch, ambiguous);
    case Field::Kind::cookie: return cookie(parts.head, field.name, ambiguous);
    case Field::Kind::method: return parts.head.method_text();
    case Field::Kind::route: return parts.route;
  }
  return std::nullopt;
}

std::uint64_t KeyHasher::hash(const Key& key, const RequestParts& parts, bool& ambiguous) {
  if (key.size() == 1) {  // no length needed
    return siphash(secret_, extract(key[0], parts, scratch_, ambiguous).value_or(""));
  }
  joined_.clear();
  for (const Field& field : key) {
    const std::string_view value = extract(field, parts, scratch_, ambiguous).value_or("");
    const auto size = static_cast<std::uint32_t>(value.size());
    joined_.append(reinterpret_cast<const char*>(&size), sizeof size);
    joined_.append(value);
  }
  return siphash(secret_, joined_);
}

}  // namespace weir
