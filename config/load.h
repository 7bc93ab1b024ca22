// YAML text → Snapshot, or all that is wrong with it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"
#include "config/snapshot.h"

namespace weir {

struct LoadOptions {
  std::string file = "<config>";  // its name in diagnostics
  // ${NAME} and ${NAME:-default}; null: getenv.
  std::function<std::optional<std::string>(const std::string&)> environment;
  std::uint64_t seed = 0;  // for hash secrets and jitter; 0: from the system's randomness
  // A reload: what the new snapshot goes on with, by the identity of filters, tenants and routes.
  // Its own filters take effect with Snapshot::activate.
  const Snapshot* running = nullptr;
};

struct LoadResult {
  std::unique_ptr<Snapshot> snapshot;  // null if there are errors
  std::vector<Diagnostic> errors;      // all of the file, in its order
  std::vector<Diagnostic> warnings;
};

// Parses, checks and builds. `gate` must outlive the snapshot. Never throws on bad input. Not
// inside a pass; of a reload it makes short ones.
LoadResult load_text(std::string_view yaml, const LoadOptions& options, Gate& gate);
// The same for a file; one that cannot be read is an error too.
LoadResult load_file(const std::string& path, LoadOptions options, Gate& gate);

}  // namespace weir
