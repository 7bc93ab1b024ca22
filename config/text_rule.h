// What texts of the configuration may look like: each rule once as code, for the parser, and once
// as a regular expression, for the JSON Schema. A test holds the two together.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weir {

struct TextRule {
  bool (*accepts)(std::string_view text);
  std::string_view pattern;   // ECMA 262, anchored
  std::string_view expected;  // "expected …"
  std::size_t longest = 256;  // bytes

  bool holds(std::string_view text) const {
    return !text.empty() && text.size() <= longest && accepts(text);
  }
};

extern const TextRule kName;        // of a filter, chain, route, deployment
extern const TextRule kTenantName;  // anything visible
extern const TextRule kToken;       // RFC 9110 token: header and cookie names
extern const TextRule kMethod;      // a token in upper case
extern const TextRule kQueryName;
extern const TextRule kHeaderValue;
extern const TextRule kUrlPath;      // decoded and normalised
extern const TextRule kHostPattern;  // example.com, *.example.com
extern const TextRule kHostHeader;   // preserve, or a host with or without a port
extern const TextRule kLogTarget;    // none, stdout, or a whole path

std::string lower_case(std::string_view text);

}  // namespace weir
