#include "proxy/cli/flags.h"

#include <algorithm>
#include <cctype>

namespace weir {
namespace {

// As a YAML scalar: plain where nothing in it could be taken for syntax, else quoted.
std::string scalar(std::string_view text) {
  const bool plain = !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '/' || c == '%';
  });
  if (plain) return std::string(text);
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

std::string environment_name(const Flag& flag) {
  std::string name = "WEIR_";
  for (const char c : flag.name.substr(2)) {
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

FlagConfig::FlagConfig(const FlagValues& values) : values_(values) {
  const bool tells_tenants_apart = !value(FlagId::tenant).empty() || !value(FlagId::rate).empty() ||
                                   !value(FlagId::burst).empty();
  for (std::size_t i = 0; i < kFlagCount; ++i) {
    if (values_[i].empty()) values_[i] = kFlags[i].otherwise;
  }
  line("listen: ", FlagId::listen);
  line("upstream: {address: ", FlagId::upstream, "}");
  line("admin: {listen: ", FlagId::admin, "}");
  if (!value(FlagId::telemetry).empty()) line("telemetry: {listen: ", FlagId::telemetry, "}");
  line("workers: ", FlagId::workers);
  line("access_log: {to: ", FlagId::access_log, "}");
  if (tells_tenants_apart) add_tenants();
  add_chain();
}

void FlagConfig::add_tenants() {
  line("tenant: {from: ", FlagId::tenant, "}");
  if (value(FlagId::rate).empty() && value(FlagId::burst).empty()) return;
  line("tenants:");
  line("  \"*\":");
  if (!value(FlagId::rate).empty()) line("    rate: ", FlagId::rate);
  if (!value(FlagId::burst).empty()) line("    burst: ", FlagId::burst);
}

void FlagConfig::add_chain() {
  line("chain:");
  line("  - timeout: 30s");
  if (!value(FlagId::rate).empty()) line("  - token_bucket: {key: tenant}");
  line("  - buffer: {capacity: 256, max_wait: 1s}");
  line("  - concurrency_limit: {limit: ", FlagId::concurrency, "}");
  line("  - retry: {attempts: 2, retry_on: [connect_failure, reset]}");
}

void FlagConfig::line(std::string_view text) {
  yaml_.append(text).append("\n");
  lines_.push_back(FlagId::count_);
}

void FlagConfig::line(std::string_view before, FlagId id, std::string_view after) {
  yaml_.append(before).append(scalar(value(id))).append(after).append("\n");
  lines_.push_back(id);
}

bool FlagConfig::is_of_a_flag(const Diagnostic& diagnostic) const {
  const auto at = static_cast<std::size_t>(diagnostic.line - 1);
  return at < lines_.size() && lines_[at] != FlagId::count_;
}

std::string FlagConfig::in_terms_of_flags(const Diagnostic& diagnostic) const {
  if (!is_of_a_flag(diagnostic)) return diagnostic.text();
  const auto at = static_cast<std::size_t>(diagnostic.line - 1);
  return std::string(kFlags[static_cast<std::size_t>(lines_[at])].name) + ": " + diagnostic.message;
}

}  // namespace weir
