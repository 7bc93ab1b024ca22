// For tests of the configuration: text in, diagnostics out, without a file or an environment.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/load.h"
#include "filters/gate.h"

namespace weir {

struct Loaded {
  std::unique_ptr<Gate> gate;  // outlives the snapshot
  std::unique_ptr<Snapshot> snapshot;
  std::vector<std::string> errors;    // LINE:COLUMN: path: message
  std::vector<std::string> warnings;  // the same
};

inline std::vector<std::string> texts(const std::vector<Diagnostic>& list) {
  std::vector<std::string> out;
  out.reserve(list.size());
  for (const Diagnostic& each : list) out.push_back(each.text().substr(each.file.size() + 1));
  return out;
}

inline Loaded load_config(const std::string& yaml,
                          const std::map<std::string, std::string>& environment = {}) {
  Loaded out;
  out.gate = std::make_unique<Gate>([](void*) { return Time{}; });
  LoadOptions options;
  options.file = "f";
  options.seed = 1;
  options.environment = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  };
  LoadResult result = load_text(yaml, options, *out.gate);
  out.snapshot = std::move(result.snapshot);
  out.errors = texts(result.errors);
  out.warnings = texts(result.warnings);
  return out;
}

// The two lines that every configuration needs.
inline const std::string kBase = "listen: 127.0.0.1:8080\nupstream: {address: 127.0.0.1:3000}\n";

}  // namespace weir
