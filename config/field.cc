#include "config/field.h"

#include <array>
#include <utility>

#include "config/report.h"
#include "config/suggest.h"
#include "config/text_rule.h"
#include "config/units.h"

namespace weir {
namespace {

using R = Result<Field>;

struct Word {
  std::string_view name;
  Field::Kind kind;
  std::string_view argument;  // what follows it, as an example; empty: nothing
};

constexpr std::array<Word, 8> kWords = {{
    {"tenant", Field::Kind::tenant, ""},
    {"client_ip", Field::Kind::client_ip, ""},
    {"header", Field::Kind::header, "x-tenant"},
    {"path_segment", Field::Kind::path_segment, "1"},
    {"query", Field::Kind::query, "tenant"},
    {"cookie", Field::Kind::cookie, "session"},
    {"method", Field::Kind::method, ""},
    {"route", Field::Kind::route, ""},
}};

constexpr std::int64_t kMostSegments = 32;

std::string example(const Word& word) {
  return std::string(word.name) + (word.argument.empty() ? "" : " " + std::string(word.argument));
}

R unknown_word(std::string_view text, std::string_view name) {
  std::vector<std::string_view> names, shown;
  std::vector<std::string> texts;
  for (const Word& word : kWords) {
    names.push_back(word.name);
    texts.push_back(example(word));
  }
  for (const std::string& t : texts) shown.push_back(t);
  return R::failed("found " + quoted(text) + ", expected " + either(shown) +
                   did_you_mean(name, names));
}

R with_argument(const Word& word, std::string_view text, std::string_view argument) {
  Field out;
  out.kind = word.kind;
  if (word.argument.empty())
    return argument.empty()
               ? R::ok(out)
               : R::failed("found " + quoted(text) + ": nothing follows " + std::string(word.name));
  if (argument.empty())
    return R::failed("found " + quoted(text) + ", expected a name after it, such as " +
                     example(word));
  if (word.kind == Field::Kind::path_segment) {
    const Result<std::int64_t> index = parse_integer(argument);
    if (!index || *index < 1 || *index > kMostSegments)
      return R::failed("found " + quoted(text) + ": segments are counted from 1 to " +
                       std::to_string(kMostSegments));
    out.index = static_cast<std::uint32_t>(*index);
    return R::ok(out);
  }
  const TextRule& rule = word.kind == Field::Kind::query ? kQueryName : kToken;
  if (!rule.holds(argument))
    return R::failed("found " + quoted(text) + ", expected one name after " +
                     std::string(word.name) + ", such as " + example(word));
  out.name = word.kind == Field::Kind::header ? lower_case(argument) : std::string(argument);
  return R::ok(std::move(out));
}

}  // namespace

Result<Field> parse_field(std::string_view text) {
  const std::size_t space = text.find(' ');
  const std::string_view name = text.substr(0, space);
  const std::string_view argument =
      space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
  for (const Word& word : kWords)
    if (word.name == name) return with_argument(word, text, argument);
  return unknown_word(text, name);
}

std::string to_string(const Field& field) {
  for (const Word& word : kWords) {
    if (word.kind != field.kind) continue;
    if (word.argument.empty()) return std::string(word.name);
    return std::string(word.name) + " " +
           (field.kind == Field::Kind::path_segment ? std::to_string(field.index) : field.name);
  }
  return {};
}

}  // namespace weir
