// The parts of a request that the config's words name (config/field.h), and the hashes of keys.
//
// A part that is there several times with different values is ambiguous: weir and the service might
// each read another one. Names of query parameters are decoded like their values, as forms encode
// them; a cookie counts without the quotes around it. A value is taken as it is, commas and case
// included; only a client address has a spelling of its own.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/field.h"
#include "proxy/http/client_address.h"
#include "proxy/http/head.h"
#include "proxy/http/target.h"

namespace weir {

// What there is to be named. Views live as long as the request's head.
struct RequestParts {
  const Head& head;
  const Target& target;
  std::string_view path;    // as routes are matched with it
  ClientAddress client;     // the effective one
  std::string_view tenant;  // the name that stands for it: "*" where unknown ones share
  std::string_view route;
};

// The first field line of that name (in lower case), or null. Sets `ambiguous` if another one has
// another value.
const FieldLine* find_line(const Head& head, std::string_view name, bool& ambiguous);

// The value of one field; nothing if the request has no such part. May stand in `scratch`.
// `ambiguous` is set if there are several different values, and left alone otherwise.
std::optional<std::string_view> extract(const Field& field, const RequestParts& parts,
                                        std::string& scratch, bool& ambiguous);

// Collects a key's values, each with its length, so that no two lists of values look alike. A part
// that is absent and one that is empty are the same.
class KeyHasher {
 public:
  explicit KeyHasher(const std::array<std::uint64_t, 2>& secret) : secret_(secret) {}
  std::uint64_t hash(const Key& key, const RequestParts& parts, bool& ambiguous);

 private:
  std::array<std::uint64_t, 2> secret_;
  std::string joined_, scratch_;
};

}  // namespace weir
