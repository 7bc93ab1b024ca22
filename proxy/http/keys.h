// The parts of a request that the config's words name (config/field.h), and the hashes of keys.
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
  std::string_view path;    // normalised
  ClientAddress client;     // the effective one
  std::string_view tenant;  // the name that stands for it: "*" where unknown ones share
  std::string_view route;
};

// The value of one field; nothing if the request has no such part. May stand in `scratch`.
std::optional<std::string_view> extract(const Field& field, const RequestParts& parts,
                                        std::string& scratch);

// Collects a key's values, each with its length, so that no two lists of values look alike.
class KeyHasher {
 public:
  explicit KeyHasher(const std::array<std::uint64_t, 2>& secret) : secret_(secret) {}
  std::uint64_t hash(const Key& key, const RequestParts& parts);

 private:
  std::array<std::uint64_t, 2> secret_;
  std::string joined_, scratch_;
};

}  // namespace weir
