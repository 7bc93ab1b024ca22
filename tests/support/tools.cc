#include "tests/support/tools.h"

#include <regex>

#include "tests/support/client.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace weir::testing {
namespace {

std::uint64_t number(const std::string& text, const std::string& expression) {
  std::smatch match;
  return std::regex_search(text, match, std::regex(expression)) ? std::stoull(match[1]) : 0;
}

}  // namespace

CurlResult run_curl(std::vector<std::string> arguments, milliseconds bound) {
  // Raw: the answer with its framing, as it came, for Beast to read.
  std::vector<std::string> command = {
      find_program("curl", "curl"),        "-i", "-sS", "--raw", "--noproxy", "*", "--max-time",
      std::to_string(bound.count() / 1000)};
  command.insert(command.end(), arguments.begin(), arguments.end());
  ProcessOptions process;
  process.command = std::move(command);
  Finished done = run_process(std::move(process), bound + milliseconds(5000));
  CurlResult result;
  result.code = done.code;
  result.errors = done.errors;
  bool head_only = false;
  for (const std::string& a : arguments) head_only = head_only || a == "-I" || a == "--head";
  result.response = parse_response(done.output, nullptr, head_only);
  return result;
}

WrkResult run_wrk(const WrkOptions& options) {
  TempDir folder;
  ProcessOptions process;
  process.command = {find_program("wrk", "wrk"),
                     "-t1",
                     "-c" + std::to_string(options.connections),
                     "-d" + std::to_string(options.seconds) + "s",
                     "--timeout",
                     "10s"};
  for (const std::string& header : options.headers) {
    process.command.insert(process.command.end(), {"-H", header});
  }
  if (!options.script.empty()) {
    process.command.insert(process.command.end(), {"-s", folder.write("wrk.lua", options.script)});
  }
  process.command.push_back(options.url);
  Finished done =
      run_process(std::move(process), std::chrono::seconds(options.seconds) + kPatience);
  WrkResult result;
  result.code = done.code;
  result.output = done.output + done.errors;
  result.requests = number(result.output, R"((\d+) requests in)");
  result.errors = number(result.output, R"(Non-2xx or 3xx responses: (\d+))");
  for (const char* kind : {"connect", "read", "write"}) {
    result.socket_errors += number(result.output, std::string(kind) + R"( (\d+))");
  }
  result.timeouts = number(result.output, R"(timeout (\d+))");
  return result;
}

}  // namespace weir::testing
