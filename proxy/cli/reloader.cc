#include "proxy/cli/reloader.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <poll.h>
#include <sstream>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

#include "config/read_file.h"
#include "config/tree.h"
#include "filters/siphash.h"
#include "proxy/clock/clock.h"
#include "proxy/log/log.h"
#include "proxy/process/instance.h"

namespace weir {
namespace {

constexpr int kQuietMs = 100;
constexpr Duration kPatience = std::chrono::seconds(1);
constexpr std::size_t kLoggedErrors = 10;

Result<std::string> read_file(const std::string& path) {
  return read_regular_file(path, kMaxFileSize);
}

std::uint64_t hash_of(const std::string& text) { return siphash({1, 1}, text); }

// The text of each top-level key of an effective configuration.
std::map<std::string, std::string> sections(const std::string& yaml) {
  std::map<std::string, std::string> out;
  std::string* section = nullptr;
  std::istringstream lines(yaml);
  for (std::string line; std::getline(lines, line);) {
    const bool key = !line.empty() && line[0] != ' ' && line[0] != '-' && line[0] != '#';
    if (key) section = &out[line.substr(0, line.find(':'))];
    if (section != nullptr) section->append(line).append("\n");
  }
  return out;
}

std::vector<std::string> changes(const Snapshot& from, const Snapshot& to) {
  const auto before = sections(from.effective_yaml);
  const auto after = sections(to.effective_yaml);
  std::vector<std::string> out;
  for (const auto& [key, text] : after) {
    const auto found = before.find(key);
    if (found == before.end() || found->second != text) out.push_back(key);
  }
  for (const auto& [key, text] : before) {
    if (!after.contains(key)) out.push_back(key);
  }
  return out;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out.empty() ? "nothing" : out;
}

}  // namespace

Reloader::Reloader(std::string file, bool watch, Gate& gate)
    : file_(std::move(file)), gate_(gate), wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (wake_ < 0) std::abort();  // no descriptors at the very start
  status_.last_success = wall_clock();
  if (file_.empty() || !watch) return;
  watch_ = std::make_unique<FileWatch>(file_);
  if (watch_->descriptor() < 0) {
    log_warning("cannot watch " + file_ + " for changes: HUP and POST /reload still reload it");
    watch_.reset();
  } else if (!watch_->complete()) {
    log_warning("cannot watch every directory on the way to " + file_ +
                ": a change that is missed is seen on HUP and POST /reload");
  }
  if (const auto text = read_file(file_)) contents_ = hash_of(*text);
}

Reloader::~Reloader() {
  stop();
  close(wake_);
}

void Reloader::start(Instance& instance) {
  instance_ = &instance;
  thread_ = std::thread([this] { run(); });
}

void Reloader::stop() {
  stopping_ = true;
  wake();
  if (thread_.joinable()) thread_.join();
  std::vector<Done> waiting;
  {
    const std::lock_guard lock(mutex_);
    waiting = std::exchange(asked_, {}).done;
  }
  for (Done& done : waiting) std::exchange(done, nullptr)(refuse("weir is ending"));
}

void Reloader::ask(const std::string& trigger, Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (asked_.trigger.empty()) asked_.trigger = trigger;
    if (done) asked_.done.push_back(std::move(done));
  }
  wake();
}

ReloadStatus Reloader::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void Reloader::wake() const {
  const std::uint64_t one = 1;
  if (write(wake_, &one, sizeof one) < 0) return;  // full: it is awake already
}

void Reloader::run() {
  while (!stopping_) {
    if (wait()) look_at_file();
    Asked asked;
    {
      const std::lock_guard lock(mutex_);
      asked = std::exchange(asked_, {});
    }
    if (!asked.trigger.empty()) {
      const ReloadOutcome outcome = reload(asked.trigger, nullptr);
      for (Done& done : asked.done) std::exchange(done, nullptr)(outcome);
    }
    instance_->server().destroy_retired();
  }
}

