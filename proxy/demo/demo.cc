#include "proxy/demo/demo.h"

#include <algorithm>
#include <arpa/inet.h>
#include <csignal>
#include <ctime>
#include <deque>
#include <memory>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include "config/load.h"
#include "proxy/clock/clock.h"
#include "proxy/demo/board.h"
#include "proxy/demo/event_loop.h"
#include "proxy/demo/load.h"
#include "proxy/demo/sample_service.h"
#include "proxy/demo/screen.h"
#include "proxy/demo/totals.h"
#include "proxy/log/log.h"
#include "proxy/process/exit_code.h"
#include "proxy/process/instance.h"
#include "proxy/process/signals.h"

namespace weir {
namespace {

using namespace demo;  // NOLINT(google-build-using-namespace): its own parts

constexpr std::uint64_t kSeed = 20'240'229;
constexpr std::size_t kLatencySeconds = 5;  // that p50 and p99 look back
constexpr std::size_t kQueueCapacity = 64;

// What the tenants send. Within the quotas it is 700/s of the service's 800/s.
const std::vector<Stream> kStreams = {{"acme", 400}, {"beta", 200}, {"greedy", 500}};

// $SERVICE, $LISTEN and $ADMIN are filled in.
constexpr const char* kConfig = R"(
listen: "$LISTEN"
upstream: {address: "$SERVICE"}
admin: {listen: "$ADMIN"}
tenant: {from: header x-tenant, default: anonymous}
tenants:
  acme:   {rate: 500/s, burst: 100, priority: high}
  beta:   {rate: 250/s, burst: 50}
  greedy: {rate: 100/s, burst: 20, priority: low}
  "*":    {rate: 10/s, burst: 10}
chain:
  - timeout: 5s
  - token_bucket: {key: tenant}                # over the quota: 429 at once
  - buffer: {capacity: 64, max_wait: 500ms}    # within it, but the service is busy: wait here
  - concurrency_limit: {limit: 8}              # what the service can handle
)";

std::string filled_in(std::string text, const std::string& name, const std::string& value) {
  return text.replace(text.find(name), name.size(), value);
}

// 127.0.0.1 with that port, or with any free one if it is taken.
std::string loopback_address(std::uint16_t port) {
  Descriptor probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int on = 1;
  ::setsockopt(probe.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  bool free = ::bind(probe.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) == 0;
  return "127.0.0.1:" + std::to_string(free ? port : 0);
}

// Waits for INT or TERM until then; true if one came.
bool wait_for_signal(Time until) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  auto left = std::max((until - read_clock()).count(), std::int64_t{0});
  timespec bound{left / 1'000'000'000, left % 1'000'000'000};
  return sigtimedwait(&set, nullptr, &bound) > 0;
}

class Demo {
 public:
  explicit Demo(const DemoOptions& options) : options_(options), gate_(read_clock) {
    for (const Stream& stream : kStreams) names_.push_back(stream.tenant);
  }

  int run() {
    if (!start()) return kFailed;
    greet();
    started_ = read_clock();
    if (options_.load) {
      load_ = std::make_unique<Load>("127.0.0.1", instance_->server().port(), kStreams, kSeed);
    }
    watch();
    finish();
    return kDone;
  }

 private:
  bool start() {
    std::string config =
        filled_in(kConfig, "$SERVICE", "127.0.0.1:" + std::to_string(service_.port()));
    config = filled_in(config, "$LISTEN", options_.listen.value_or(loopback_address(8080)));
    config = filled_in(config, "$ADMIN", options_.admin.value_or(loopback_address(9901)));
    LoadOptions from;
    from.file = "<demo>";
    LoadResult loaded = load_text(config, from, gate_);
    for (const Diagnostic& error : loaded.errors) log_error(error.text());
    if (!loaded.snapshot) return false;
    Instance::StartResult started =
        Instance::start(std::move(loaded.snapshot), gate_, {.drain = [] {
                          ::kill(::getpid(), SIGTERM);  // a drain that is asked for ends the demo
                        }});
    if (!started.instance) log_error(started.error);
    instance_ = std::move(started.instance);
    if (instance_ && options_.load && instance_->server().port() == 0) {
      log_error("--listen: the load needs an IPv4 address and port; or serve with --no-load");
      return false;
    }
    return instance_ != nullptr;
  }

