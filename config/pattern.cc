#include "config/pattern.h"

#include <algorithm>
#include <vector>

#include "config/enum_values.h"
#include "config/units.h"

namespace weir {
namespace {

std::string any_of(const std::vector<std::string>& parts) {
  if (parts.size() == 1) return parts.front();
  std::string out = "(";
  for (const std::string& part : parts) out += (out.size() > 1 ? "|" : "") + part;
  return out + ")";
}

std::string digit(char from, char to) {
  if (from == to) return std::string(1, from);
  return "[" + std::string(1, from) + "-" + std::string(1, to) + "]";
}

std::string any_digits(std::size_t count) {
  if (count == 0) return "";
  return count == 1 ? "[0-9]" : "[0-9]{" + std::to_string(count) + "}";
}

// The numbers of exactly a.size() digits from a to b.
std::string between(const std::string& a, const std::string& b) {
  if (a.empty()) return "";
  const std::size_t rest = a.size() - 1;
  const std::string zeros(rest, '0'), nines(rest, '9');
  if (a[0] == b[0]) return a[0] + between(a.substr(1), b.substr(1));
  std::vector<std::string> parts;
  char from = a[0], to = b[0];
  if (a.substr(1) != zeros) parts.push_back(from++ + between(a.substr(1), nines));
  const bool whole = b.substr(1) == nines;
  if (!whole) --to;
  if (from <= to) parts.push_back(digit(from, to) + any_digits(rest));
  if (!whole) parts.push_back(b[0] + between(zeros, b.substr(1)));
  return any_of(parts);
}

std::string padded(std::int64_t number, std::size_t width) {
  std::string out = std::to_string(number);
  return out.size() >= width ? out : std::string(width - out.size(), '0') + out;
}

std::int64_t ceil_divide(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// ".5", ".50", …: the fractions from a to b, both in units of 10^-places; optional where a is 0.
std::string fraction_between(std::int64_t a, std::int64_t b, int places) {
  std::vector<std::string> parts;
  std::int64_t unit = 1;
  for (int digits = places; digits >= 1; --digits, unit *= 10) {
    const std::int64_t least = ceil_divide(a, unit), most = b / unit;
    const auto width = static_cast<std::size_t>(digits);
    if (least <= most) parts.push_back(between(padded(least, width), padded(most, width)));
  }
  return parts.empty() ? "" : "\\." + any_of(parts);
}

std::string duration_pattern(const Spec& spec) {
  constexpr int kPlaces = 3;
  constexpr std::int64_t kScale = 1000;
  std::vector<std::string> parts;
  for (const Unit& unit : kDurationUnits) {
    const std::int64_t step = unit.size / kScale;
    const std::int64_t least = ceil_divide(spec.min, step), most = spec.max / step;
    if (least <= most)
      parts.push_back(decimals_between(least, most, kPlaces) + std::string(unit.name));
  }
  return "^" + any_of(parts) + "$";
}

std::string bytes_pattern(const Spec& spec) {
  std::vector<std::string> parts;
  for (const Unit& unit : kByteUnits) {
    const std::int64_t least = ceil_divide(spec.min, unit.size), most = spec.max / unit.size;
    if (least <= most) parts.push_back(digits_between(least, most) + std::string(unit.name));
  }
  return "^" + any_of(parts) + "$";
}

const std::string& ipv4() {
  static const std::string part = digits_between(0, 255);
  static const std::string whole = part + "\\." + part + "\\." + part + "\\." + part;
  return whole;
}

constexpr std::string_view kIpv6 = "[0-9A-Fa-f:.]{2,45}";

std::string endpoint_pattern(EndpointUse use) {
  const std::string v6 = "\\[" + std::string(kIpv6) + "\\]";
  const std::string unix_path = "unix:/.{0,106}";
  if (use != EndpointUse::connect)
    return "^(" + std::string(use == EndpointUse::listen ? unix_path + "|" : "") + "(" + ipv4() +
           "|" + v6 + ")?:" + digits_between(0, 65'535) + ")$";
  const std::string label = "[A-Za-z0-9_-]{1,63}";
  const std::string name = "(?![0-9.]+:)" + label + "(\\." + label + ")*\\.?";
  return "^(" + unix_path + "|(" + ipv4() + "|" + v6 + "|" + name +
         "):" + digits_between(1, 65'535) + ")$";
}

// A rule's pattern without its anchors.
std::string inner(const TextRule& rule) {
  return std::string(rule.pattern.substr(1, rule.pattern.size() - 2));
}

std::string field_pattern() {
  return "^(tenant|client_ip|method|route|(header|cookie) " + inner(kToken) + "|query " +
         inner(kQueryName) + "|path_segment " + digits_between(1, 32) + ")$";
}

}  // namespace

std::string digits_between(std::int64_t least, std::int64_t most) {
  std::vector<std::string> parts;
  std::int64_t from = least;
  while (from <= most) {
    const std::string low = std::to_string(from);
    const std::string nines(low.size(), '9');
    const bool last = std::to_string(most).size() == low.size();
    const std::string high = last ? std::to_string(most) : nines;
    parts.push_back(between(low, high));
    if (last) break;
    from = std::stoll(nines) + 1;
  }
  return any_of(parts);
}

std::string decimals_between(std::int64_t least, std::int64_t most, int places) {
  std::int64_t scale = 1;
  for (int i = 0; i < places; ++i) scale *= 10;
  const std::int64_t first = least / scale, last = most / scale;
  const auto with_fraction = [&](std::int64_t whole, std::int64_t a, std::int64_t b) {
    const std::string fraction = fraction_between(a, b, places);
    return std::to_string(whole) + (a == 0 ? "(" + fraction + ")?" : fraction);
  };
  if (first == last) return with_fraction(first, least % scale, most % scale);
  std::vector<std::string> parts;
  std::int64_t from = first;
  if (least % scale != 0) parts.push_back(with_fraction(from++, least % scale, scale - 1));
  if (from < last)
    parts.push_back(digits_between(from, last - 1) + "(" + fraction_between(0, scale - 1, places) +
                    ")?");
  parts.push_back(with_fraction(last, 0, most % scale));
  return any_of(parts);
}

std::string pattern_of(const Spec& spec) {
  switch (spec.type) {
    case Type::bytes: return bytes_pattern(spec);
    case Type::duration: return duration_pattern(spec);
    case Type::rate: return "^" + digits_between(1, kMaxTokens) + "/[smhd]$";
    case Type::percent: return "^" + decimals_between(spec.min, spec.max, 2) + "%$";
    case Type::text: return std::string(spec.rule->pattern);
    case Type::endpoint: return endpoint_pattern(spec.use);
    case Type::field: return field_pattern();
    case Type::cidr:
      return "^(" + ipv4() + "(/" + digits_between(0, 32) + ")?|(?=.*:)" + std::string(kIpv6) +
             "(/" + digits_between(0, 128) + ")?)$";
    default: return {};
  }
}

}  // namespace weir
