#include "config/units.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <vector>

#include "config/report.h"
#include "config/wide.h"

namespace weir {
namespace {

constexpr std::int64_t kLargest = std::int64_t{1} << 61;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view digits_of(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const std::string_view digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  return digits;
}

// A number of digits alone.
Result<std::int64_t> whole(std::string_view digits) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || value > kLargest) return Result<std::int64_t>::failed("is too large");
  if (digits.size() > 1 && digits[0] == '0')
    return Result<std::int64_t>::failed("has a leading zero, and numbers are decimal");
  return Result<std::int64_t>::ok(value);
}

std::string found(std::string_view text, std::string_view what) {
  return "found " + quoted(text) + ", expected " + std::string(what);
}

struct Decimal {
  std::int64_t whole = 0;
  std::int64_t fraction = 0;  // in units of 10^-places
  std::string_view rest;      // what follows the number
  bool has_fraction = false;
};

// `places`: the most decimals; 0: none at all.
Result<Decimal> parse_decimal(std::string_view text, std::size_t places) {
  Decimal out;
  std::string_view rest = text;
  const std::string_view digits = digits_of(rest);
  if (digits.empty()) return Result<Decimal>::failed("");
  const Result<std::int64_t> integer = whole(digits);
  if (!integer) return Result<Decimal>::failed(quoted(text) + " " + integer.error);
  out.whole = *integer;
  if (rest.starts_with(".")) {
    rest.remove_prefix(1);
    const std::string_view decimals = digits_of(rest);
    if (decimals.empty()) return Result<Decimal>::failed("");
    if (decimals.size() > places)
      return Result<Decimal>::failed(
          quoted(text) + (places == 0 ? " is not a whole number"
                                      : " has more than " + std::to_string(places) + " decimals"));
    for (std::size_t i = 0; i < places; ++i)
      out.fraction = out.fraction * 10 + (i < decimals.size() ? decimals[i] - '0' : 0);
    out.has_fraction = true;
  }
  out.rest = rest;
  return Result<Decimal>::ok(out);
}

std::vector<std::string_view> names(std::span<const Unit> units) {
  std::vector<std::string_view> out;
  for (const Unit& unit : units) out.push_back(unit.name);
  return out;
}

template <typename T>
Result<T> unknown_unit(std::string_view text, std::string_view unit, std::span<const Unit> units) {
  return Result<T>::failed(quoted(text) + " has the unknown unit " + quoted(unit) + ", not " +
                           either(names(units)));
}

// whole.fraction × the unit's size; nothing if it is too large.
std::optional<std::int64_t> times(const Decimal& number, std::int64_t scale, std::int64_t size) {
  const Wide value = (static_cast<Wide>(number.whole) * scale + number.fraction) * size / scale;
  if (value > kLargest) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

Result<std::int64_t> with_unit(std::string_view text, std::span<const Unit> units,
                               std::size_t places, std::string_view what) {
  using R = Result<std::int64_t>;
  const Result<Decimal> number = parse_decimal(text, places);
  if (!number) return R::failed(number.error.empty() ? found(text, what) : number.error);
  const std::string_view rest = number->rest;
  if (rest.empty()) return R::failed(quoted(text) + " has no unit (" + either(names(units)) + ")");
  for (const Unit& unit : units) {
    if (rest != unit.name) continue;
    std::int64_t scale = 1;
    for (std::size_t i = 0; i < places; ++i) scale *= 10;
    const std::optional<std::int64_t> value = times(*number, scale, unit.size);
    return value ? R::ok(*value) : R::failed(quoted(text) + " is too large");
  }
  return unknown_unit<std::int64_t>(text, rest, units);
}

// The text in the largest unit that divides the value.
std::string in_largest(std::int64_t value, std::span<const Unit> units) {
  for (std::size_t i = units.size(); i-- > 0;)
    if (value % units[i].size == 0 && (value != 0 || i == 0))
      return std::to_string(value / units[i].size) + std::string(units[i].name);
  return {};
}

std::string without_zeros(std::int64_t whole_part, std::int64_t fraction, std::size_t places) {
  std::string decimals = std::to_string(fraction);
  decimals.insert(0, places - std::min(places, decimals.size()), '0');
  while (!decimals.empty() && decimals.back() == '0') decimals.pop_back();
  return std::to_string(whole_part) + (decimals.empty() ? "" : "." + decimals);
}

}  // namespace

