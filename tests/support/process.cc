#include "tests/support/process.h"

#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <fstream>
#include <mutex>
#include <poll.h>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace weir::testing {
namespace {

constexpr std::size_t kKept = 4 << 20;

std::string look_up(const std::string& name) {
  if (name.find('/') != std::string::npos) return access(name.c_str(), X_OK) == 0 ? name : "";
  const char* path = std::getenv("PATH");
  std::istringstream folders(std::string(path ? path : "/usr/bin:/bin") + ":/usr/sbin:/sbin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::string full = folder + "/" + name;
    if (access(full.c_str(), X_OK) == 0) return full;
  }
  return "";
}

struct Pipe {
  int read = -1, write = -1;
  Pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    read = ends[0];
    write = ends[1];
  }
};

std::uint64_t status_bytes(pid_t pid, std::string_view field) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field)) return std::stoull(line.substr(field.size())) << 10;
  }
  return 0;
}

}  // namespace

// Reads both streams and feeds the input, on a thread of its own.
class Process::Reader {
 public:
  Reader(int out, int err, int in, std::string input)
      : fds_{out, err, in}, input_(std::move(input)), thread_([this] { run(); }) {}
  // The pipes end with the process, unless it left children behind that hold them.
  ~Reader() {
    ::close(stop_.write);
    thread_.join();
    ::close(stop_.read);
  }

  std::string text(std::size_t stream) {
    std::lock_guard lock(mutex_);
    return texts_[stream];
  }

  // Waits for something new, or the end of both.
  bool wait_for_more(std::uint64_t& seen, milliseconds bound) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, bound, [&] { return version_ != seen || done_; });
    bool more = version_ != seen;
    seen = version_;
    return more;
  }
  bool done() {
    std::lock_guard lock(mutex_);
    return done_;
  }

 private:
  void run() {
    fcntl(fds_[2], F_SETFL, O_NONBLOCK);
    if (input_.empty()) close_end(2);
    while (fds_[0] >= 0 || fds_[1] >= 0) {
      std::array<pollfd, 4> polled = {pollfd{fds_[0], POLLIN, 0}, pollfd{fds_[1], POLLIN, 0},
                                      pollfd{fds_[2], POLLOUT, 0}, pollfd{stop_.read, POLLIN, 0}};
      if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) break;
      for (std::size_t i = 0; i < 2; ++i) {
        if (polled[i].revents) take(i);
      }
      if (polled[2].revents) feed();
      if (polled[3].revents) break;
    }
    for (std::size_t i = 0; i < fds_.size(); ++i) close_end(i);
    std::lock_guard lock(mutex_);
    done_ = true;
    changed_.notify_all();
  }

  void take(std::size_t i) {
    std::array<char, 16384> block;
    ssize_t n = ::read(fds_[i], block.data(), block.size());
    if (n < 0 && errno == EINTR) return;
    if (n <= 0) return close_end(i);
    std::lock_guard lock(mutex_);
    texts_[i].append(block.data(), static_cast<std::size_t>(n));
    if (texts_[i].size() > kKept) texts_[i].erase(0, texts_[i].size() - kKept);
    ++version_;
    changed_.notify_all();
  }

  void feed() {
    ssize_t n = ::write(fds_[2], input_.data(), input_.size());
    if (n > 0) input_.erase(0, static_cast<std::size_t>(n));
    if (input_.empty() || (n < 0 && errno != EAGAIN)) close_end(2);
  }

  void close_end(std::size_t i) {
    if (fds_[i] >= 0) ::close(fds_[i]);
    fds_[i] = -1;
  }

  std::array<int, 3> fds_;
  Pipe stop_;
  std::string input_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::array<std::string, 2> texts_;
  std::uint64_t version_ = 0;
  bool done_ = false;
  std::thread thread_;
};

