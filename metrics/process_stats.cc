#include "metrics/process_stats.h"

#include <cstdio>
#include <dirent.h>
#include <memory>
#include <sys/resource.h>
#include <unistd.h>

namespace weir {
namespace {

double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
}

int close_file(std::FILE* file) { return std::fclose(file); }

void read_memory(ProcessStats& numbers) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/statm", "re"),
                                                             close_file);
  unsigned long size = 0;
  unsigned long resident = 0;
  if (!file || std::fscanf(file.get(), "%lu %lu", &size, &resident) != 2) return;
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  numbers.virtual_bytes = static_cast<double>(size) * page;
  numbers.resident_bytes = static_cast<double>(resident) * page;
}

double count_entries(const char* path) {
  DIR* const directory = opendir(path);
  if (directory == nullptr) return 0;
  double count = 0;
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] != '.') ++count;
  }
  closedir(directory);
  return count;
}

}  // namespace

ProcessStats read_process_numbers() {
  ProcessStats numbers;
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    numbers.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    numbers.max_descriptors = static_cast<double>(limit.rlim_cur);
  }
  // The folder itself is open while its entries are counted.
  const double open = count_entries("/proc/self/fd");
  numbers.open_descriptors = open > 0 ? open - 1 : 0;
  numbers.threads = count_entries("/proc/self/task");
  read_memory(numbers);
  return numbers;
}

}  // namespace weir
