// What a decision costs, inside the gate: ./dev bench decisions
#include <malloc.h>
#include <memory>
#include <vector>

#include <benchmark/benchmark.h>

#include "filters/buffer/buffer.h"
#include "filters/chain.h"
#include "filters/concurrency_limit/concurrency_limit.h"
#include "filters/load_shed/load_shed.h"
#include "filters/random.h"
#include "filters/retry/retry.h"
#include "filters/timeout/timeout.h"
#include "filters/token_bucket/token_bucket.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

// Time passes by a microsecond a look.
struct Bench {
  Time now = Time(1h);
  Gate gate{[](void* self) { return static_cast<Bench*>(self)->now += 1us; }, this};
  Tenant tenant;
  Request request;
  int names = 0;

  Bench() {
    tenant.name = "acme";
    request.tenant = &tenant;
    request.method = "GET";
  }
  FilterContext context() { return {.gate = gate, .name = "f" + std::to_string(++names)}; }
  std::shared_ptr<TokenBucket> bucket(std::int64_t max_keys) {
    TokenBucket::Params params;
    params.by_tenant = false;
    params.max_keys = max_keys;
    Quota quota;
    quota.tokens = 1'000'000'000;
    quota.period = 1ns;
    quota.burst = 1000;
    params.quota = quota;
    return std::make_shared<TokenBucket>(params, context());
  }
  // In, answered, out: three passes, as for a real request.
  void visit(Chain& chain) {
    {
      const Gate::Pass pass(gate);
      benchmark::DoNotOptimize(chain.arrive(request));
      benchmark::DoNotOptimize(request.alarm());
    }
    ++request.reached;
    {
      const Gate::Pass pass(gate);
      benchmark::DoNotOptimize(chain.on_outcome(request, Outcome::response(200)));
      benchmark::DoNotOptimize(request.alarm());
    }
    const Gate::Pass pass(gate);
    chain.end(request, EndReason::complete);
  }
};

void BM_EmptyChain(benchmark::State& state) {
  Bench bench;
  Chain chain("empty", bench.gate, {});
  for (auto _ : state) bench.visit(chain);
}
BENCHMARK(BM_EmptyChain);

void BM_TokenBucketHot(benchmark::State& state) {
  Bench bench;
  Chain chain("bucket", bench.gate, {bench.bucket(65'536)});
  bench.request.keys[0] = 0x9e3779b97f4a7c15ULL;
  for (auto _ : state) bench.visit(chain);
}
BENCHMARK(BM_TokenBucketHot);

// What the allocator has given out, also in mappings of its own.
std::size_t allocated() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

void BM_TokenBucketMillionKeys(benchmark::State& state) {
  Bench bench;
  const std::size_t before = allocated();
  Chain chain("bucket", bench.gate, {bench.bucket(1'000'000)});
  state.counters["bytes_per_key"] = static_cast<double>(allocated() - before) / 1e6;
  Random random(1);
  for (auto _ : state) {
    bench.request.keys[0] = random.next() % 1'000'000 * 0x9e3779b97f4a7c15ULL;
    bench.visit(chain);
  }
}
BENCHMARK(BM_TokenBucketMillionKeys);

struct WholeChain : Bench {
  std::shared_ptr<Buffer> line = std::make_shared<Buffer>(Buffer::Params{}, context());
  std::unique_ptr<Chain> chain;

  explicit WholeChain(std::int64_t permits) {
    LoadShed::Params shedding;
    shedding.target_wait = 20ms;
    ConcurrencyLimit::Params limit;
    limit.limit = permits;
    Timeout::Params deadline, of_the_try;
    deadline.head = 30s;
    of_the_try.head = 5s;
    chain =
        std::make_unique<Chain>("whole", gate,
                                std::vector<std::shared_ptr<Filter>>{
                                    std::make_shared<LoadShed>(shedding, context(), line),
                                    std::make_shared<Timeout>(deadline, context()), bucket(65'536),
                                    line, std::make_shared<ConcurrencyLimit>(limit, context()),
                                    std::make_shared<Retry>(Retry::Params{}, context()),
                                    std::make_shared<Timeout>(of_the_try, context()),
                                    std::make_shared<ConcurrencyLimit>(limit, context())});
  }
};

// The design's example chain and the upstream's pool, nobody waiting.
void BM_WholeChain(benchmark::State& state) {
  WholeChain bench(64);
  for (auto _ : state) bench.visit(*bench.chain);
}
BENCHMARK(BM_WholeChain);

// The same while everyone has to wait for the one before: line up, grant, go in.
void BM_WholeChainQueued(benchmark::State& state) {
  WholeChain bench(1);
  Request other;
  other.tenant = &bench.tenant;
  other.method = "GET";
  Request* serving = &bench.request;
  Request* waiting = &other;
  const auto arrive = [&](Request& request) {
    const Gate::Pass pass(bench.gate);
    benchmark::DoNotOptimize(bench.chain->arrive(request));
  };
  arrive(*serving);
  for (auto _ : state) {
    arrive(*waiting);
    {
      const Gate::Pass pass(bench.gate);
      bench.chain->on_outcome(*serving, Outcome::response(200));
      bench.chain->end(*serving, EndReason::complete);
    }
    {
      const Gate::Pass pass(bench.gate);
      if (bench.chain->wake(*waiting) != Step::forward) state.SkipWithError("it was not granted");
    }
    std::swap(serving, waiting);
  }
  const Gate::Pass pass(bench.gate);
  bench.chain->end(*serving, EndReason::complete);
}
BENCHMARK(BM_WholeChainQueued);

}  // namespace
}  // namespace weir