Process::Process(ProcessOptions options) {
  std::string program = look_up(options.command.at(0));
  if (program.empty()) throw std::runtime_error("no such program: " + options.command[0]);
  std::vector<char*> arguments;
  for (std::string& a : options.command) arguments.push_back(a.data());
  arguments.push_back(nullptr);
  std::vector<std::string> variables;
  for (char** e = environ; *e; ++e) {
    std::string name(*e, std::strcspn(*e, "="));
    if (!options.environment.contains(name)) variables.emplace_back(*e);
  }
  for (auto& [name, value] : options.environment) variables.push_back(name + "=" + value);
  std::vector<char*> environment;
  for (std::string& v : variables) environment.push_back(v.data());
  environment.push_back(nullptr);

  Pipe in, out, err;
  pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  if (pid_ == 0) {  // from here to exec: only what is safe after a fork among threads
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    dup2(in.read, 0);
    dup2(options.output_to >= 0 ? options.output_to : out.write, 1);
    dup2(options.errors_to >= 0 ? options.errors_to : err.write, 2);
    ::signal(SIGPIPE, SIG_DFL);
    if (options.max_descriptors > 0) {
      rlimit limit{options.max_descriptors, options.max_descriptors};
      setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (options.max_memory > 0) {
      rlimit limit{options.max_memory, options.max_memory};
      setrlimit(RLIMIT_AS, &limit);
    }
    execve(program.c_str(), arguments.data(), environment.data());
    _exit(127);
  }
  ::close(in.read);
  ::close(out.write);
  ::close(err.write);
  reader_ = std::make_unique<Reader>(out.read, err.read, in.write, std::move(options.input));
}

Process::~Process() { kill(); }

bool Process::running() { return !wait(milliseconds(0)); }

void Process::signal(int number) {
  if (!code_) ::kill(pid_, number);
}

std::optional<int> Process::wait(milliseconds bound) {
  if (code_) return code_;
  eventually(
      [this] {
        int status = 0;
        if (waitpid(pid_, &status, WNOHANG) != pid_) return false;
        code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return true;
      },
      bound);
  if (code_) eventually([this] { return reader_->done(); }, milliseconds(1000));
  return code_;
}

void Process::kill() {
  if (code_) return;
  ::kill(pid_, SIGKILL);
  wait(milliseconds(60'000));
}

std::string Process::output() const { return reader_->text(0); }
std::string Process::errors() const { return reader_->text(1); }

std::optional<std::string> Process::wait_for(const std::string& expression, milliseconds bound) {
  std::regex regex(expression, std::regex::ECMAScript | std::regex::multiline);
  Deadline deadline(bound);
  for (std::uint64_t seen = 0;;) {
    bool more = reader_->wait_for_more(seen, deadline.left());
    for (const std::string& text : {output(), errors()}) {
      std::smatch match;
      if (std::regex_search(text, match, regex)) return match.size() > 1 ? match[1] : match[0];
    }
    if (!more && (deadline.over() || reader_->done())) return std::nullopt;
  }
}

std::uint64_t Process::resident_bytes() const { return status_bytes(pid_, "VmRSS:"); }
std::uint64_t Process::peak_resident_bytes() const { return status_bytes(pid_, "VmHWM:"); }
std::uint64_t Process::address_space_bytes() const { return status_bytes(pid_, "VmSize:"); }

void Process::limit_memory(std::uint64_t bytes) {
  const rlimit limit{bytes, bytes};
  if (prlimit(pid_, RLIMIT_AS, &limit, nullptr) != 0) throw std::runtime_error("cannot limit");
}

milliseconds Process::processor_time() const {
  std::string stat;
  std::getline(std::ifstream("/proc/" + std::to_string(pid_) + "/stat"), stat);
  std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return milliseconds(0);
  std::istringstream fields(stat.substr(name_end + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;  // state … cmajflt; then utime, stime (proc(5))
  long user = 0, system = 0;
  fields >> user >> system;
  return milliseconds((user + system) * 1000 / sysconf(_SC_CLK_TCK));
}

std::size_t Process::descriptors() const {
  DIR* folder = opendir(("/proc/" + std::to_string(pid_) + "/fd").c_str());
  if (!folder) return 0;
  std::size_t count = 0;
  while (dirent* entry = readdir(folder)) count += entry->d_name[0] != '.';
  closedir(folder);
  return count;
}

std::string find_program(const std::string& name, const std::string& package) {
  std::string path = look_up(name);
  if (path.empty()) {
    throw std::runtime_error("`" + name + "` is missing: apt-get install " + package);
  }
  return path;
}

Finished run_process(ProcessOptions options, milliseconds bound) {
  Process process(std::move(options));
  std::optional<int> code = process.wait(bound);
  if (!code) process.kill();
  return {code.value_or(-1), process.output(), process.errors()};
}

}  // namespace weir::testing
