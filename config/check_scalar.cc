#include <algorithm>
#include <cctype>

#include "config/check.h"
#include "config/endpoint_choices.h"
#include "config/enum_values.h"
#include "config/field.h"
#include "config/field_choices.h"
#include "config/foreign_words.h"
#include "config/suggest.h"
#include "config/unit_choices.h"
#include "config/units.h"

namespace weir {
namespace {

std::string print(std::int64_t number, Type type) {
  switch (type) {
    case Type::duration: return print_duration(number);
    case Type::bytes: return print_bytes(number);
    case Type::percent: return print_percent(number);
    default: return std::to_string(number);
  }
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::string or_word(const Spec& spec) {
  return spec.or_word.empty() ? std::string() : ", or " + std::string(spec.or_word);
}

// What is wrong, or nothing.
using Complaint = std::optional<std::string>;

class ScalarCheck {
 public:
  ScalarCheck(const YamlNode& node, const Spec& spec, Value& out, std::string_view zero)
      : node_(node), spec_(spec), out_(out), zero_(zero) {}

  Complaint run() {
    out_.text = node_.text;
    switch (spec_.type) {
      case Type::boolean: return boolean();
      case Type::integer: return integer();
      case Type::bytes: return number(parse_bytes(node_.text), bytes_choices);
      case Type::duration: return number(parse_duration(node_.text), duration_choices);
      case Type::percent: return number(parse_percent(node_.text), percent_choices);
      case Type::rate: return rate();
      case Type::word: return word();
      case Type::text: return text();
      case Type::endpoint: return endpoint();
      case Type::field: return field();
      case Type::condition: return condition();
      case Type::cidr: return parsed(parse_cidr(node_.text));
      default: return "cannot be a scalar";
    }
  }

 private:
  template <typename T>
  static Complaint parsed(const Result<T>& result) {
    if (result) return std::nullopt;
    return result.error;
  }

  // Quoted in the file, so text; what came out of a variable may be anything.
  bool is_text() const { return node_.quoted && !node_.variable; }

  // What is wrong and, where anything comes to mind, what to write instead.
  static std::string with_choices(std::string wrong, const std::vector<std::string>& choices) {
    if (choices.empty()) return wrong;
    return std::move(wrong) + ": write " + either({choices.begin(), choices.end()});
  }

  Complaint boolean() {
    if (!is_text() && (node_.text == "true" || node_.text == "false")) {
      out_.number = node_.text == "true" ? 1 : 0;
      return std::nullopt;
    }
    const std::string said = lower_case(node_.text);
    std::vector<std::string> meant;
    if (said == "yes" || said == "on" || said == "true" || said == "1") meant = {"true"};
    if (said == "no" || said == "off" || said == "false" || said == "0") meant = {"false"};
    return with_choices("found " + quoted(node_.text) + (is_text() ? " in quotes" : "") +
                            ", expected true or false",
                        meant);
  }

  Complaint integer() {
    if (!spec_.or_word.empty() && node_.text == spec_.or_word) return std::nullopt;
    const Result<std::int64_t> result = parse_integer(node_.text);
    const Complaint wrong = number(result, integer_choices);
    if (!wrong && is_text())
      return "found " + quoted(node_.text) + " in quotes, expected a number: write it without them";
    return wrong;
  }

  using ChoicesOf = std::vector<std::string> (*)(std::string_view text, Bounds bounds);

  Complaint number(Result<std::int64_t> result, ChoicesOf choices) {
    const Bounds bounds{spec_.min, spec_.max};
    // A bare 0 means none, whatever the unit: see what that is for this key.
    if (!result && is_zero(node_.text) && spec_.min > 0) result = Result<std::int64_t>::ok(0);
    if (!result) return with_choices(result.error, choices(node_.text, bounds));
    out_.number = *result;
    if (*result >= 0 && *result < spec_.min && (*result == 0 || !zero_.empty()))
      return node_.text + " is not allowed here: " + (zero_.empty() ? range() : std::string(zero_));
    if (*result < spec_.min)
      return node_.text + " is below the least allowed, " + print(spec_.min, spec_.type);
    if (*result > spec_.max)
      return node_.text + " is above the greatest allowed, " + print(spec_.max, spec_.type);
    return std::nullopt;
  }

  static bool is_zero(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0.") == std::string_view::npos &&
           text.find('0') != std::string_view::npos;
  }

  std::string range() const {
    return "it takes " + print(spec_.min, spec_.type) + " to " + print(spec_.max, spec_.type) +
           or_word(spec_);
  }

  Complaint rate() {
    const Result<Rate> result = parse_rate(node_.text);
    if (!result && !is_zero(node_.text))
      return with_choices(result.error, rate_choices(node_.text));
    out_.number = result ? result->tokens : 0;
    out_.per = result ? result->per : 0;
    if (out_.number == 0) return node_.text + " is not allowed here: " + std::string(zero_);
    return std::nullopt;
  }

  Complaint word() {
    const std::vector<std::string_view> words(spec_.words.begin(), spec_.words.end());
    if (std::find(words.begin(), words.end(), node_.text) != words.end()) return std::nullopt;
    return "found " + quoted(node_.text) + ", expected " + either(words) +
           did_you_mean(node_.text, words);
  }

  Complaint text() {
    const bool plain = !node_.quoted && !node_.variable;
    const bool holds = spec_.rule->holds(node_.text);
    if (plain && holds && reads_as_number(node_.text))
      return "found the number " + node_.text + ", expected text: write it in quotes, \"" +
             node_.text + "\"";
    if (plain && holds && reads_as_boolean(node_.text))
      return "found " + node_.text +
             ", which YAML reads as a boolean, expected text: write it in "
             "quotes";
    if (holds) return std::nullopt;
    if (node_.text.size() > spec_.rule->longest)
      return "found " + std::to_string(node_.text.size()) + " bytes, at most " +
             std::to_string(spec_.rule->longest) + " are allowed";
    return with_choices(
        "found " + quoted(node_.text) + ", expected " + std::string(spec_.rule->expected),
        text_choices());
  }

  // get: GET; api: /api; example.com:80: example.com
  std::vector<std::string> text_choices() const {
    std::string meant = node_.text;
    if (spec_.rule == &kMethod) {
      for (char& c : meant) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    } else if (spec_.rule == &kUrlPath) {
      meant.insert(0, "/");
    } else if (spec_.rule == &kHostPattern) {
      meant.resize(std::min(meant.rfind(':'), meant.size()));
    }
    if (!spec_.rule->holds(meant)) return {};
    return {meant};
  }

  Complaint endpoint() {
    const Result<Endpoint> result = parse_endpoint(node_.text, spec_.use);
    if (result) return std::nullopt;
    return with_choices(result.error, endpoint_choices(node_.text, spec_.use));
  }

  Complaint field() {
    const Result<Field> result = parse_field(node_.text);
    if (!result) return with_choices(result.error, field_choices(node_.text));
    out_.text = to_string(*result);
    return std::nullopt;
  }

  static std::string condition_advice(std::string_view text) {
    if (const ForeignWord* row = find_foreign_word("retry_on", text)) return ": " + advice(*row);
    return did_you_mean(text, {kConditionWords.begin(), kConditionWords.end()});
  }

  Complaint condition() {
    if (std::find(kConditionWords.begin(), kConditionWords.end(), node_.text) !=
        kConditionWords.end())
      return std::nullopt;
    if (!is_text() && all_digits(node_.text)) {
      const Result<std::int64_t> status = parse_integer(node_.text);
      if (status && *status >= kLeastStatus && *status <= kGreatestStatus) {
        out_.number = *status;
        return std::nullopt;
      }
    }
    return "found " + quoted(node_.text) +
           ", expected connect_failure, reset, timeout or a status "
           "from " +
           std::to_string(kLeastStatus) + " to " + std::to_string(kGreatestStatus) +
           condition_advice(node_.text);
  }

  const YamlNode& node_;
  const Spec& spec_;
  Value& out_;
  std::string_view zero_;
};

std::string expected_list(const Spec& spec) {
  if (spec.named != nullptr) return "a list of filters, or the name of a chain";
  if (spec.item->type == Type::filter) return "a list of filters";
  const std::string item = expected(*spec.item);
  return spec.single ? item + ", or a list of such" : "a list, each item " + item;
}

std::string expected_map(const Spec& spec) {
  std::vector<std::string_view> names;
  for (const KeySpec& key : spec.all_keys()) names.push_back(key.name);
  std::string out = "a map of " + either(names);
  if (!spec.shorthand.empty()) out = expected(find_key(spec, spec.shorthand)->spec) + ", or " + out;
  return out;
}

}  // namespace

bool check_scalar(const YamlNode& node, const Spec& spec, const Path& path, Report& report,
                  Value& out, std::string_view zero_advice) {
  Complaint wrong;
  if (node.kind == YamlNode::Kind::null)
    wrong = "has no value: expected " + expected(spec);
  else if (node.kind != YamlNode::Kind::scalar)
    wrong = std::string("found ") + (node.kind == YamlNode::Kind::list ? "a list" : "a map") +
            ", expected " + expected(spec);
  else
    wrong = ScalarCheck(node, spec, out, zero_advice).run();
  if (wrong) report.error(node.at, path, *wrong);
  return !wrong;
}

std::string expected(const Spec& spec) {
  switch (spec.type) {
    case Type::boolean: return "true or false";
    case Type::integer: return "a whole number" + or_word(spec);
    case Type::bytes: return "a size such as 512B, 32KiB, 1MiB or 1GiB";
    case Type::duration: return "a duration such as 500ms, 5s, 1m or 1h";
    case Type::rate: return "a rate such as 100/s, 30/m, 500/h or 10000/d";
    case Type::percent: return "a percentage such as 20%";
    case Type::word: return either({spec.words.begin(), spec.words.end()});
    case Type::text: return std::string(spec.rule->expected);
    case Type::endpoint:
      return spec.use == EndpointUse::connect ? "an address such as 127.0.0.1:3000"
                                              : "an address such as 127.0.0.1:8080";
    case Type::field: return "a part of the request such as client_ip or header x-tenant";
    case Type::condition: return "connect_failure, reset, timeout or a status";
    case Type::cidr: return "an address range such as 10.0.0.0/8";
    case Type::map: return expected_map(spec);
    case Type::names: return "a map of names";
    case Type::list: return expected_list(spec);
    case Type::filter: return "a filter";
  }
  return {};
}

bool reads_as_boolean(std::string_view text) {
  for (const std::string_view word : {"true", "True", "TRUE", "false", "False", "FALSE"})
    if (text == word) return true;
  return false;
}

bool reads_as_number(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text.starts_with("0x") || text.starts_with("0o")) {
    text.remove_prefix(2);
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                        [](unsigned char c) { return std::isxdigit(c) != 0; });
  }
  std::size_t digits = 0, dots = 0, i = 0;
  for (; i < text.size() &&
         (std::isdigit(static_cast<unsigned char>(text[i])) != 0 || text[i] == '.');
       ++i)
    ++(text[i] == '.' ? dots : digits);
  if (digits == 0 || dots > 1) return false;
  text.remove_prefix(i);
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  text.remove_prefix(1);
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return all_digits(text);
}

}  // namespace weir
