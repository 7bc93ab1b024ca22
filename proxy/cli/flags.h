// What can be said of the configuration on the command line of `weir run`, and the YAML that it
// amounts to. Each flag has an environment variable: WEIR_ and its name in capitals.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"

namespace weir {

struct Flag {
  std::string_view name;       // --listen
  std::string_view argument;   // ADDRESS
  std::string_view otherwise;  // the default; empty: none
  std::string_view help;
};

enum class FlagId : std::uint8_t {
  listen,
  upstream,
  admin,
  rate,
  burst,
  tenant,
  concurrency,
  workers,
  access_log,
  telemetry,
  count_,
};
inline constexpr std::size_t kFlagCount = static_cast<std::size_t>(FlagId::count_);

// By FlagId.
inline constexpr std::array<Flag, kFlagCount> kFlags = {{
    {"--listen", "ADDRESS", ":8080", "Where clients come in; also unix:/PATH"},
    {"--upstream", "ADDRESS", "", "The service: HOST:PORT or unix:/PATH; required"},
    {"--admin", "ADDRESS", "127.0.0.1:9901", "Where the admin pages are"},
    {"--rate", "RATE", "", "Quota of each tenant, as 100/s or 5000/h; none: no quota"},
    {"--burst", "N", "", "Requests at once within --rate; none: one second's worth"},
    {"--tenant", "FIELD", "header x-tenant",
     "What tells tenants apart; client_ip, cookie NAME ..."},
    {"--concurrency", "N", "256", "Requests that the service bears at a time; more wait in line"},
    {"--workers", "N", "1", "Threads that serve traffic; auto: as the CPU quota allows"},
    {"--access-log", "TO", "none", "One line for each request: none, stdout or a file"},
    {"--telemetry", "ADDRESS", "", "/metrics /live /ready alone, for other hosts; none: not there"},
}};

// By FlagId; empty: not given.
using FlagValues = std::array<std::string, kFlagCount>;

std::string environment_name(const Flag& flag);  // WEIR_LISTEN

// A configuration with what was given, and with what a file without `chain:` would have besides.
class FlagConfig {
 public:
  explicit FlagConfig(const FlagValues& values);

  const std::string& yaml() const { return yaml_; }
  // Is it about a value that one flag gives?
  bool is_of_a_flag(const Diagnostic& diagnostic) const;
  // `--rate: what is wrong` if it is, else as diagnostics are printed.
  std::string in_terms_of_flags(const Diagnostic& diagnostic) const;

 private:
  void line(std::string_view text);
  void line(std::string_view before, FlagId id, std::string_view after = {});
  void add_tenants();
  void add_chain();
  const std::string& value(FlagId id) const { return values_[static_cast<std::size_t>(id)]; }

  FlagValues values_;  // the defaults filled in
  std::string yaml_;
  std::vector<FlagId> lines_;  // whose value stands on the line; count_: nobody's
};

}  // namespace weir
