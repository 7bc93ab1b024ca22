#include "proxy/cli/remote_commands.h"

#include <cstdio>
#include <optional>
#include <thread>

#include "config/load.h"
#include "proxy/cli/admin_client.h"
#include "proxy/clock/clock.h"
#include "proxy/process/exit_code.h"

namespace weir {
namespace {

constexpr auto kPollInterval = std::chrono::milliseconds(100);

std::optional<std::string> admin_of(const RemoteOptions& options) {
  if (options.file.empty()) return options.admin;
  Gate gate(read_clock);
  const LoadResult result = load_file(options.file, LoadOptions{}, gate);
  for (const Diagnostic& error : result.errors) std::fprintf(stderr, "%s\n", error.text().c_str());
  if (!result.snapshot) return std::nullopt;
  return result.snapshot->settings.admin.text;
}

int tell_failure(const AdminAnswer& answer) {
  if (answer.status == 0) {
    std::fprintf(stderr, "no answer from weir's admin plane at %s\n", answer.error.c_str());
  } else {
    std::fprintf(stderr, "%d: %s", answer.status, answer.body.c_str());
  }
  return kFailed;
}

// Nobody listens there any more, or somebody else does, who is ready. An answer that is late is no
// end: a weir that is short of processor time still has requests to finish.
int wait_for_end(const std::string& admin, const RemoteOptions& options, Time deadline) {
  while (read_clock() < deadline) {
    const AdminAnswer answer = ask_admin(admin, "GET", "/ready", options.timeout);
    if (answer.refused || answer.status == 200) {
      std::puts("ended");
      return kDone;
    }
    std::this_thread::sleep_for(kPollInterval);
  }
  std::fputs("weir still drains\n", stderr);
  return kCutShort;
}

}  // namespace

int check_health(const RemoteOptions& options, bool live) {
  const auto admin = admin_of(options);
  if (!admin) return kFailed;
  const AdminAnswer answer = ask_admin(*admin, "GET", live ? "/live" : "/ready", options.timeout);
  if (answer.status != 200) return tell_failure(answer);
  std::fputs(answer.body.c_str(), stdout);
  return kDone;
}

int reload_weir(const RemoteOptions& options) {
  const auto admin = admin_of(options);
  if (!admin) return kFailed;
  const AdminAnswer answer = ask_admin(*admin, "POST", "/reload", options.timeout);
  if (answer.status != 200) return tell_failure(answer);
  std::fputs(answer.body.c_str(), stdout);
  return kDone;
}

int drain_weir(const RemoteOptions& options, bool wait, std::chrono::milliseconds wait_at_most) {
  const auto admin = admin_of(options);
  if (!admin) return kFailed;
  const Time deadline = read_clock() + wait_at_most;
  const AdminAnswer answer = ask_admin(*admin, "POST", "/drain", options.timeout);
  if (answer.status != 202) return tell_failure(answer);
  std::puts("draining");
  return wait ? wait_for_end(*admin, options, deadline) : kDone;
}

}  // namespace weir
