// Four workers on four threads through one gate, for ThreadSanitizer and for the sums at the end.
#include <atomic>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "filters/buffer/buffer.h"
#include "filters/chain.h"
#include "filters/concurrency_limit/concurrency_limit.h"
#include "filters/load_shed/load_shed.h"
#include "filters/retry/retry.h"
#include "filters/timeout/timeout.h"
#include "filters/token_bucket/token_bucket.h"
#include "tests/support/chain_harness.h"

namespace weir::test {
namespace {

using namespace std::chrono_literals;

// Every look at the clock takes 20 µs.
Time tick(void* clock) {
  return Time(std::chrono::microseconds(20 * ++*static_cast<std::atomic<std::int64_t>*>(clock)));
}

class ThreadedWorker final : public Mailbox {
 public:
  ThreadedWorker(std::uint64_t seed, Gate& gate, std::vector<Chain*> chains, const Tenant* tenants)
      : random_(seed), gate_(gate), chains_(std::move(chains)), tenants_(tenants) {}

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      if (told_.exchange(false, std::memory_order_acquire)) read_mail();
      on_timer();
      if (live_.size() < 24 && random_() % 2 != 0) {
        arrive();
      } else if (!live_.empty()) {
        act(random_() % live_.size());
      }
    }
    while (!live_.empty()) {
      const Gate::Pass pass(gate_);
      end(live_.size() - 1, EndReason::client_gone);
    }
  }
  std::uint64_t completed = 0;

 protected:
  void notify() override { told_.store(true, std::memory_order_release); }

 private:
  struct Live {
    std::unique_ptr<Request> request;
    Chain* chain;
    Step at;
    Alarm alarm;
  };

  void arrive() {
    Live& live = live_.emplace_back();
    live.request = std::make_unique<Request>();
    live.chain = chains_[random_() % chains_.size()];
    live.at = Step::wait;
    Request& request = *live.request;
    const std::size_t who = random_() % 4;
    request.tenant = &tenants_[who];
    request.tenant_label = static_cast<std::uint32_t>(who);
    request.keys[0] = who + 1;
    request.method = "GET";
    request.mailbox = this;
    const Gate::Pass pass(gate_);
    take(live_.size() - 1, live.chain->arrive(request));
  }
  void act(std::size_t i) {
    Live& live = live_[i];
    const Gate::Pass pass(gate_);
    if (random_() % 16 == 0) return end(i, EndReason::client_gone);
    if (live.at == Step::commit) {
      ++completed;
      return end(i, EndReason::complete);
    }
    if (live.at != Step::forward) return;
    ++live.request->reached;
    take(i, live.chain->on_outcome(*live.request, random_() % 4 != 0
                                                      ? Outcome::response(200)
                                                      : Outcome::failure(Reason::upstream_reset)));
  }
  void on_timer() {
    const Gate::Pass pass(gate_);
    for (std::size_t i = live_.size(); i > 0; --i) {
      if (live_[i - 1].alarm.at <= pass.now()) wake(i - 1);
    }
  }
  void read_mail() {
    const Gate::Pass pass(gate_);
    while (const Request* request = Mailbox::take()) {
      for (std::size_t i = 0; i < live_.size(); ++i) {
        if (live_[i].request.get() == request) {
          wake(i);
          break;
        }
      }
    }
  }
  void wake(std::size_t i) { take(i, live_[i].chain->wake(*live_[i].request)); }

  // Inside the pass.
  void take(std::size_t i, Step step) {
    Live& live = live_[i];
    if (step == Step::answer) return end(i, EndReason::refused);
    if (step != Step::none) live.at = step;
    live.alarm = live.request->alarm();
  }
  void end(std::size_t i, EndReason how) {
    live_[i].chain->end(*live_[i].request, how);
    std::swap(live_[i], live_.back());
    live_.pop_back();
  }

  std::mt19937_64 random_;
  Gate& gate_;
  std::vector<Chain*> chains_;
  const Tenant* tenants_;
  std::vector<Live> live_;
  std::atomic<bool> told_ = false;
};

TEST(ThreadsTest, FourWorkersShareOneGate) {
  std::atomic<std::int64_t> clock = 50'000'000;
  Gate gate(tick, &clock);
  int names = 0;
  const auto context = [&] {
    return FilterContext{.gate = gate, .name = "f" + std::to_string(++names), .labels = 4};
  };
  std::vector<Tenant> tenants(4);
  for (std::uint32_t i = 0; i < 4; ++i) tenants[i].index = tenants[i].label = i;

  auto line = std::make_shared<Buffer>(
      Buffer::Params{.capacity = 24, .max_wait = 20ms, .overflow = Buffer::Overflow::drop_oldest},
      context());
  LoadShed::Params shedding;
  shedding.target_wait = 15ms;
  auto shed = std::make_shared<LoadShed>(shedding, context(), line);
  TokenBucket::Params rates;
  rates.quota = quota(5000, 1s, 20);
  rates.tenants = 4;
  auto bucket = std::make_shared<TokenBucket>(rates, context());
  ConcurrencyLimit::Params permits;
  permits.limit = 6;
  auto limit = std::make_shared<ConcurrencyLimit>(permits, context());
  auto deadline =
      std::make_shared<Timeout>(Timeout::Params{.head = 30ms, .total = {}, .idle = {}}, context());
  auto retry = std::make_shared<Retry>(ChainHarness::tries(3, 1ms), context());
  Chain whole("whole", gate, {shed, deadline, line, bucket, retry, limit});
  Chain lined("lined", gate, {line, limit, bucket});
  Chain bare("bare", gate, {limit});

  std::vector<std::unique_ptr<ThreadedWorker>> workers;
  for (std::uint64_t i = 0; i < 4; ++i) {
    workers.push_back(std::make_unique<ThreadedWorker>(
        i + 1, gate, std::vector<Chain*>{&whole, &lined, &bare}, tenants.data()));
  }
  {
    std::vector<std::jthread> threads;
    for (auto& worker : workers) threads.emplace_back([&worker] { worker->run(10'000); });
  }
  std::uint64_t completed = 0;
  for (const auto& worker : workers) {
    completed += worker->completed;
    EXPECT_TRUE(worker->empty());
  }
  EXPECT_GT(completed, 100u);
  const Gate::Pass pass(gate);
  EXPECT_EQ(limit->stats(pass.now()).permits->in_use, 0);
  const FilterStats numbers = line->stats(pass.now());
  for (const std::int64_t depth : numbers.queue->depth) EXPECT_EQ(depth, 0);
  EXPECT_GT(numbers.queue->wait.sum_nanoseconds, 0u);
}

}  // namespace
}  // namespace weir::test