bool Reloader::wait() {
  std::array<pollfd, 2> both = {
      {{wake_, POLLIN, 0}, {watch_ ? watch_->descriptor() : -1, POLLIN, 0}}};
  poll(both.data(), both.size(), -1);
  std::uint64_t ignored = 0;
  if (read(wake_, &ignored, sizeof ignored) < 0) ignored = 0;  // nothing was there
  if ((both[1].revents & POLLIN) == 0 || !watch_->acknowledge()) return false;
  settle();
  return true;
}

// Until the directories have been quiet for a while: files are written in pieces.
void Reloader::settle() {
  const Time deadline = read_clock() + kPatience;
  pollfd events{watch_->descriptor(), POLLIN, 0};
  do {
    watch_->acknowledge();
  } while (!stopping_ && read_clock() < deadline && poll(&events, 1, kQuietMs) > 0);
}

void Reloader::look_at_file() {
  const auto text = read_file(file_);
  if (text && hash_of(*text) == contents_) return;
  reload("file changed", text ? &*text : nullptr);
}

ReloadOutcome Reloader::refuse(std::string why) {
  ReloadOutcome outcome{409, status()};
  outcome.now.errors = {std::move(why)};
  return outcome;
}

// `contents`: of the file, if it has been read already.
ReloadOutcome Reloader::reload(const std::string& trigger, const std::string* contents) {
  std::string why;
  if (file_.empty()) why = "there is no configuration file to reload: the flags are all there is";
  if (!instance_->ready()) why = "weir is draining: nothing is reloaded any more";
  if (!why.empty()) {
    log_warning(trigger + ": " + why);
    return refuse(std::move(why));
  }
  Result<std::string> text;
  if (contents == nullptr && (text = read_file(file_))) contents = &*text;
  contents_ = contents != nullptr ? hash_of(*contents) : 0;
  const std::shared_ptr<const Snapshot> running = instance_->server().snapshot();
  LoadOptions options;
  options.file = file_;
  options.running = running.get();
  LoadResult loaded =
      contents != nullptr ? load_text(*contents, options, gate_) : load_file(file_, options, gate_);
  ReloadStatus status = this->status();
  apply(std::move(loaded), trigger, status);
  const std::lock_guard lock(mutex_);
  status_ = status;
  return {status.errors.empty() ? 200U : 422U, std::move(status)};
}

void Reloader::apply(LoadResult&& loaded, const std::string& trigger, ReloadStatus& status) {
  status.trigger = trigger;
  status.at = wall_clock();
  status.errors.clear();
  status.warnings.clear();
  status.changed.clear();
  for (const Diagnostic& error : loaded.errors) status.errors.push_back(error.text());
  for (const Diagnostic& warning : loaded.warnings) status.warnings.push_back(warning.text());
  status.last_successful = status.errors.empty();
  if (!status.last_successful) {
    ++status.failures;
    for (std::size_t i = 0; i < std::min(status.errors.size(), kLoggedErrors); ++i) {
      log_error(status.errors[i]);
    }
    log_error(trigger + ": not reloaded, the running configuration stays: " +
              std::to_string(status.errors.size()) + " error(s) in " + file_);
    return;
  }
  const std::shared_ptr<const Snapshot> running = instance_->server().snapshot();
  std::shared_ptr<const Snapshot> next = std::move(loaded.snapshot);
  for (const auto& filter : next->filters) {
    if (const std::string kept = filter->unchanged_parameter(); !kept.empty()) {
      status.warnings.push_back(filter->name() + "." + kept + " stays until a restart");
    }
  }
  status.changed = changes(*running, *next);
  if (!instance_->replace(std::move(next))) {
    log_error("a worker does not react: it goes on with the configuration before");
  }
  ++status.successes;
  status.last_success = status.at;
  for (const std::string& warning : status.warnings) log_warning(warning);
  log_info(trigger + ": reloaded " + file_ + ", changed: " + joined(status.changed));
}

}  // namespace weir
