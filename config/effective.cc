#include "config/effective.h"

#include <algorithm>
#include <cctype>

#include "config/check.h"
#include "config/filter_build.h"
#include "config/secret.h"
#include "config/units.h"

namespace weir {
namespace {

enum class Format : std::uint8_t { yaml, json };

// Whether YAML takes it for this very text without quotes, inside braces too.
bool plain(std::string_view text) {
  if (text.empty() || reads_as_number(text) || reads_as_boolean(text)) return false;
  constexpr std::size_t kLongestWord = 4;
  if (text.size() <= kLongestWord)
    for (const std::string_view word : {"null", "yes", "no", "on", "off", "y", "n"})
      if (lower_case(text) == word) return false;
  const auto first = static_cast<unsigned char>(text.front());
  if (std::isalnum(first) == 0 && first != '/' && first != '_') return false;
  if (text.back() == ' ') return false;
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("_./%+*- ").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

class Printer {
 public:
  Printer(const Value& file, Format format) : file_(file), format_(format) {
    secret_tenants_ = file.get("tenant").get("secret").number != 0;
  }

  std::string json() {
    value(file_, false);
    return std::move(out_);
  }

  // Its sections as blocks, what is in them in one line each.
  std::string yaml() {
    for (const KeySpec& key : file_.spec->all_keys())
      if (const Value* section = file_.find(key.name)) block(key, *section);
    return std::move(out_);
  }

 private:
  void block(const KeySpec& key, const Value& section) {
    out_ += std::string(key.name) + ":";
    if (section.spec->type == Type::map) {
      for (const KeySpec& inner : section.spec->all_keys())
        if (const Value* item = section.find(inner.name)) {
          out_ += "\n  " + std::string(inner.name) + ": ";
          value(*item, inner.secret);
        }
    } else if (section.spec->type == Type::names && !section.items.empty()) {
      for (const Value& item : section.items) {
        out_ += "\n  ";
        string(name_of(section, item));
        out_ += ": ";
        value(item, key.secret);
      }
    } else if (section.spec->type == Type::list && !section.items.empty()) {
      for (const Value& item : section.items) {
        out_ += "\n  - ";
        value(item, key.secret);
      }
    } else {
      out_ += " ";
      value(section, key.secret);
    }
    out_ += "\n";
  }

  void value(const Value& v, bool secret) {
    switch (v.spec->type) {
      case Type::map: return v.kind != nullptr ? filter(v) : map(v);
      case Type::filter: return filter(v);
      case Type::names: return names(v, secret);
      case Type::list: return list(v, secret);
      default: return scalar(v, secret);
    }
  }

  void map(const Value& v) {
    bool first = open('{');
    const bool sparse = v.spec == file_.get("tenants").spec->item;  // there may be very many
    for (const KeySpec& key : v.spec->all_keys()) {
      const Value* item = sparse ? v.own(key.name) : v.find(key.name);
      if (item != nullptr) {
        name(key.name, first);
        value(*item, key.secret);
      } else if (key.name == "burst" && v.has("rate")) {
        name(key.name, first);
        out_ += std::to_string(quota_of(v, "")->burst);
      }
    }
    out_ += '}';
  }

  void names(const Value& v, bool secret) {
    bool first = open('{');
    for (const Value& item : v.items) {
      name(name_of(v, item), first);
      value(item, secret);
    }
    out_ += '}';
  }

  void list(const Value& v, bool secret) {
    if (v.names_chain()) return string(v.text);
    open('[');
    bool first = true;
    for (const Value& item : v.items) {
      separate(first);
      value(item, secret);
    }
    out_ += ']';
  }

  void filter(const Value& v) {
    bool first = open('{');
    name(v.kind != nullptr ? v.kind->name : "shared", first);
    if (v.kind != nullptr)
      map(v);
    else
      string(v.text);
    out_ += '}';
  }

  void scalar(const Value& v, bool secret) {
    if (secret && v.variable) return string("(hidden)");
    switch (v.spec->type) {
      case Type::boolean: out_ += v.number != 0 ? "true" : "false"; return;
      case Type::integer:
        if (v.number == 0 && v.text == v.spec->or_word) return string(v.text);
        out_ += std::to_string(v.number);
        return;
      case Type::bytes: return string(print_bytes(v.number));
      case Type::duration: return string(print_duration(v.number));
      case Type::percent: return string(print_percent(v.number));
      case Type::rate: return string(print_rate({v.number, v.per}));
      case Type::condition:
        if (v.number == 0) return string(v.text);
        out_ += std::to_string(v.number);
        return;
      default: return string(v.text);
    }
  }

  std::string name_of(const Value& map, const Value& item) const {
    const bool tenant = map.spec == file_.get("tenants").spec;
    return tenant ? shown_tenant(item.name, secret_tenants_) : item.name;
  }

  bool open(char bracket) {
    out_ += bracket;
    return true;
  }

  void separate(bool& first) {
    if (!first) out_ += format_ == Format::yaml ? ", " : ",";
    first = false;
  }

  void name(std::string_view key, bool& first) {
    separate(first);
    string(key);
    out_ += format_ == Format::yaml ? ": " : ":";
  }

  void string(std::string_view text) {
    if (format_ == Format::yaml && plain(text)) {
      out_ += text;
      return;
    }
    out_ += '"';
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto c = static_cast<unsigned char>(text[i]);
      if (c == '"' || c == '\\') out_ += '\\';
      if (format_ == Format::yaml && text.substr(i).starts_with("${")) out_ += '$';
      if (c >= 0x20 && c != 0x7f) {
        out_ += static_cast<char>(c);
        continue;
      }
      constexpr std::string_view kDigits = "0123456789abcdef";
      out_ += "\\u00";
      out_ += kDigits[c >> 4];
      out_ += kDigits[c & 15];
    }
    out_ += '"';
  }

  const Value& file_;
  Format format_;
  bool secret_tenants_ = false;
  std::string out_;
};

}  // namespace

std::string effective_yaml(const Value& file) { return Printer(file, Format::yaml).yaml(); }
std::string effective_json(const Value& file) { return Printer(file, Format::json).json(); }

}  // namespace weir
