// SPDX-License-Identifier: Apache-2.0
#include "campaign/cpu_quota.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "campaign/worker_pool.h"

namespace remapstorm {
namespace {

// What a process sees of control groups, below a folder of its own.
class Host {
 public:
  Host() : root_(testing::TempDir() + "cgroups-of-" + std::to_string(::getpid())) {}
  ~Host() { std::filesystem::remove_all(root_); }
  Host& file(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text << "\n";
    return *this;
  }
  [[nodiscard]] const std::string& root() const { return root_; }

 private:
  std::string root_;
};

constexpr const char* kVersion2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate";
constexpr const char* kVersion1 =
    "29 23 0:25 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "31 23 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "32 23 0:28 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset";

TEST(CpuQuota, IsThatOfTheGroup) {
  Host host;
  host.file("/proc/self/mountinfo", kVersion2).file("/proc/self/cgroup", "0::/user/one");
  host.file("/sys/fs/cgroup/user/one/cpu.max", "150000 100000");
  EXPECT_EQ(cpu_quota(host.root()), 1.5);
  host.file("/sys/fs/cgroup/user/one/cpu.max", "max 100000");
  EXPECT_EQ(cpu_quota(host.root()), std::nullopt);
}

TEST(CpuQuota, AGroupAboveLimitsAsWell) {
  Host host;
  host.file("/proc/self/mountinfo", kVersion2).file("/proc/self/cgroup", "0::/user/one/two");
  host.file("/sys/fs/cgroup/user/one/two/cpu.max", "400000 100000");
  host.file("/sys/fs/cgroup/user/cpu.max", "25000 50000");
  EXPECT_EQ(cpu_quota(host.root()), 0.5);
}

// The top of a container is a group that limits it.
TEST(CpuQuota, InAContainerTheMountItselfIsTheGroup) {
  Host host;
  host.file("/proc/self/mountinfo", kVersion2).file("/proc/self/cgroup", "0::/");
  host.file("/sys/fs/cgroup/cpu.max", "300000 100000");
  EXPECT_EQ(cpu_quota(host.root()), 3.0);
  host.file("/proc/self/cgroup", "0::/../elsewhere");
  EXPECT_EQ(cpu_quota(host.root()), 3.0);
}

TEST(CpuQuota, OfVersionOne) {
  Host host;
  host.file("/proc/self/mountinfo", kVersion1);
  host.file("/proc/self/cgroup", "5:cpuset:/other\n4:cpu,cpuacct:/a/b\n3:memory:/m\n0::/");
  host.file("/sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_quota_us", "-1");
  host.file("/sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_period_us", "100000");
  EXPECT_EQ(cpu_quota(host.root()), std::nullopt);
  host.file("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "10000");
  host.file("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000");
  EXPECT_EQ(cpu_quota(host.root()), 0.1);
}

TEST(CpuQuota, OfVersionOneInAContainerThatSeesItsPathOutside) {
  Host host;
  host.file("/proc/self/mountinfo",
            "31 23 0:27 /docker/12\\040ab /sys/fs/my\\040cpu ro - cgroup cgroup rw,cpu,cpuacct");
  host.file("/proc/self/cgroup", "4:cpuacct,cpu:/docker/12 ab/inner");
  host.file("/sys/fs/my cpu/cpu.cfs_quota_us", "200000").file("/sys/fs/my cpu/cpu.cfs_period_us", "100000");
  EXPECT_EQ(cpu_quota(host.root()), 2.0);
}

TEST(CpuQuota, WhatCannotBeReadIsNone) {
  Host host;
  EXPECT_EQ(cpu_quota(host.root()), std::nullopt);
  host.file("/proc/self/mountinfo", "nonsense\n1 2\n - \n - cgroup2").file("/proc/self/cgroup", "x\n0:\n0::/a");
  EXPECT_EQ(cpu_quota(host.root()), std::nullopt);
  host.file("/proc/self/mountinfo", kVersion2);
  for (const char* text : {"", "max", "100000", "x 100000", "0 100000", "100000 0", "-1 100000"}) {
    host.file("/sys/fs/cgroup/a/cpu.max", text);
    EXPECT_EQ(cpu_quota(host.root()), std::nullopt) << text;
  }
}

TEST(UsableCpus, AreThoseAllowedAndAsManyAsTheQuotaKeepsBusy) {
  EXPECT_EQ(usable_cpus(8, std::nullopt), 8U);
  EXPECT_EQ(usable_cpus(8, 2.0), 2U);
  EXPECT_EQ(usable_cpus(8, 3.9), 3U);
  EXPECT_EQ(usable_cpus(8, 0.1), 1U);
  EXPECT_EQ(usable_cpus(2, 16.0), 2U);
  EXPECT_EQ(usable_cpus(0, 1e30), 1U);
}

}  // namespace
}  // namespace remapstorm
