#include "tests/support/weir_process.h"

#include <csignal>
#include <regex>
#include <stdexcept>

#include <gtest/gtest.h>

namespace weir::testing {
namespace {

// What `weir run` says once it is up: "listening on 127.0.0.1:8080, admin on 127.0.0.1:9901".
constexpr const char* kListening = R"(listening on ([^\s,]+:[^\s,]+))";
constexpr const char* kAdmin = R"(admin on ([^\s,]+:[^\s,]+))";

bool has_key(const std::string& yaml, const std::string& key) {
  return yaml.starts_with(key + ":") || yaml.find("\n" + key + ":") != std::string::npos;
}

Address parse_address(const std::string& text) {
  Address address;
  if (text.starts_with("unix:")) {
    address.path = text.substr(5);
    return address;
  }
  std::size_t colon = text.rfind(':');
  address.port = static_cast<std::uint16_t>(std::stoi(text.substr(colon + 1)));
  return address;
}

std::string whole_config(const WeirOptions& options) {
  std::string yaml;
  if (!has_key(options.config, "listen")) yaml += "listen: 127.0.0.1:0\n";
  if (!has_key(options.config, "admin")) yaml += "admin: {listen: \"127.0.0.1:0\"}\n";
  if (!options.upstream.empty()) {
    yaml += "upstream: {address: \"" + options.upstream + "\"}\n";
  }
  return yaml + options.config;
}

}  // namespace

WeirProcess::WeirProcess(const std::string& binary, const WeirOptions& options) {
  ProcessOptions process;
  process.command = {binary, "run", "-c", folder_.write("weir.yaml", whole_config(options))};
  process.command.insert(process.command.end(), options.arguments.begin(), options.arguments.end());
  process.environment = options.environment;
  process.max_descriptors = options.max_descriptors;
  process.max_memory = options.max_memory;
  process_ = std::make_unique<Process>(std::move(process));
  std::optional<std::string> listening = process_->wait_for(kListening);
  std::optional<std::string> admin = process_->wait_for(kAdmin);
  if (!listening || !admin) {
    throw std::runtime_error("weir does not say where it listens: " + process_->output() +
                             process_->errors());
  }
  address_ = parse_address(*listening);
  admin_ = parse_address(*admin);
}

// Whatever the test looked at: a weir that died, or that a sanitizer complains of, fails it.
WeirProcess::~WeirProcess() {
  if (process_->running()) {
    process_->signal(SIGTERM);
    process_->signal(SIGINT);  // a second one: at once
    const std::optional<int> code = process_->wait(kPatience);
    EXPECT_TRUE(code == 0 || code == 3)
        << "weir ended with " << code.value_or(-1) << ": " << errors();
  }
  const std::string said = errors();
  for (const char* complaint : {"Sanitizer", "runtime error:", "Assertion"}) {
    EXPECT_EQ(said.find(complaint), std::string::npos) << said;
  }
}

std::string WeirProcess::url(const std::string& target) const {
  return "http://" + address_.text() + target;
}

std::string WeirProcess::admin_get(const std::string& target) const {
  ClientRequest request;
  request.target = target;
  request.headers.add("Host", admin_.text());
  Response response = fetch(admin_, request);
  if (response.status != 200) {
    throw std::runtime_error("the admin plane answers " + std::to_string(response.status) + " " +
                             response.reason + " to " + target + "; weir says: " + errors());
  }
  return response.body;
}

Samples WeirProcess::metrics() const { return Samples(admin_get("/metrics")); }

bool WeirProcess::metrics_reach(const std::function<bool(const Samples&)>& condition,
                                milliseconds bound) const {
  return eventually([&] { return condition(metrics()); }, bound);
}

bool WeirProcess::idle(milliseconds bound) const {
  return metrics_reach([](const Samples& s) { return s.sum("weir_requests_inside") == 0; }, bound);
}

std::optional<int> WeirProcess::stop(milliseconds bound) {
  process_->signal(SIGTERM);
  return process_->wait(bound);
}

Finished run_weir(const std::string& binary, std::vector<std::string> arguments,
                  milliseconds bound) {
  ProcessOptions options;
  options.command = {binary};
  options.command.insert(options.command.end(), arguments.begin(), arguments.end());
  return run_process(std::move(options), bound);
}

}  // namespace weir::testing
