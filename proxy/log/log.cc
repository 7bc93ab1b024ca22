#include "proxy/log/log.h"

#include <array>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>

#include <spdlog/async.h>
#include <spdlog/details/os.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include "proxy/clock/clock.h"
#include "proxy/log/standard_stream.h"

namespace weir {

namespace {

constexpr Duration kRepeatAfter = std::chrono::seconds(10);
constexpr std::size_t kQueue = 2048;
constexpr std::size_t kRemembered = 64;

// Which lines were written lately, and how often they came again since.
class Repeats {
 public:
  // Whether to write `line` now; `repeated`: how often it was swallowed before.
  bool admit(std::string_view line, std::uint64_t& repeated) {
    const std::size_t hash = std::hash<std::string_view>{}(line);
    const Time now = read_clock();
    Entry& entry = entries_[hash % kRemembered];
    if (entry.hash == hash && entry.written && now < entry.at + kRepeatAfter) {
      ++entry.repeated;
      return false;
    }
    repeated = entry.hash == hash ? entry.repeated : 0;
    entry = {true, hash, now, 0};
    return true;
  }
  std::uint64_t swallowed() const {
    std::uint64_t sum = 0;
    for (const Entry& entry : entries_) sum += entry.repeated;
    return sum;
  }

 private:
  struct Entry {
    bool written = false;
    std::size_t hash = 0;
    Time at{};
    std::uint64_t repeated = 0;
  };
  std::array<Entry, kRemembered> entries_{};
};

// Standard error, with the level in colour on a terminal.
class ErrorSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  ErrorSink()
      : coloured_(spdlog::details::os::in_terminal(stderr) &&
                  spdlog::details::os::is_color_terminal()) {}
  void end() { stream_.end(); }  // any thread

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t formatted;
    formatter_->format(message, formatted);
    const std::string_view line(formatted.data(), formatted.size());
    if (!coloured_ || message.color_range_end <= message.color_range_start) {
      stream_.write(line);
      return;
    }
    const std::size_t begin = message.color_range_start, end = message.color_range_end;
    std::string text(line.substr(0, begin));
    text.append(colour(message.level)).append(line.substr(begin, end - begin)).append("\x1b[m");
    stream_.write(text.append(line.substr(end)));
  }
  void flush_() override {}

  static std::string_view colour(spdlog::level::level_enum level) {
    if (level == spdlog::level::warn) return "\x1b[33m\x1b[1m";
    return level == spdlog::level::err ? "\x1b[31m\x1b[1m" : "\x1b[32m";
  }

  StandardStream stream_{LineSink::Standard::error};
  const bool coloured_;
};

struct Log {
  std::mutex mutex;  // held for a look-up and for queueing, never during I/O once started
  Repeats repeats;
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<ErrorSink> sink = std::make_shared<ErrorSink>();
  std::shared_ptr<spdlog::logger> logger = std::make_shared<spdlog::logger>("weir", sink);

  Log() { logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z weir %^%l%$: %v"); }
};

Log& the_log() {
  static auto* log = new Log;  // never destroyed: threads may still write while the process ends
  return *log;
}

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

void write(Log& log, LogLevel level, std::string_view line) noexcept {
  try {
    std::uint64_t repeated = 0;
    if (!log.repeats.admit(line, repeated)) return;
    if (repeated == 0) {
      log.logger->log(level_of(level), line);
    } else {
      log.logger->log(level_of(level), "{} ({} more of these meanwhile)", line, repeated);
    }
  } catch (...) {  // no memory for a line is no reason to stop
  }
}

// Joins the pool's thread once its queue is empty: at once, or when the sink gives up. A write that
// never returns is left behind.
void end_pool(std::shared_ptr<spdlog::details::thread_pool> pool) {
  try {
    std::promise<void> over;
    const std::future<void> joined = over.get_future();
    std::thread([pool = std::move(pool), over = std::move(over)]() mutable {
      pool.reset();
      over.set_value();
    }).detach();
    joined.wait_for(kLastWords * 3 / 2);
  } catch (const std::system_error&) {  // no thread: the pool's own destructor has joined it
  }
}

}  // namespace

void start_log() {
  Log& log = the_log();
  const std::lock_guard lock(log.mutex);
  if (log.pool != nullptr) return;
  log.pool = std::make_shared<spdlog::details::thread_pool>(kQueue, 1);
  auto logger = std::make_shared<spdlog::async_logger>(
      "weir", log.sink, log.pool, spdlog::async_overflow_policy::overrun_oldest);
  log.logger = std::move(logger);
}

void stop_log() {
  Log& log = the_log();
  const std::lock_guard lock(log.mutex);
  log.sink->end();
  if (const std::uint64_t swallowed = log.repeats.swallowed(); swallowed != 0) {
    log.logger->info("{} repeated lines were left out", swallowed);
  }
  if (log.pool == nullptr) return;
  // The queued lines hold the old logger, so it outlives the thread that works them off.
  const auto queueing = log.logger;
  log.logger = std::make_shared<spdlog::logger>("weir", log.sink);
  end_pool(std::move(log.pool));
}

void log(LogLevel level, std::string_view line) noexcept {
  Log& log = the_log();
  const std::lock_guard lock(log.mutex);
  write(log, level, line);
}

std::uint64_t lost_log_lines() {
  Log& log = the_log();
  const std::lock_guard lock(log.mutex);
  return log.pool == nullptr ? 0 : log.pool->overrun_counter();
}

}  // namespace weir
