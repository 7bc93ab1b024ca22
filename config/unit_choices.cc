#include "config/unit_choices.h"

#include <algorithm>
#include <optional>
#include <span>

#include "config/text_rule.h"
#include "config/units.h"
#include "config/wide.h"

namespace weir {
namespace {

// How other programs, and people, write a unit; in lower case.
struct Spelling {
  std::string_view word;
  std::int64_t size;
};
constexpr std::int64_t kMs = 1'000'000, kS = 1'000 * kMs, kM = 60 * kS, kH = 60 * kM, kD = 24 * kH;
constexpr Spelling kTimes[] = {
    {"ns", 1},
    {"us", 1'000},
    {"\u00b5s", 1'000},
    {"usec", 1'000},
    {"ms", kMs},
    {"msec", kMs},
    {"msecs", kMs},
    {"millis", kMs},
    {"s", kS},
    {"sec", kS},
    {"secs", kS},
    {"second", kS},
    {"m", kM},
    {"min", kM},
    {"mins", kM},
    {"minute", kM},
    {"h", kH},
    {"hr", kH},
    {"hrs", kH},
    {"hour", kH},
    {"d", kD},
    {"day", kD},
    {"days", kD},
    {"hours", kH},
    {"w", 7 * kD},
    {"week", 7 * kD},
    {"weeks", 7 * kD},
    {"seconds", kS},
    {"minutes", kM},
    {"milliseconds", kMs},
    {"microseconds", 1'000},
    {"millisecond", kMs},
};
constexpr Spelling kSizes[] = {
    {"b", 1},
    {"byte", 1},
    {"bytes", 1},
    {"k", std::int64_t{1} << 10},
    {"kb", std::int64_t{1} << 10},
    {"ki", std::int64_t{1} << 10},
    {"kib", std::int64_t{1} << 10},
    {"m", std::int64_t{1} << 20},
    {"mb", std::int64_t{1} << 20},
    {"mi", std::int64_t{1} << 20},
    {"mib", std::int64_t{1} << 20},
    {"g", std::int64_t{1} << 30},
    {"gb", std::int64_t{1} << 30},
    {"gi", std::int64_t{1} << 30},
    {"gib", std::int64_t{1} << 30},
    {"t", std::int64_t{1} << 40},
    {"tb", std::int64_t{1} << 40},
    {"ti", std::int64_t{1} << 40},
    {"tib", std::int64_t{1} << 40},
};

std::optional<std::int64_t> size_of(std::string_view word, std::span<const Spelling> spellings) {
  for (const Spelling& each : spellings)
    if (each.word == word) return each.size;
  return std::nullopt;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A number as digits × 10^-places, with thousands and scale separators (1_000) left out.
struct Number {
  Wide digits = 0;
  Wide scale = 1;
  bool whole() const { return digits % scale == 0; }
};

// Takes it off the front of `text`.
std::optional<Number> take_number(std::string_view& text) {
  constexpr std::size_t kMostDigits = 18;
  Number out;
  std::size_t i = 0, count = 0;
  bool fraction = false;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '_' && count > 0 && !fraction) continue;
    if (c == '.' && count > 0 && !fraction) {
      fraction = true;
      continue;
    }
    if (!is_digit(c)) break;
    if (++count > kMostDigits) return std::nullopt;
    out.digits = out.digits * 10 + (c - '0');
    if (fraction) out.scale *= 10;
  }
  if (count == 0 || text[i - 1] == '.') return std::nullopt;
  text.remove_prefix(i);
  return out;
}

// number × size, if that is whole and not too large.
std::optional<std::int64_t> times(const Number& number, std::int64_t size) {
  const Wide product = number.digits * size;
  if (product % number.scale != 0) return std::nullopt;
  const Wide value = product / number.scale;
  if (value > kLargestNumber) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

std::string written(const Number& number) {
  std::string whole = std::to_string(static_cast<std::int64_t>(number.digits / number.scale));
  std::string decimals;
  for (Wide scale = number.scale / 10, rest = number.digits % number.scale; scale > 0;
       scale /= 10) {
    decimals += static_cast<char>('0' + static_cast<int>(rest / scale));
    rest %= scale;
  }
  while (!decimals.empty() && decimals.back() == '0') decimals.pop_back();
  return decimals.empty() ? whole : whole + "." + decimals;
}

std::string bare(std::string_view text) {
  std::string out = lower_case(text);
  std::erase(out, ' ');
  return out;
}

// Collects those that can be taken.
class Choices {
 public:
  using Read = Result<std::int64_t> (*)(std::string_view);
  using Print = std::string (*)(std::int64_t);
  Choices(Read read, Print print, Bounds bounds) : read_(read), print_(print), bounds_(bounds) {}

  void add(const std::string& text) {
    const Result<std::int64_t> value = read_(text);
    if (!value || *value < bounds_.min || *value > bounds_.max) return;
    if (std::ranges::find(values_, *value) != values_.end()) return;
    values_.push_back(*value);
    // In the largest unit, where that is shorter: 30s (30000ms).
    const std::string shortest = print_(*value);
    const bool shorter = shortest.size() < text.size() && *value != 0;
    texts_.push_back(*value == 0 ? shortest : shorter ? shortest + " (" + text + ")" : text);
  }
  void add(std::optional<std::int64_t> value) {
    if (value) add(print_(*value));
  }
  bool empty() const { return texts_.empty(); }
  std::vector<std::string> take() { return std::move(texts_); }

 private:
  Read read_;
  Print print_;
  Bounds bounds_;
  std::vector<std::int64_t> values_;
  std::vector<std::string> texts_;
};

std::string print_integer(std::int64_t value) { return std::to_string(value); }

// 1h30m, as Go writes it.
std::optional<std::int64_t> sum_of_times(std::string_view text) {
  std::int64_t sum = 0;
  while (!text.empty()) {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    const std::size_t end = std::min(text.find_first_of("0123456789"), text.size());
    const auto size = size_of(text.substr(0, end), kTimes);
    const auto part = size ? times(*number, *size) : std::nullopt;
    if (!part || *part > kLargestNumber - sum) return std::nullopt;
    sum += *part;
    text.remove_prefix(end);
  }
  return sum;
}

// 100r/s, 100rps, 5 per minute, 5/10s: how many, and in which time.
struct Pace {
  Number tokens;
  std::int64_t per;
};
std::optional<Pace> pace_of(std::string_view text) {
  const auto tokens = take_number(text);
  if (!tokens) return std::nullopt;
  for (const std::string_view noun : {"requests", "request", "reqs", "req", "r", "q"}) {
    if (!text.starts_with(noun)) continue;
    text.remove_prefix(noun.size());
    break;
  }
  for (const std::string_view word : {"/", "per", "p"}) {
    if (!text.starts_with(word)) continue;
    text.remove_prefix(word.size());
    const bool counted = !text.empty() && is_digit(text.front());
    const auto size = counted ? sum_of_times(text) : size_of(text, kTimes);
    if (!size || *size == 0) return std::nullopt;
    return Pace{*tokens, *size};
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> integer_choices(std::string_view text, Bounds bounds) {
  Choices choices(parse_integer, print_integer, bounds);
  std::string plain = bare(text);
  // Thousands, as 1,000,000: groups of three.
  for (std::size_t comma = plain.rfind(','); comma != std::string::npos && comma > 0;
       comma = plain.rfind(',')) {
    if (plain.size() < comma + 4 || (plain.size() - comma - 1) % 3 != 0) return {};
    plain.erase(comma, 1);
  }
  std::string_view rest = plain;
  const auto number = take_number(rest);
  if (!number) return {};
  if (rest.empty()) choices.add(times(*number, 1));
  if (rest == "k") choices.add(times(*number, 1'000));
  return choices.take();
}

std::vector<std::string> duration_choices(std::string_view text, Bounds bounds) {
  Choices choices(parse_duration, print_duration, bounds);
  const std::string plain = bare(text);
  std::string_view rest = plain;
  const auto number = take_number(rest);
  if (!number) return {};
  if (!rest.empty()) {
    choices.add(sum_of_times(plain));
    return choices.take();
  }
  const std::string count = written(*number);
  for (const std::string_view unit : {"ms", "s"}) choices.add(count + std::string(unit));
  for (const std::string_view unit : {"m", "h", "d"})
    if (choices.empty()) choices.add(count + std::string(unit));
  return choices.take();
}

std::vector<std::string> bytes_choices(std::string_view text, Bounds bounds) {
  Choices choices(parse_bytes, print_bytes, bounds);
  const std::string plain = bare(text);
  std::string_view rest = plain;
  const auto number = take_number(rest);
  if (!number) return {};
  if (!rest.empty()) {
    const auto size = size_of(rest, kSizes);
    if (size) choices.add(times(*number, *size));
    return choices.take();
  }
  // So large a number is one of bytes.
  const bool large = number->digits >= 1024 * number->scale;
  const std::string count = written(*number);
  for (const Unit& unit : kByteUnits)
    if (choices.empty() || (!large && unit.size <= (1 << 20)))
      choices.add(count + std::string(unit.name));
  return choices.take();
}

std::vector<std::string> percent_choices(std::string_view text, Bounds bounds) {
  Choices choices(parse_percent, print_percent, bounds);
  const std::string plain = bare(text);
  std::string_view rest = plain;
  const auto number = take_number(rest);
  if (!number || (!rest.empty() && rest != "%" && rest != "percent" && rest != "pct")) return {};
  // A share of one: 0.05 for 5%.
  const bool share = rest.empty() && number->digits <= number->scale;
  const Number hundredfold{number->digits * 100, number->scale};
  if (share && !number->whole()) choices.add(written(hundredfold) + "%");
  choices.add(written(*number) + "%");
  if (share && number->whole()) choices.add(written(hundredfold) + "%");
  return choices.take();
}

std::vector<std::string> rate_choices(std::string_view text) {
  const std::string plain = bare(text);
  std::string_view rest = plain;
  const auto number = take_number(rest);
  if (!number || number->digits == 0) return {};
  if (rest.empty()) {
    if (!number->whole()) return rate_choices(plain + "/s");
    const std::string count = written(*number);
    if (!parse_rate(count + "/s")) return {};
    return {count + "/s", count + "/m", count + "/h", count + "/d"};
  }
  const auto pace = pace_of(plain);
  if (!pace) return {};
  // In the shortest unit in which it is whole.
  for (const Unit& unit : kRateUnits) {
    const Wide over = pace->tokens.scale * pace->per;
    const Wide tokens = pace->tokens.digits * unit.size;
    if (tokens % over != 0 || tokens / over > kMaxTokens) continue;
    return {std::to_string(static_cast<std::int64_t>(tokens / over)) + "/" +
            std::string(unit.name)};
  }
  return {};
}

}  // namespace weir
