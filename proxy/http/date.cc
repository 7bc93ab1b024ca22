#include "proxy/http/date.h"

#include <algorithm>

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

struct DateParts {
  std::string_view day, month, year, clock;
};

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

std::optional<std::chrono::sys_seconds> make_date(std::chrono::year year, const DateParts& parts) {
  const std::size_t month = kMonths.find(parts.month);
  const auto day = get_number(parts.day);
  const auto time = parse_clock(parts.clock);
  if (month == std::string_view::npos || month % 3 != 0 || !day || !time) return std::nullopt;
  const std::chrono::year_month_day date{
      year, std::chrono::month{static_cast<unsigned>(month / 3 + 1)}, std::chrono::day{*day}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days{date} + *time;
}

std::optional<std::chrono::sys_seconds> with_full_year(const DateParts& parts) {
  const auto year = get_number(parts.year);
  return year ? make_date(std::chrono::year{static_cast<int>(*year)}, parts) : std::nullopt;
}

// Of a year with two digits: the latest that is not more than 50 years ahead (RFC 9110 §5.6.7).
std::optional<std::chrono::sys_seconds> with_short_year(const DateParts& parts,
                                                        std::chrono::sys_seconds now) {
  const auto digits = get_number(parts.year);
  if (!digits) return std::nullopt;
  const auto today = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date{today};
  std::chrono::year_month_day latest = date + std::chrono::years{50};
  if (!latest.ok()) latest = latest.year() / latest.month() / std::chrono::last;  // 29 February
  const auto bound = std::chrono::sys_days{latest} + (now - today);
  const int century = static_cast<int>(latest.year()) / 100 * 100;
  for (const int first : {century, century - 100}) {
    const auto time = make_date(std::chrono::year{first + static_cast<int>(*digits)}, parts);
    if (time && *time <= bound) return time;
  }
  return std::nullopt;
}

// Whether `text` looks like `form`, in which "-" and other marks stand for themselves and letters
// for anything.
bool has_form(std::string_view text, std::string_view form) {
  if (text.size() != form.size()) return false;
  for (std::size_t i = 0; i < form.size(); ++i) {
    const bool any = form[i] >= 'a' && form[i] <= 'z';
    if (!any && text[i] != form[i]) return false;
  }
  return true;
}

}  // namespace

std::optional<std::chrono::sys_seconds> parse_date(std::string_view text,
                                                   std::chrono::sys_seconds now) {
  // Sun, 06 Nov 1994 08:49:37 GMT
  if (has_form(text, "day, dd mon year hh:mm:ss GMT")) {
    return with_full_year(
        {text.substr(5, 2), text.substr(8, 3), text.substr(12, 4), text.substr(17, 8)});
  }
  // Sun Nov  6 08:49:37 1994
  if (has_form(text, "day mon dd hh:mm:ss year")) {
    const std::size_t digits = text[8] == ' ' ? 1 : 2;
    return with_full_year(
        {text.substr(10 - digits, digits), text.substr(4, 3), text.substr(20), text.substr(11, 8)});
  }
  // Sunday, 06-Nov-94 08:49:37 GMT
  const std::size_t comma = std::min(text.find(','), text.size());
  text.remove_prefix(comma);
  if (comma < 6 || !has_form(text, ", dd-mon-yy hh:mm:ss GMT")) return std::nullopt;
  return with_short_year(
      {text.substr(2, 2), text.substr(5, 3), text.substr(9, 2), text.substr(12, 8)}, now);
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
