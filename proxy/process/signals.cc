#include "proxy/process/signals.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "proxy/clock/clock.h"

namespace weir {
namespace {

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&set, signal);
  return set;
}

Events::Kind kind_of(std::uint32_t signal) {
  if (signal == SIGHUP) return Events::Kind::hangup;
  if (signal == SIGUSR1) return Events::Kind::reopen;
  return Events::Kind::stop;
}

// For poll: -1 for ever, rounded up.
int milliseconds_to(Time until) {
  if (until == kNever) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - read_clock()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

}  // namespace

void block_signals() {
  const sigset_t set = watched();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

Events::Events() {
  const sigset_t set = watched();
  signals_ = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  wake_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (signals_ < 0 || wake_ < 0) std::abort();  // no descriptors at the very start
}

Events::~Events() {
  close(signals_);
  close(wake_);
}

Events::Kind Events::wait(Time until) {
  for (;;) {
    signalfd_siginfo info{};
    if (read(signals_, &info, sizeof info) == sizeof info) return kind_of(info.ssi_signo);
    if (drained_.exchange(false)) return Kind::drained;
    if (drain_asked_.exchange(false)) return Kind::drain_asked;
    std::array<pollfd, 2> both = {{{signals_, POLLIN, 0}, {wake_, POLLIN, 0}}};
    const int left = milliseconds_to(until);
    if (left == 0) return Kind::time_over;
    poll(both.data(), both.size(), left);
    std::uint64_t ignored = 0;
    if (read(wake_, &ignored, sizeof ignored) < 0 && errno != EAGAIN) return Kind::stop;
  }
}

void Events::notify(Kind kind) {
  (kind == Kind::drained ? drained_ : drain_asked_).store(true);
  const std::uint64_t one = 1;
  if (write(wake_, &one, sizeof one) < 0) return;  // full: it is awake already
}

}  // namespace weir
