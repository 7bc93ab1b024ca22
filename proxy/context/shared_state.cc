#include "proxy/context/shared_state.h"

#include <algorithm>

namespace weir {

std::shared_ptr<const Snapshot> SharedState::snapshot() const {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

void SharedState::replace(std::shared_ptr<const Snapshot> snapshot) {
  const std::lock_guard lock(mutex_);
  snapshot_.swap(snapshot);
  retired_.push_back(std::move(snapshot));
  generation_.fetch_add(1, std::memory_order_release);
}

void SharedState::taken() {
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

bool SharedState::wait_until_taken(Duration bound) {
  const std::uint64_t wanted = generation();
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, bound, [&] {
    return std::ranges::all_of(
        workers, [&](const WorkerPeer* worker) { return worker->generation() >= wanted; });
  });
}

std::size_t SharedState::destroy_retired() {
  std::vector<std::shared_ptr<const Snapshot>> gone;  // destroyed without the lock
  const std::lock_guard lock(mutex_);
  const auto held = std::partition(retired_.begin(), retired_.end(),
                                   [](const auto& s) { return s.use_count() > 1; });
  std::move(held, retired_.end(), std::back_inserter(gone));
  retired_.erase(held, retired_.end());
  return retired_.size();
}

}  // namespace weir
