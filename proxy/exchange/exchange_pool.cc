#include "proxy/exchange/exchange_pool.h"

#include <utility>

#include "proxy/context/worker_context.h"
#include "proxy/exchange/exchange.h"

namespace weir {

ExchangePool::ExchangePool(WorkerContext& worker) : worker_(worker) {}

ExchangePool::~ExchangePool() = default;

void ExchangePool::List::push(Exchange& exchange) {
  exchange.next_ = std::exchange(first, &exchange);
  ++size;
}

Exchange& ExchangePool::List::pop() {
  --size;
  return *std::exchange(first, first->next_);
}

Exchange& ExchangePool::take() {
  ++active_;
  return free_.first != nullptr ? free_.pop() : make();
}

Exchange& ExchangePool::make() {
  return *all_.emplace_back(std::make_unique<Exchange>(worker_, *this, all_.size()));
}

void ExchangePool::retire(Exchange& exchange) {
  --active_;
  retired_.push(exchange);
}

void ExchangePool::put_back(Exchange& exchange) {
  --active_;
  free_.push(exchange);
}

void ExchangePool::recycle_retired() {
  while (retired_.first != nullptr) {
    Exchange& exchange = retired_.pop();
    if (free_.size < kKept) {
      free_.push(exchange);
    } else {
      destroy(exchange);
    }
  }
}

void ExchangePool::destroy(Exchange& exchange) {
  std::unique_ptr<Exchange>& place = all_[exchange.place()];
  if (place != all_.back()) {
    all_.back()->set_place(exchange.place());
    std::swap(place, all_.back());
  }
  all_.pop_back();
}

void ExchangePool::release_kept() {
  while (free_.first != nullptr) destroy(free_.pop());
  all_.shrink_to_fit();
}

void ExchangePool::abort_all_at_drain() {
  for (const auto& exchange : all_) exchange->abort_at_drain();
}

}  // namespace weir
