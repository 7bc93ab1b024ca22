#include "proxy/net/memory_return.h"

#include <algorithm>
#include <malloc.h>
#include <system_error>

#include "proxy/clock/clock.h"

namespace weir {

namespace {

constexpr Duration kSettle = std::chrono::seconds(1);

}  // namespace

void MemoryReturn::configure() {
  mallopt(M_MMAP_THRESHOLD, 128 << 10);
  mallopt(M_TRIM_THRESHOLD, 1 << 20);
}

void MemoryReturn::opened() { peak_ = std::max(peak_, ++open_); }

void MemoryReturn::closed() {
  --open_;
  if (!armed() && peak_is_over()) timers_.set(*this, saturating_add(read_clock(), kSettle));
}

void MemoryReturn::on_timer() {
  if (busy_.load(std::memory_order_acquire)) {
    return timers_.set(*this, saturating_add(read_clock(), kSettle));
  }
  peak_ = open_;
  let_go_();
  if (thread_.joinable()) thread_.join();
  busy_.store(true, std::memory_order_release);
  try {
    thread_ = std::thread([this] {
      malloc_trim(0);
      busy_.store(false, std::memory_order_release);
    });
  } catch (const std::system_error&) {  // no thread to be had: another time
    busy_.store(false, std::memory_order_release);
  }
}

void MemoryReturn::stop() {
  timers_.cancel(*this);
  if (thread_.joinable()) thread_.join();
}

}  // namespace weir
