// Whatever stands in a configuration file, loading it ends, without a crash, in a snapshot or in
// errors, never both; and what weir shows as the effective configuration loads again.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "config/load.h"
#include "filters/gate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::Gate gate([](void*) { return weir::Time{}; });
  weir::LoadOptions options;
  options.seed = 1;
  options.environment = [](const std::string& name) -> std::optional<std::string> {
    if (name.size() > 1) return std::nullopt;
    return "1";
  };
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const weir::LoadResult result = weir::load_text(text, options, gate);
  if ((result.snapshot == nullptr) == result.errors.empty()) std::abort();
  for (const weir::Diagnostic& each : result.errors)
    if (each.line < 1 || each.column < 1 || each.message.empty()) std::abort();
  if (!result.snapshot) return 0;
  const weir::LoadResult again = weir::load_text(result.snapshot->effective_yaml, options, gate);
  if (again.snapshot == nullptr) std::abort();
  return 0;
}
