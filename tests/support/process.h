// A child process: its output caught, its end certain.
//
// Owner: the test. The destructor kills what still runs, by its pid, and the kernel kills it if the
// thread that started it dies (PR_SET_PDEATHSIG: so start processes from the test's own thread).
// Bounds: the last 4 MiB of each stream are kept; a thread of the object's own reads them, so that
// the child is never stopped by a full pipe.
#pragma once

#include <csignal>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "tests/support/wait.h"

namespace weir::testing {

struct ProcessOptions {
  std::vector<std::string> command;  // the program (looked up in PATH and /usr/sbin), its arguments
  std::map<std::string, std::string> environment = {};  // besides the test's own
  std::string input = {};  // for its standard input, which is then closed
  // Descriptors to use instead of the object's own pipes; -1: these.
  int output_to = -1, errors_to = -1;
  std::uint64_t max_descriptors = 0;  // RLIMIT_NOFILE, soft and hard; 0: as the test has it
  std::uint64_t max_memory = 0;       // RLIMIT_AS, the same
};

class Process {
 public:
  // Throws std::runtime_error if the program is not there, naming it.
  explicit Process(ProcessOptions options);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  bool running();
  void signal(int number);

  // Waits for the end. The exit code, 128 + the signal's number, or none if the bound is over.
  std::optional<int> wait(milliseconds bound = kPatience);
  void kill();  // KILL, and waits for the end

  std::string output() const;  // standard output so far
  std::string errors() const;  // standard error so far
  // Waits until a line of either stream matches the regular expression (ECMAScript, searched for);
  // returns the first group, or the whole match if there is none. None if the bound is over or
  // the process ended without it.
  std::optional<std::string> wait_for(const std::string& expression,
                                      milliseconds bound = kPatience);

  // Of the kernel's account, in bytes; 0 if it is gone.
  std::uint64_t resident_bytes() const;
  std::uint64_t peak_resident_bytes() const;
  std::uint64_t address_space_bytes() const;
  // It gets no more address space than this from now on.
  void limit_memory(std::uint64_t bytes);
  // The processor time that it has used.
  milliseconds processor_time() const;
  // Descriptors that it has open.
  std::size_t descriptors() const;

 private:
  class Reader;
  pid_t pid_ = -1;
  std::optional<int> code_;
  std::unique_ptr<Reader> reader_;
};

// The full path of a program, or throws std::runtime_error saying which Debian package has it.
std::string find_program(const std::string& name, const std::string& package);

// Runs to the end.
struct Finished {
  int code = -1;  // as Process::wait; -1: did not end in time, and was killed
  std::string output;
  std::string errors;
};
Finished run_process(ProcessOptions options, milliseconds bound = kPatience);

}  // namespace weir::testing
