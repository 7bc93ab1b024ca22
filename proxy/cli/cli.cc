#include "proxy/cli/cli.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "build_info.h"
#include "config/suggest.h"
#include "config/units.h"
#include "proxy/cli/check_command.h"
#include "proxy/cli/flags.h"
#include "proxy/cli/manual.h"
#include "proxy/cli/remote_commands.h"
#include "proxy/cli/run_command.h"
#include "proxy/demo/demo.h"
#include "proxy/demo/sample_command.h"
#include "proxy/process/exit_code.h"

namespace weir {
namespace {

// What to do once the command line is understood.
using Command = std::function<int()>;

constexpr const char* kExitCodes =
    "Exit codes: 0 done, 1 bad config or could not start, 2 wrong usage, 3 drain cut short, 4 out "
    "of memory.";
constexpr const char* kSignals =
    "Signals: TERM and INT drain (a second one ends at once), HUP reloads the file, USR1 reopens "
    "the "
    "access log.\n"
    "Exit codes: 0 done, 1 bad config or could not start, 2 wrong usage, 3 drain cut short, 4 out "
    "of memory.";

std::string version_line() {
  return "weir " + std::string(kVersion) + " (" + std::string(kRevision) + ")";
}

// Durations are written as in the config: 500ms, 10s, 2m.
std::string check_duration(const std::string& text) {
  const auto parsed = parse_duration(text);
  return parsed ? std::string() : parsed.error;
}
Duration to_duration(const std::string& text) { return Duration{*parse_duration(text)}; }
std::chrono::milliseconds to_milliseconds(const std::string& text) {
  return std::chrono::ceil<std::chrono::milliseconds>(to_duration(text));
}

CLI::Option* add_duration(CLI::App& app, const std::string& name, std::string& value,
                          const std::string& help) {
  return app.add_option(name, value, help)
      ->check(CLI::Validator(check_duration, ""))
      ->type_name("DURATION");
}

void add_flag(CLI::App& app, const Flag& flag, std::string& value) {
  CLI::Option* const option = app.add_option(std::string(flag.name), value, std::string(flag.help));
  option->type_name(std::string(flag.argument));
  option->envname(environment_name(flag));
  if (!flag.otherwise.empty()) option->default_str(std::string(flag.otherwise));
  option->group("Instead of a file");
}

// A file or flags: which of them wins is nothing to guess about.
void check_sources(const RunOptions& options) {
  if (options.file.empty()) {
    if (!options.flags[static_cast<std::size_t>(FlagId::upstream)].empty()) return;
    throw CLI::ValidationError("weir run", "needs -c FILE, or --upstream ADDRESS");
  }
  for (std::size_t i = 0; i < kFlagCount; ++i) {
    if (options.flags[i].empty()) continue;
    throw CLI::ValidationError("weir run", std::string(kFlags[i].name) + " (or " +
                                               environment_name(kFlags[i]) +
                                               ") does not go with -c; it belongs into the file");
  }
}

void add_run(CLI::App& app, Command& chosen) {
  CLI::App& run = *app.add_subcommand("run", "Run the proxy in front of a service");
  const auto options = std::make_shared<RunOptions>();
  run.add_option("-c,--config", options->file, "Configuration file; none: the flags below are it")
      ->type_name("FILE")
      ->envname("WEIR_CONFIG");
  run.add_flag("--print-config", options->print_config,
               "Print the YAML that the flags amount to, or the file's with every default; end");
  run.add_flag("--no-watch", options->no_watch,
               "Do not reload the file when it changes, only on HUP and POST /reload")
      ->envname("WEIR_NO_WATCH");
  run.add_option("--pid-file", options->pid_file,
                 "Write the process id there; gone at the end. A running weir's file is an error")
      ->type_name("PATH")
      ->envname("WEIR_PID_FILE");
  for (std::size_t i = 0; i < kFlagCount; ++i) add_flag(run, kFlags[i], options->flags[i]);
  run.footer(std::string("Examples:\n  weir run -c weir.yaml\n"
                         "  weir run --listen :8080 --upstream 127.0.0.1:3000 --rate 100/s "
                         "--concurrency 64\n\n") +
             kSignals);
  run.callback([options, &chosen] {
    check_sources(*options);
    chosen = [options] { return run_weir(*options); };
  });
}

void add_check(CLI::App& app, Command& chosen) {
  CLI::App& check = *app.add_subcommand("check", "Validate a configuration file");
  const auto file = std::make_shared<std::string>();
  check.add_option("-c,--config,file", *file, "Configuration file")->required()->type_name("FILE");
  check.footer("Prints OK, or each error as FILE:LINE:COLUMN: path: what is wrong; warnings too.");
  check.callback([file, &chosen] { chosen = [file] { return check_config(*file); }; });
}

void add_demo(CLI::App& app, Command& chosen) {
  CLI::App& demo = *app.add_subcommand("demo", "Show it: a small service, weir, and a load");
  struct Given {
    std::string run_for;
    bool no_load = false;
    std::string listen, admin;
  };
  const auto given = std::make_shared<Given>();
  add_duration(demo, "--for", given->run_for, "End by itself after this time");
  demo.add_flag("--no-load", given->no_load, "Only serve; make your own load");
  demo.add_option("--listen", given->listen, "Where clients come in")->type_name("ADDRESS");
  demo.add_option("--admin", given->admin, "Where the admin pages are")->type_name("ADDRESS");
  demo.callback([given, &chosen] {
    DemoOptions options;
    if (!given->run_for.empty()) options.run_for = to_duration(given->run_for);
    options.load = !given->no_load;
    if (!given->listen.empty()) options.listen = given->listen;
    if (!given->admin.empty()) options.admin = given->admin;
    chosen = [options] { return run_demo(options); };
  });
}

void add_sample(CLI::App& app, Command& chosen) {
  CLI::App& sample = *app.add_subcommand("sample", "A small test service to put behind weir");
  struct Given {
    demo::SampleOptions options;
    std::string latency = "10ms";
  };
  const auto given = std::make_shared<Given>();
  given->options.listen = ":3000";
  sample.add_option("--listen", given->options.listen, "Where requests come in")
      ->type_name("ADDRESS")
      ->envname("WEIR_SAMPLE_LISTEN")
      ->capture_default_str();
  sample.add_option("--concurrency", given->options.places, "Requests that it serves at a time")
      ->type_name("N")
      ->envname("WEIR_SAMPLE_CONCURRENCY")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  add_duration(sample, "--latency", given->latency, "Time that each takes")
      ->envname("WEIR_SAMPLE_LATENCY")
      ->capture_default_str();
  sample
      .add_option("--fail-every", given->options.fail_every,
                  "Every so-many-th answer is a 503; 0: none")
      ->type_name("N")
      ->envname("WEIR_SAMPLE_FAIL_EVERY")
      ->check(CLI::Range(0, 1'000'000'000))
      ->capture_default_str();
  sample.footer(
      "What it cannot serve at once waits in a queue of its own, however long that gets,\n"
      "as in services that have no weir in front of them.");
  sample.callback([given, &chosen] {
    given->options.service_time = to_duration(given->latency);
    chosen = [given] { return run_sample(given->options); };
  });
}

struct RemoteGiven {
  RemoteOptions options;
  std::string timeout = "2s";
  std::string wait_at_most = "60s";
  bool live = false;
  bool wait = false;

  RemoteOptions parsed() const {
    RemoteOptions out = options;
    out.timeout = to_milliseconds(timeout);
    return out;
  }
};

std::shared_ptr<RemoteGiven> add_remote(CLI::App& command) {
  auto given = std::make_shared<RemoteGiven>();
  CLI::Option* const admin =
      command.add_option("--admin", given->options.admin, "The admin plane of that weir");
  admin->type_name("ADDRESS")->envname("WEIR_ADMIN")->capture_default_str();
  command.add_option("-c,--config", given->options.file, "A file whose admin.listen to ask")
      ->type_name("FILE")
      ->excludes(admin);
  add_duration(command, "--timeout", given->timeout, "For an answer")->capture_default_str();
  return given;
}

void add_drain(CLI::App& app, Command& chosen) {
  CLI::App& drain = *app.add_subcommand("drain", "Gracefully stop a running weir");
  const auto given = add_remote(drain);
  drain.add_flag("--wait", given->wait, "Return only when it has ended");
  add_duration(drain, "--wait-at-most", given->wait_at_most, "With --wait; then exit 3")
      ->capture_default_str();
  drain.callback([given, &chosen] {
    chosen = [given] {
      return drain_weir(given->parsed(), given->wait, to_milliseconds(given->wait_at_most));
    };
  });
}

void add_healthcheck(CLI::App& app, Command& chosen) {
  CLI::App& health = *app.add_subcommand("healthcheck", "Exit 0 if a running weir is ready");
  const auto given = add_remote(health);
  health.add_flag("--live", given->live, "Ask only whether it works; a draining one does");
  health.callback([given, &chosen] {
    chosen = [given] { return check_health(given->parsed(), given->live); };
  });
}

void add_reload(CLI::App& app, Command& chosen) {
  CLI::App& reload =
      *app.add_subcommand("reload", "Have a running weir read its configuration file again");
  const auto given = add_remote(reload);
  given->timeout = "30s";
  reload.footer(
      "Exit codes: 0 the new configuration is in force, 1 the file is wrong and nothing has "
      "changed.");
  reload.callback([given, &chosen] { chosen = [given] { return reload_weir(given->parsed()); }; });
}

const CLI::App* find_command(const CLI::App& app, const std::string& name) {
  for (const CLI::App* const each : app.get_subcommands(nullptr)) {
    if (each->get_name() == name) return each;
  }
  return nullptr;
}

void add_words(CLI::App& app, Command& chosen) {
  const auto command = std::make_shared<std::string>();
  CLI::App& help = *app.add_subcommand("help", "Show the help of weir, or of one command");
  help.add_option("command", *command, "A command")->type_name("COMMAND");
  const auto print = [&chosen](const std::string& text) {
    chosen = [text] {
      std::fputs(text.c_str(), stdout);
      return kDone;
    };
  };
  const auto man = std::make_shared<bool>(), completion = std::make_shared<bool>();
  help.add_flag("--man", *man, "Print the manual page: weir help --man | man -l -");
  help.add_flag("--completion", *completion,
                "Print completion for bash: source <(weir help --completion)");
  help.callback([=, &app] {
    if (*man) return print(manual_page(app, version_line()));
    if (*completion) return print(bash_completion(app));
    if (command->empty()) throw CLI::CallForHelp();
    const CLI::App* const found = find_command(app, *command);
    if (found == nullptr) throw CLI::ExtrasError("weir", {*command});
    print(found->help());
  });
  app.add_subcommand("version", "Show the version")->callback([&chosen] {
    chosen = [] {
      std::puts(version_line().c_str());
      return kDone;
    };
  });
}

// The words that stand at that place of the command line: commands, or a command's options.
std::vector<std::string> words_of(const CLI::App& app, bool options) {
  std::vector<std::string> words;
  if (!options) {
    for (const CLI::App* const each : app.get_subcommands(nullptr))
      words.push_back(each->get_name());
    return words;
  }
  for (const CLI::Option* const each : app.get_options(nullptr)) {
    for (const std::string& name : each->get_lnames()) words.push_back("--" + name);
  }
  return words;
}

// What was probably meant by the first word that weir does not know.
void suggest(const CLI::App& app, int argc, const char* const* argv) {
  const CLI::App* command = &app;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool option = word.starts_with("--");
    if (!option && command != &app) continue;
    const std::string name = word.substr(0, word.find('='));
    const std::vector<std::string> known = words_of(*command, option);
    if (std::ranges::find(known, name) != known.end()) {
      if (!option) command = find_command(app, name);
      continue;
    }
    const std::vector<std::string_view> views(known.begin(), known.end());
    const std::string_view meant = nearest(name, views);
    if (!meant.empty()) {
      std::fprintf(stderr, "%s: did you mean %s?\n", name.c_str(), std::string(meant).c_str());
    }
    return;
  }
}

}  // namespace

int run_cli(int argc, const char* const* argv) {
  CLI::App app(
      "weir runs in front of an HTTP service, lets through what the service can handle and each "
      "tenant's quota allows, and refuses the rest early and clearly.",
      "weir");
  Command chosen;
  app.set_version_flag("--version", version_line());
  app.require_subcommand(1);
  app.footer(kExitCodes);
  add_run(app, chosen);
  add_check(app, chosen);
  add_demo(app, chosen);
  add_sample(app, chosen);
  add_drain(app, chosen);
  add_healthcheck(app, chosen);
  add_reload(app, chosen);
  add_words(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Help and version come this way too, with code 0.
    if (app.exit(error) == 0) return kDone;
    suggest(app, argc, argv);
    return kWrongUsage;
  }
  return chosen();
}

}  // namespace weir
