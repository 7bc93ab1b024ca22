// What the semantics of HTTP say of a request's method (RFC 9110 §9.2).
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace weir {

// Whether sending the request twice has the effect of sending it once (RFC 9110 §9.2.2). Methods
// are case-sensitive.
inline bool is_idempotent(std::string_view method) {
  static constexpr std::array<std::string_view, 6> kMethods = {"GET",    "HEAD",    "PUT",
                                                               "DELETE", "OPTIONS", "TRACE"};
  return std::ranges::find(kMethods, method) != kMethods.end();
}

}  // namespace weir