Result<std::int64_t> parse_integer(std::string_view text) {
  using R = Result<std::int64_t>;
  std::string_view rest = text;
  const bool negative = rest.starts_with("-");
  if (negative) rest.remove_prefix(1);
  const std::string_view digits = digits_of(rest);
  if (digits.empty() || !rest.empty()) return R::failed(found(text, "a whole number"));
  const R value = whole(digits);
  if (!value) return R::failed(quoted(text) + " " + value.error);
  return R::ok(negative ? -*value : *value);
}

Result<std::int64_t> parse_duration(std::string_view text) {
  return with_unit(text, kDurationUnits, 3, "a duration such as 500ms, 5s, 1m or 1h");
}

Result<std::int64_t> parse_bytes(std::string_view text) {
  return with_unit(text, kByteUnits, 0, "a size such as 512B, 32KiB, 1MiB or 1GiB");
}

Result<Rate> parse_rate(std::string_view text) {
  using R = Result<Rate>;
  const std::string_view what = "a rate such as 100/s, 30/m, 500/h or 10000/d";
  std::string_view rest = text;
  const std::string_view digits = digits_of(rest);
  if (!digits.empty() && rest.starts_with("."))
    return R::failed(quoted(text) + " is not a whole number per second, minute, hour or day");
  if (!digits.empty() && rest.empty())
    return R::failed(quoted(text) + " has no unit (/s, /m, /h or /d)");
  if (digits.empty() || !rest.starts_with("/")) return R::failed(found(text, what));
  rest.remove_prefix(1);
  const Result<std::int64_t> tokens = whole(digits);
  if (!tokens) return R::failed(quoted(text) + " " + tokens.error);
  if (*tokens > kMaxTokens)
    return R::failed(quoted(text) + " is too large: at most " + std::to_string(kMaxTokens));
  for (const Unit& unit : kRateUnits)
    if (rest == unit.name) return R::ok({*tokens, unit.size});
  return unknown_unit<Rate>(text, rest, kRateUnits);
}

Result<std::int64_t> parse_percent(std::string_view text) {
  using R = Result<std::int64_t>;
  const Result<Decimal> number = parse_decimal(text, 2);
  if (!number && !number.error.empty()) return R::failed(number.error);
  if (number && number->rest.empty()) return R::failed(quoted(text) + " has no unit (%)");
  if (!number || number->rest != "%") return R::failed(found(text, "a percentage such as 20%"));
  const std::optional<std::int64_t> value = times(*number, 100, 100);
  if (!value || *value > 10'000)
    return R::failed(quoted(text) + " is above the greatest allowed, 100%");
  return R::ok(*value);
}

std::string print_duration(std::int64_t nanoseconds) {
  if (nanoseconds == 0) return "0s";
  if (nanoseconds % kDurationUnits[0].size == 0) return in_largest(nanoseconds, kDurationUnits);
  return without_zeros(nanoseconds / 1'000'000, nanoseconds % 1'000'000, 6) + "ms";
}

std::string print_bytes(std::int64_t bytes) { return in_largest(bytes, kByteUnits); }

std::string print_rate(Rate rate) {
  for (const Unit& unit : kRateUnits)
    if (rate.per == unit.size) return std::to_string(rate.tokens) + "/" + std::string(unit.name);
  return std::to_string(rate.tokens) + "/" + print_duration(rate.per);
}

std::string print_percent(std::int64_t hundredths) {
  return without_zeros(hundredths / 100, hundredths % 100, 2) + "%";
}

}  // namespace weir
