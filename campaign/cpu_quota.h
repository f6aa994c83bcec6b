// SPDX-License-Identifier: Apache-2.0
// CpuQuota: how much processor time this process's control groups allow it. A container with a quota sees all
// processors in its affinity mask and is throttled when it uses them.
#pragma once

#include <optional>
#include <string>

namespace remapstorm {

// Processors' worth of time, above 0: the least that the group of this process or one above it allows, as far as they
// can be seen from in here. Nothing if none has a quota, or none can be read. Source: cpu.max of version 2
// (Documentation/admin-guide/cgroup-v2.rst), cpu.cfs_quota_us and cpu.cfs_period_us of version 1
// (Documentation/scheduler/sched-bwc.rst), found through /proc/self/cgroup and mountinfo. `root` stands before every
// path, for tests.
std::optional<double> cpu_quota(const std::string& root = {});

}  // namespace remapstorm
