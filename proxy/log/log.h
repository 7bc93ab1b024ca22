// Diagnostics to stderr: for what an operator should know, never for requests one by one.
//
// Any thread, at any time; never blocks the caller. Lines go through a bounded queue to a thread of
// their own; when it is full the oldest are lost, and counted. The same line is written at most
// once in ten seconds, the next one saying how often it was repeated. Before start_log and after
// stop_log lines are written at once. A reader of stderr that takes nothing does not hold up the
// end (StandardStream).
#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

enum class LogLevel : std::uint8_t { info, warning, error };

void start_log();
void stop_log();  // writes out what is queued, and the counts of repeats
void log(LogLevel level, std::string_view line) noexcept;
inline void log_info(std::string_view line) noexcept { log(LogLevel::info, line); }
inline void log_warning(std::string_view line) noexcept { log(LogLevel::warning, line); }
inline void log_error(std::string_view line) noexcept { log(LogLevel::error, line); }

// Lines that were lost because the queue was full.
std::uint64_t lost_log_lines();

}  // namespace weir
