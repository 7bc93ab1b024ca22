#include "proxy/log/standard_stream.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <poll.h>

#include "proxy/clock/clock.h"

namespace weir {

namespace {

// So often a wait looks whether this process ends.
constexpr Duration kLook = std::chrono::milliseconds(100);

bool stop_is_pending() {
  sigset_t pending;
  if (sigpending(&pending) != 0) return false;
  return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1;
}

int in_milliseconds(Duration d) {
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(d).count());
}

}  // namespace

bool StandardStream::write(std::string_view text) {
  if (sink_.descriptor() < 0) return false;
  while (!text.empty()) {
    if (sink_.waits() && !may_write()) return false;
    const ssize_t n = sink_.write(text.substr(0, sink_.at_once()));
    if (n >= 0) {
      text.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno != EINTR && errno != EAGAIN) {
      return false;
    }
  }
  return true;
}

void StandardStream::end() {
  const std::int64_t until = (read_clock() + kLastWords).time_since_epoch().count();
  std::int64_t before = give_up_at_.load();
  while (until < before && !give_up_at_.compare_exchange_weak(before, until)) {
  }
}

// Waits until the other end takes something. False: it does not, and the time is over.
bool StandardStream::may_write() {
  for (;;) {
    const Time now = read_clock();
    const Duration left = std::clamp(give_up_at() - now, Duration{0}, kLook);
    pollfd asked{sink_.descriptor(), POLLOUT, 0};
    if (::poll(&asked, 1, in_milliseconds(left)) > 0) return true;
    if (now >= give_up_at()) return false;
    if (stop_is_pending()) end();
  }
}

}  // namespace weir
