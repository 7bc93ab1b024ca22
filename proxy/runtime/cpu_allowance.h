// How many processors weir may keep busy: what `workers: auto` goes by.
//
// The least of: the CPU affinity (sched_getaffinity), and the CPU quota of weir's cgroup and of all
// its ancestors that can be seen from here, of cgroup v2 (cpu.max) and v1 (cpu.cfs_quota_us). A
// quota is rounded down, to 1 at least: a worker more than the quota pays for would have all of
// them stand still for the rest of each period once it is spent, which is what latency suffers
// from most (docs/decisions/0010).
#pragma once

#include <cstdint>
#include <string>

namespace weir {

struct CpuAllowance {
  std::int64_t processors = 1;   // by the affinity
  double quota = 0;              // in processors; 0: none
  std::string quota_from;        // the file that says so
  std::int64_t workers() const;  // at least 1

  std::string why() const;  // "2 processors, CPU quota 1.5 (/sys/fs/cgroup/…/cpu.max)"
};

// `root`: where /proc and the mount points of the cgroup file systems are looked for; for tests.
// What cannot be read or understood sets no quota.
CpuAllowance read_cpu_allowance(const std::string& root = "");

}  // namespace weir
