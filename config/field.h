// The words that name a part of a request: in `tenant.from` and in a filter's `key:`.
//
//   tenant · client_ip · header N · path_segment N · query N · cookie N · method · route
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/result.h"

namespace weir {

struct Field {
  enum class Kind : std::uint8_t {
    tenant,        // not in tenant.from
    client_ip,     // IPv6 by /64
    header,        // name, lower case
    path_segment,  // index, from 1
    query,         // name
    cookie,        // name
    method,
    route,
  };
  Kind kind = Kind::tenant;
  std::string name;
  std::uint32_t index = 0;
  bool operator==(const Field&) const = default;
};

// What a filter's `key:` lists. The data plane hashes the values, each with its length, with the
// snapshot's secret.
using Key = std::vector<Field>;
inline bool is_tenant_alone(const Key& key) {
  return key.size() == 1 && key.front().kind == Field::Kind::tenant;
}

// The words above; the error says what is allowed.
Result<Field> parse_field(std::string_view text);
std::string to_string(const Field& field);

}  // namespace weir
