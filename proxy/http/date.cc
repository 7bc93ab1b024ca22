#include "proxy/http/date.h"

#include "proxy/http/characters.h"

namespace weir {

namespace {

constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";

void put(DateText& text, std::size_t at, std::string_view part) {
  for (const char c : part) text[at++] = c;
}

void put_number(DateText& text, std::size_t at, unsigned number, std::size_t digits) {
  for (std::size_t i = digits; i-- > 0; number /= 10) {
    text[at + i] = static_cast<char>('0' + number % 10);
  }
}

std::optional<unsigned> get_number(std::string_view text) {
  unsigned number = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  return number;
}

}  // namespace

DateText format_date(std::chrono::sys_seconds time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  DateText text;
  put(text, 0, "Sun, 00 Jan 0000 00:00:00 GMT");
  put(text, 0, kDays.substr(std::chrono::weekday{day}.c_encoding() * 3, 3));
  put_number(text, 5, static_cast<unsigned>(date.day()), 2);
  put(text, 8, kMonths.substr((static_cast<unsigned>(date.month()) - 1) * 3, 3));
  put_number(text, 12, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  put_number(text, 17, static_cast<unsigned>(clock.hours().count()), 2);
  put_number(text, 20, static_cast<unsigned>(clock.minutes().count()), 2);
  put_number(text, 23, static_cast<unsigned>(clock.seconds().count()), 2);
  return text;
}

namespace {

// hour ":" minute ":" second
std::optional<std::chrono::seconds> parse_clock(std::string_view text) {
  if (text.size() != 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
  const auto hour = get_number(text.substr(0, 2));
  const auto minute = get_number(text.substr(3, 2));
  const auto second = get_number(text.substr(6, 2));
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  return std::chrono::hours{*hour} + std::chrono::minutes{*minute} + std::chrono::seconds{*second};
}

std::optional<std::chrono::sys_seconds> make_date(std::optional<unsigned> year,
                                                  std::string_view month_name,
                                                  std::optional<unsigned> day,
                                                  std::string_view clock) {
  const std::size_t month = month_name.size() == 3 ? kMonths.find(month_name) : kMonths.npos;
  const auto time = parse_clock(clock);
  if (month == kMonths.npos || month % 3 != 0 || !year || !day || !time) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)},
                                         std::chrono::month{static_cast<unsigned>(month / 3 + 1)},
                                         std::chrono::day{*day}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days{date} + *time;
}

// A year of two digits that seems to be more than 50 years ahead is in the past.
unsigned full_year(unsigned two_digits, std::chrono::sys_seconds now) {
  const std::chrono::year_month_day today{std::chrono::floor<std::chrono::days>(now)};
  const auto this_year = static_cast<unsigned>(static_cast<int>(today.year()));
  const unsigned year = this_year / 100 * 100 + two_digits;
  return year > this_year + 50 ? year - 100 : year;
}

}  // namespace

std::optional<std::chrono::sys_seconds> parse_date(std::string_view text,
                                                   std::chrono::sys_seconds now) {
  // Sun Nov  6 08:49:37 1994
  if (text.size() == 24 && text[3] == ' ' && text[7] == ' ' && text[10] == ' ' && text[19] == ' ') {
    const std::string_view day = text.substr(text[8] == ' ' ? 9 : 8, text[8] == ' ' ? 1 : 2);
    return make_date(get_number(text.substr(20)), text.substr(4, 3), get_number(day),
                     text.substr(11, 8));
  }
  if (!text.ends_with(" GMT")) return std::nullopt;
  const std::size_t comma = text.find(", ");
  if (comma == std::string_view::npos) return std::nullopt;
  const std::string_view rest = text.substr(comma + 2, text.size() - comma - 2 - 4);
  // 06 Nov 1994 08:49:37
  if (comma == 3 && rest.size() == 20 && rest[2] == ' ' && rest[6] == ' ' && rest[11] == ' ') {
    return make_date(get_number(rest.substr(7, 4)), rest.substr(3, 3),
                     get_number(rest.substr(0, 2)), rest.substr(12));
  }
  // 06-Nov-94 08:49:37, behind the day's whole name
  if (comma > 3 && rest.size() == 18 && rest[2] == '-' && rest[6] == '-' && rest[9] == ' ') {
    const auto year = get_number(rest.substr(7, 2));
    if (!year) return std::nullopt;
    return make_date(full_year(*year, now), rest.substr(3, 3), get_number(rest.substr(0, 2)),
                     rest.substr(10));
  }
  return std::nullopt;
}

std::string_view CachedDate::at(std::chrono::system_clock::time_point now) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  if (second != second_ || text_[0] == '\0') {
    second_ = second;
    text_ = format_date(second);
  }
  return {text_.data(), text_.size()};
}

}  // namespace weir
