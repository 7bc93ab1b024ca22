// A worker's exchanges: those in use, those that have ended but may still be on the stack, and a
// bounded number that are kept for the next requests.
//
// Owner and thread: the worker.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace weir {

class Exchange;
class WorkerContext;

class ExchangePool {
 public:
  static constexpr std::size_t kKept = 256;

  explicit ExchangePool(WorkerContext& worker);
  ~ExchangePool();
  ExchangePool(const ExchangePool&) = delete;
  ExchangePool& operator=(const ExchangePool&) = delete;

  Exchange& take();
  void put_back(Exchange& exchange);  // it has not begun, and is not on the stack
  void retire(Exchange& exchange);    // it has ended; used again after recycle()
  // With none of them on the stack.
  void recycle() {
    if (retired_.first != nullptr) recycle_retired();
  }
  void release_kept();
  void abort_all_at_drain();

  std::size_t active() const { return active_; }

 private:
  // Exchanges that are not in use, the last one first.
  struct List {
    Exchange* first = nullptr;
    std::size_t size = 0;

    void push(Exchange& exchange);
    Exchange& pop();  // there is one
  };

  void recycle_retired();
  [[gnu::noinline]] Exchange& make();
  [[gnu::noinline]] void destroy(Exchange& exchange);

  WorkerContext& worker_;
  std::vector<std::unique_ptr<Exchange>> all_;
  List free_, retired_;
  std::size_t active_ = 0;
};

}  // namespace weir
