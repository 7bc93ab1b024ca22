// The process: version, configuration, log, and what the kernel says.

#include "metrics/exposition.h"
#include "metrics/families.h"
#include "metrics/process_stats.h"

namespace weir {
namespace {

void add_single(Family family, double value, Families& out) {
  family.add({}, value);
  out.put(std::move(family));
}

void add_weir(const ExpositionSources& sources, Families& out) {
  Family build = Families::gauge("weir_build_info", "Always 1; the labels give the version.");
  build.add({{"version", sources.version}, {"revision", sources.revision}}, 1.0);
  out.put(std::move(build));

  Family reloads =
      Families::counter("weir_config_reloads_total", "Reloads of the configuration, by result.");
  const ReloadNumbers numbers = sources.reloads ? sources.reloads() : ReloadNumbers{};
  reloads.add({{"result", "success"}}, numbers.successes);
  reloads.add({{"result", "failure"}}, numbers.failures);
  out.put(std::move(reloads));
  add_single(Families::gauge("weir_config_last_reload_successful",
                             "Whether the last attempt to load the configuration succeeded."),
             numbers.last_successful ? 1 : 0, out);
  const std::chrono::duration<double> success = numbers.last_success.time_since_epoch();
  add_single(Families::gauge("weir_config_last_reload_success_timestamp_seconds",
                             "When the configuration in force was loaded."),
             success.count(), out);

  add_single(Families::gauge("weir_tenants_folded",
                             "Configured tenants that are counted under the label other."),
             static_cast<double>(sources.folded_tenants), out);
  add_single(Families::gauge("weir_workers", "Threads that serve traffic."),
             static_cast<double>(sources.workers.size()), out);
  const auto ask = [](const auto& source) {
    return static_cast<double>(source ? source() : std::uint64_t{0});
  };
  add_single(Families::counter("weir_access_log_lines_total", "Lines of the access log written."),
             ask(sources.access_lines_written), out);
  add_single(Families::counter(
                 "weir_access_log_lines_lost_total",
                 "Lines of the access log dropped: their file or pipe was too slow or failed."),
             ask(sources.access_lines_lost), out);
  add_single(Families::counter("weir_log_lines_lost_total",
                               "Log lines dropped because writing them would have blocked weir."),
             ask(sources.lost_log_lines), out);
}

}  // namespace

void add_process_families(const ExpositionSources& sources, Families& out) {
  add_weir(sources, out);
  const ProcessStats numbers = read_process_numbers();
  const std::chrono::duration<double> started = sources.started.time_since_epoch();
  add_single(Families::counter("process_cpu_seconds_total", "CPU time, user and system."),
             numbers.cpu_seconds, out);
  add_single(Families::gauge("process_resident_memory_bytes", "Resident memory."),
             numbers.resident_bytes, out);
  add_single(Families::gauge("process_virtual_memory_bytes", "Virtual memory."),
             numbers.virtual_bytes, out);
  add_single(Families::gauge("process_open_fds", "Open file descriptors."),
             numbers.open_descriptors, out);
  add_single(Families::gauge("process_max_fds", "File descriptors that may be open."),
             numbers.max_descriptors, out);
  add_single(Families::gauge("process_threads", "Threads."), numbers.threads, out);
  add_single(Families::gauge("process_start_time_seconds", "Start, in seconds since the epoch."),
             started.count(), out);
}

}  // namespace weir
