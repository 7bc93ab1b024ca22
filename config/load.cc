#include "config/load.h"

#include <random>

#include "config/build.h"
#include "config/check.h"
#include "config/effective.h"
#include "config/environment.h"
#include "config/fixed.h"
#include "config/hide_tenants.h"
#include "config/plan.h"
#include "config/read_file.h"
#include "config/report.h"
#include "config/rules.h"
#include "config/tree.h"

namespace weir {
namespace {

std::uint64_t random_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

void load(std::string_view yaml, const LoadOptions& options, Gate& gate, Report& report,
          LoadResult& result) {
  std::optional<YamlNode> root = parse_yaml(yaml, report);
  if (!root) return;
  expand_variables(*root, options.environment, report);
  if (root->kind != YamlNode::Kind::map) {
    report.error(root->at, "",
                 "a configuration is a map, such as\n  listen: 0.0.0.0:8080\n"
                 "  upstream: {address: 127.0.0.1:3000}");
    return;
  }
  Value file = check(*root, file_spec(), Path(), report);
  root.reset();
  if (options.running != nullptr) options.running->fixed->keep_in(file, report);
  const Plan plan = make_plan(file, report);
  check_file_rules(file, report);
  check_tenant_rules(file, plan, report);
  check_chain_rules(file, plan, report);
  check_route_rules(file, plan, report);
  if (file.get("tenant").get("secret").number != 0) hide_tenants(file.get("tenants"), report);
  if (report.failed()) return;
  const std::uint64_t seed = options.seed != 0 ? options.seed : random_seed();
  result.snapshot = SnapshotBuilder(file, plan, seed, gate, options.running).build();
  result.snapshot->fixed = std::make_shared<const FixedValues>(FixedValues::of(file));
  result.snapshot->effective_yaml = effective_yaml(file);
  result.snapshot->effective_json = effective_json(file);
}

}  // namespace

LoadResult load_text(std::string_view yaml, const LoadOptions& options, Gate& gate) {
  LoadResult result;
  Report report(options.file);
  load(yaml, options, gate, report, result);
  result.errors = report.take_errors();
  result.warnings = report.take_warnings();
  return result;
}

LoadResult load_file(const std::string& path, LoadOptions options, Gate& gate) {
  if (options.file == LoadOptions().file) options.file = path;
  const Result<std::string> text = read_regular_file(path, kMaxFileSize);
  if (text) return load_text(*text, options, gate);
  LoadResult result;
  result.errors.push_back({options.file, 1, 1, "", text.error});
  return result;
}

}  // namespace weir
