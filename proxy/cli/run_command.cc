#include "proxy/cli/run_command.h"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "build_info.h"
#include "config/load.h"
#include "proxy/cli/reloader.h"
#include "proxy/clock/clock.h"
#include "proxy/log/log.h"
#include "proxy/log/standard_stream.h"
#include "proxy/process/exit_code.h"
#include "proxy/process/instance.h"
#include "proxy/process/pid_file.h"
#include "proxy/process/signals.h"

namespace weir {
namespace {

// Loads, and tells everything that is wrong: one line each, as compilers do, without a time.
std::unique_ptr<Snapshot> load(const RunOptions& options, Gate& gate) {
  std::optional<FlagConfig> flags;
  if (options.file.empty()) flags.emplace(options.flags);
  LoadOptions from;
  from.file = "<flags>";
  LoadResult result =
      flags ? load_text(flags->yaml(), from, gate) : load_file(options.file, LoadOptions{}, gate);
  StandardStream out(LineSink::Standard::error);
  auto tell = [&](const Diagnostic& d, const char* mark) {
    out.write((flags ? flags->in_terms_of_flags(d) : d.text()) + mark + "\n");
  };
  // What a warning asks for may need a file: flags are told of errors alone if there are any.
  const bool warns = !flags || result.errors.empty();
  for (const Diagnostic& warning : result.warnings) {
    if (warns && (!flags || flags->is_of_a_flag(warning))) tell(warning, " (warning)");
  }
  for (const Diagnostic& error : result.errors) tell(error, "");
  if (const std::size_t count = result.errors.size()) {
    out.write("weir: not started: " + std::to_string(count) + (count == 1 ? " error" : " errors") +
              " in " + (flags ? "the flags" : options.file) + "\n");
  }
  return std::move(result.snapshot);
}

// In Kubernetes endpoints are taken out of service after the pod was told to stop, not before.
Duration default_drain_delay() {
  constexpr Duration kInKubernetes = std::chrono::seconds(5);
  return std::getenv("KUBERNETES_SERVICE_HOST") != nullptr ? kInKubernetes : Duration{0};
}

std::string in_seconds(Duration d) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
  if (milliseconds % 1000 != 0) return std::to_string(milliseconds) + " ms";
  return std::to_string(milliseconds / 1000) + " s";
}

// The life of one instance, told by events. Its methods are called on the main thread.
class Life {
 public:
  Life(Instance& instance, Events& events, Reloader& reloader, std::optional<PidFile>& pid_file)
      : instance_(instance), events_(events), reloader_(reloader), pid_file_(pid_file) {}
  ~Life() {
    if (waiter_.joinable()) waiter_.join();
  }
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  int live() {
    for (;;) {
      switch (events_.wait(accepting_until_)) {
        case Events::Kind::stop:
          // One that POST /drain went before is the first all the same: so it is in a pod.
          if (std::exchange(told_to_stop_, true)) exit_now();
          announce_drain();
          break;
        case Events::Kind::drain_asked: announce_drain(); break;
        case Events::Kind::time_over: drain(); break;
        case Events::Kind::hangup: reloader_.ask("HUP", nullptr); break;
        case Events::Kind::reopen: instance_.server().reopen_logs(); break;
        case Events::Kind::drained: return whole_ ? kDone : kCutShort;
      }
    }
  }

 private:
  // /ready says 503, and connections are accepted for a while yet: those who send traffic here do
  // not know before they have asked again.
  void announce_drain() {
    if (std::exchange(draining_, true)) return;
    instance_.announce_drain();
    const auto snapshot = instance_.server().snapshot();
    const Duration delay = snapshot->settings.drain_delay.value_or(default_drain_delay());
    if (delay == Duration{0}) return drain();
    log_info("draining: not ready from now on, but listening for " + in_seconds(delay));
    accepting_until_ = saturating_add(read_clock(), delay);
  }

  void drain() {
    accepting_until_ = kNever;
    const Duration timeout = instance_.server().snapshot()->settings.drain_timeout;
    log_info("draining: stopped accepting; requests in flight have " + in_seconds(timeout) +
             " to finish");
    instance_.drain(timeout);
    waiter_ = std::thread([this] {
      whole_ = instance_.server().wait();
      events_.notify(Events::Kind::drained);
    });
  }

  [[noreturn]] void exit_now() {
    log_warning("second signal: ending at once");
    stop_log();
    pid_file_.reset();
    std::_Exit(kCutShort);
  }

  Instance& instance_;
  Events& events_;
  Reloader& reloader_;
  std::optional<PidFile>& pid_file_;
  bool draining_ = false, told_to_stop_ = false;
  Time accepting_until_ = kNever;  // in a drain
  std::thread waiter_;
  bool whole_ = false;  // written before `drained` is told
};

std::string telemetry_of(const Instance& instance) {
  const std::string address = instance.telemetry_address();
  return address.empty() ? address : ", telemetry on " + address;
}

std::string greeting(const Instance& instance) {
  const std::int64_t workers = instance.server().workers();
  return "weir " + std::string(kVersion) + " listening on " + instance.server().address() +
         ", upstream " + instance.server().snapshot()->settings.upstream.address.text +
         ", admin on " + instance.admin_address() + telemetry_of(instance) + ", " +
         std::to_string(workers) + (workers == 1 ? " worker (" : " workers (") +
         instance.server().why_so_many() + ")";
}

// From the start of all threads to their end.
int serve(Reloader& reloader, std::shared_ptr<const Snapshot> snapshot, Gate& gate,
          std::optional<PidFile>& pid_file) {
  Events events;
  Instance::Hooks hooks;
  hooks.drain = [&events] { events.notify(Events::Kind::drain_asked); };
  hooks.reload = [&reloader](Reloader::Done done) {
    reloader.ask("POST /reload", std::move(done));
  };
  hooks.reload_status = [&reloader] { return reloader.status(); };
  hooks.on_released = [&reloader] { reloader.look_for_retired(); };
  Instance::StartResult started = Instance::start(std::move(snapshot), gate, std::move(hooks));
  if (!started.instance) {
    log_error(started.error);
    return kFailed;
  }
  log_info(greeting(*started.instance));
  reloader.start(*started.instance);
  const int code = Life(*started.instance, events, reloader, pid_file).live();
  reloader.stop();
  log_info(code == kDone ? "drained" : "the drain ran out of time: some requests were cut");
  return code;
}

}  // namespace

int run_weir(const RunOptions& options) {
  // --print-config ends as any command does, whoever reads what it prints.
  if (!options.print_config) block_signals();
  Gate gate(read_clock);
  Reloader reloader(options.file, !options.no_watch, gate);  // before: it misses no change
  std::unique_ptr<Snapshot> snapshot = load(options, gate);
  if (!snapshot) return kFailed;
  if (options.print_config) {
    const bool flags = options.file.empty();
    const std::string yaml =
        flags ? FlagConfig(options.flags).yaml() : std::string(snapshot->effective_yaml);
    std::fputs(yaml.c_str(), stdout);
    return kDone;
  }
  start_log();
  int code = kFailed;
  PidFile::Result pid_file;
  if (!options.pid_file.empty()) pid_file = PidFile::create(options.pid_file);
  if (pid_file.error.empty()) {
    code = serve(reloader, std::move(snapshot), gate, pid_file.file);
  } else {
    log_error(pid_file.error);
  }
  stop_log();
  return code;
}

}  // namespace weir
