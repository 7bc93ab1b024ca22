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

std::optional<std::chrono::sys_seconds> parse_date(std::string_view text) {
  if (text.size() != 29 || !text.ends_with(" GMT")) return std::nullopt;
  const std::size_t month = kMonths.find(text.substr(8, 3));
  const auto day = get_number(text.substr(5, 2));
  const auto year = get_number(text.substr(12, 4));
  const auto hour = get_number(text.substr(17, 2));
  const auto minute = get_number(text.substr(20, 2));
  const auto second = get_number(text.substr(23, 2));
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  if (!day || !year || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)},
                                         std::chrono::month{static_cast<unsigned>(month / 3 + 1)},
                                         std::chrono::day{*day}};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return std::chrono::sys_days{date} + std::chrono::hours{*hour} + std::chrono::minutes{*minute} +
         std::chrono::seconds{*second};
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
