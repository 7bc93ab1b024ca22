// The chains and routes of a file with all names resolved: what the rules look at, and what the
// snapshot is built from.
#pragma once

#include <string>
#include <vector>

#include "config/field.h"
#include "config/value.h"

namespace weir {

struct PlannedFilter {
  const Value* params = nullptr;  // never null
  const FilterKind* kind = nullptr;
  std::string name;  // unique in the file; identifies a shared one
  std::string path;  // chain[2].buffer
  Position at;
  bool named = false;  // by the user
  bool shared = false;
  std::size_t key = 0;  // its key's place in PlannedChain::keys
};

struct PlannedChain {
  std::string name;
  std::string path;
  Position at;
  bool given = false;                  // it stands in the file
  bool used = false;                   // a route leads to it
  bool by_tenant = false;              // a filter of it has state by tenant
  std::vector<PlannedFilter> filters;  // outermost first
  std::vector<Key> keys;               // the layout of Request::keys
};

struct PlannedRoute {
  std::string name;
  const Value* value = nullptr;  // null: the implicit last one
  std::size_t chain = 0;
};

// Where tenant.new_keys applies: to chains with a filter by tenant.
struct PlannedNewKeys {
  Key key;                 // what stands for a client; empty: it does not apply
  std::size_t client = 0;  // its place in PlannedChain::keys of these chains, and the tenant's
  std::size_t tenant = 0;
};

struct Plan {
  std::vector<PlannedChain> chains;        // the top-level one first
  std::vector<PlannedRoute> routes;        // the implicit one last
  std::vector<std::string> unused_shared;  // names
  PlannedNewKeys new_keys;
};

inline constexpr std::string_view kDefaultName = "default";    // of the top-level chain and route
inline constexpr std::string_view kUpstreamName = "upstream";  // of the pool of connections
inline constexpr std::string_view kNewKeysName = "new_keys";   // of the filter of that name

// Reports names that lead nowhere or that two things have. Filters that are bad are left out.
Plan make_plan(const Value& file, Report& report);

}  // namespace weir