  void greet() {
    const Palette& p = screen_.palette();
    std::string bold(p.bold), dim(p.dim), off(p.off);
    std::string url = "http://127.0.0.1:" + std::to_string(instance_->server().port()) + "/";
    screen_.print({
        "",
        bold + " weir demo" + off +
            "  clients -> weir -> a service: 8 at a time, 10 ms each, 800/s",
        "            " +
            std::string(options_.load
                            ? "acme sends 400/s, beta 200/s, greedy 500/s: 5 times its quota"
                            : "no load but yours (--no-load)"),
        "",
        " join in    curl -i -H 'x-tenant: acme' " + url,
        "            curl -i -H 'x-tenant: greedy' " + url,
        " numbers    curl " + instance_->admin_address() + "/metrics" + dim +
            "   (also /tenants, /config)" + off,
        " end        " + std::string(options_.run_for ? "by itself, or with " : "") + "Ctrl-C",
        "",
    });
  }

  void watch() {
    Duration length = std::min(options_.run_for.value_or(kLongestDemo), kLongestDemo);
    Totals before = totals();
    for (int second = 1;; ++second) {
      Time next = started_ + std::chrono::seconds(second);
      bool last = next >= started_ + length;
      if (wait_for_signal(last ? started_ + length : next)) return screen_.end();
      Totals now = totals();
      if (!last || now.at - before.at > std::chrono::milliseconds(500)) show(before, now);
      before = now;
      if (last) return;
    }
  }

  void show(const Totals& before, const Totals& now) {
    Moment moment;
    moment.before = before;
    moment.now = now;
    moment.running = now.at - started_;
    moment.run_for = options_.run_for;
    moment.queue_capacity = kQueueCapacity;
    if (load_) moment.latencies = recent_latencies();
    std::vector<std::string> table = render_table(moment, screen_.palette());
    if (screen_.redraws(table.size())) {
      screen_.redraw(table);
    } else if (load_ || arrivals(now) > arrivals(before)) {
      screen_.print(render_lines(moment));
    }
  }

  static std::uint64_t arrivals(const Totals& totals) {
    std::uint64_t sum = 0;
    for (const TenantTotals& row : totals.tenants) sum += row.arrivals;
    return sum;
  }

  std::vector<Latencies> recent_latencies() {
    recent_.push_back(load_->take_latencies());
    if (recent_.size() > kLatencySeconds) recent_.pop_front();
    std::vector<Latencies> sum(kStreams.size());
    for (const auto& second : recent_) {
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i].add_all(second[i]);
    }
    return sum;
  }

  // Stops the load, lets the last answers come, and sums up.
  void finish() {
    Duration running = read_clock() - started_;
    Closing closing;
    if (load_) {
      load_->finish();
      Time bound = read_clock() + std::chrono::seconds(2);
      while (load_->under_way() > 0 && read_clock() < bound) {
        if (wait_for_signal(read_clock() + std::chrono::milliseconds(5))) break;
      }
      closing.streams = load_->stats();
    }
    closing.totals = totals();
    closing.running = running;
    instance_->drain(std::chrono::seconds(1));
    load_.reset();  // closes the load's connections
    std::vector<std::string> lines = render_summary(closing, screen_.palette());
    lines.insert(lines.begin(), "");
    screen_.print(lines);
    instance_->server().wait();
  }

  Totals totals() { return take_totals(instance_->server(), gate_, service_, names_); }

  const DemoOptions& options_;
  Gate gate_;
  SampleService service_;
  std::vector<std::string> names_;
  std::unique_ptr<Instance> instance_;
  std::unique_ptr<Load> load_;
  Screen screen_;
  Time started_{};
  std::deque<std::vector<Latencies>> recent_;
};

}  // namespace

int run_demo(const DemoOptions& options) {
  block_signals();
  start_log();
  int code = kFailed;
  try {
    code = Demo(options).run();
  } catch (const std::runtime_error& error) {
    log_error(error.what());
  }
  stop_log();
  return code;
}

}  // namespace weir
