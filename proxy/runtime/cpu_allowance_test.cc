#include "proxy/runtime/cpu_allowance.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace weir {
namespace {

// A machine as far as cgroups go, made of files.
class Machine {
 public:
  Machine& file(const std::string& path, const std::string& content) {
    const std::filesystem::path at = folder_.path() + path;
    std::filesystem::create_directories(at.parent_path());
    std::ofstream(at) << content;
    return *this;
  }
  // `part`: of the hierarchy, that is mounted.
  Machine& v2(const std::string& place, const std::string& part = "/") {
    return file("/proc/self/cgroup", "0::" + place + "\n")
        .file("/proc/self/mountinfo",
              "22 1 0:1 / / rw - ext4 /dev/sda rw\n"
              "31 22 0:2 " +
                  part + " /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n");
  }
  Machine& v1(const std::string& place, const std::string& part = "/") {
    return file("/proc/self/cgroup",
                "4:memory:/elsewhere\n3:cpu,cpuacct:" + place + "\n1:name=systemd:/\n0::/\n")
        .file("/proc/self/mountinfo",
              "30 22 0:4 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
              "31 22 0:2 " +
                  part +
                  " /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup "
                  "rw,cpu,cpuacct\n");
  }
  CpuAllowance read() const {
    CpuAllowance allowance = read_cpu_allowance(folder_.path());
    allowance.processors = 64;  // whatever this machine has
    return allowance;
  }

 private:
  testing::TempDir folder_;
};

TEST(CpuAllowance, QuotaOfCgroupV2) {
  const CpuAllowance allowance =
      Machine().v2("/").file("/sys/fs/cgroup/cpu.max", "300000 100000\n").read();
  EXPECT_EQ(allowance.workers(), 3);
  EXPECT_EQ(allowance.why(), "64 processors, CPU quota 3 (/sys/fs/cgroup/cpu.max)");
}

TEST(CpuAllowance, NoQuotaLeavesTheProcessors) {
  Machine machine;
  machine.v2("/a");
  EXPECT_EQ(machine.read().workers(), 64) << "no file: the controller is off";
  machine.file("/sys/fs/cgroup/a/cpu.max", "max 100000\n");
  EXPECT_EQ(machine.read().workers(), 64);
  EXPECT_EQ(machine.read().why(), "64 processors");
  EXPECT_EQ(Machine().read().workers(), 64) << "no cgroups at all";
}

TEST(CpuAllowance, QuotaIsRoundedDownToOneAtLeast) {
  for (const auto& [quota, workers] :
       std::initializer_list<std::pair<const char*, int>>{{"10000", 1},
                                                          {"100000", 1},
                                                          {"199999", 1},
                                                          {"200000", 2},
                                                          {"250000", 2},
                                                          {"99999999", 64}}) {
    const auto allowance =
        Machine().v2("/").file("/sys/fs/cgroup/cpu.max", std::string(quota) + " 100000\n").read();
    EXPECT_EQ(allowance.workers(), workers) << quota;
  }
}

TEST(CpuAllowance, LeastQuotaOfAllAncestorsCounts) {
  Machine machine;
  machine.v2("/pod/weir")
      .file("/sys/fs/cgroup/pod/weir/cpu.max", "800000 100000\n")
      .file("/sys/fs/cgroup/pod/cpu.max", "100000 50000\n")
      .file("/sys/fs/cgroup/cpu.max", "max 100000\n");
  EXPECT_EQ(machine.read().workers(), 2);
  EXPECT_EQ(machine.read().quota_from, "/sys/fs/cgroup/pod/cpu.max");
  machine.file("/sys/fs/cgroup/pod/weir/cpu.max", "100000 100000\n");
  EXPECT_EQ(machine.read().workers(), 1);
}

TEST(CpuAllowance, QuotaOfCgroupV1) {
  Machine machine;
  machine.v1("/docker/abc")
      .file("/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "-1\n")
      .file("/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(machine.read().workers(), 64);
  machine.file("/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_quota_us", "400000\n")
      .file("/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(machine.read().workers(), 4);
  EXPECT_EQ(machine.read().quota_from, "/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_quota_us");
}

// Of Docker without a cgroup namespace: the process sees the host's path, and only its own group
// mounted.
TEST(CpuAllowance, MountIsAPartOfTheHierarchy) {
  Machine machine;
  machine.v1("/docker/abc/inner", "/docker/abc")
      .file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "500000\n")
      .file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n")
      .file("/sys/fs/cgroup/cpu,cpuacct/inner/cpu.cfs_quota_us", "300000\n")
      .file("/sys/fs/cgroup/cpu,cpuacct/inner/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(machine.read().workers(), 3);
  machine.v1("/elsewhere", "/docker/abc");
  EXPECT_EQ(machine.read().workers(), 5) << "the nearest that can be seen";
}

TEST(CpuAllowance, NonsenseSetsNoQuota) {
  for (const char* content : {"", "x", "-5 100000", "0 100000", "100000 0", "100000", "nan nan"}) {
    EXPECT_EQ(Machine().v2("/").file("/sys/fs/cgroup/cpu.max", content).read().quota, 0) << content;
  }
  EXPECT_EQ(
      Machine().v2("/../../etc").file("/sys/fs/cgroup/cpu.max", "200000 100000").read().workers(),
      2);
}

TEST(CpuAllowance, ThisMachineHasAtLeastOne) {
  const CpuAllowance allowance = read_cpu_allowance();
  EXPECT_GE(allowance.processors, 1);
  EXPECT_GE(allowance.workers(), 1);
  EXPECT_LE(allowance.workers(), allowance.processors);
}

}  // namespace
}  // namespace weir
