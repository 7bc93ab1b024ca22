// weir as the process that users run, with a config of the test's, on ports of its own.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/client.h"
#include "tests/support/metrics_text.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace weir::testing {

struct WeirOptions {
  // YAML. `listen:` and `admin:` on port 0 are put before it unless it has its own, and `upstream:`
  // if the next field is not empty.
  std::string config = {};
  std::string upstream = {};
  std::vector<std::string> arguments = {};  // besides `run -c FILE`
  std::map<std::string, std::string> environment = {};
  std::uint64_t max_descriptors = 0;  // 0: as the test has it
  std::uint64_t max_memory = 0;       // of address space, the same
};

class WeirProcess {
 public:
  // `binary`: WEIR_BINARY. Waits until it listens; throws std::runtime_error with what it said if
  // it does not.
  WeirProcess(const std::string& binary, const WeirOptions& options);
  ~WeirProcess();  // ends it if it still runs; a sanitizer's complaint fails the test

  const Address& address() const { return address_; }
  const Address& admin() const { return admin_; }
  std::string url(const std::string& target = "/") const;  // of a TCP listener
  Process& process() { return *process_; }
  std::string errors() const { return process_->errors(); }
  std::string config_path() const { return folder_.file("weir.yaml"); }
  TempDir& folder() { return folder_; }

  // Of the admin plane. Throws std::runtime_error if it does not answer 200.
  std::string admin_get(const std::string& target) const;
  Samples metrics() const;
  // Until the condition holds of a scrape.
  bool metrics_reach(const std::function<bool(const Samples&)>& condition,
                     milliseconds bound = kPatience) const;
  // Until no request is inside; every one of a test's own must have ended then.
  bool idle(milliseconds bound = kPatience) const;

  // TERM; the exit code.
  std::optional<int> stop(milliseconds bound = kPatience);

 private:
  TempDir folder_;
  std::unique_ptr<Process> process_;
  Address address_;
  Address admin_;
};

// Runs weir with these arguments to its end.
Finished run_weir(const std::string& binary, std::vector<std::string> arguments,
                  milliseconds bound = kPatience);

}  // namespace weir::testing
