// SPDX-License-Identifier: Apache-2.0
// StolenTime: how long the machine outside kept the processors of this host waiting. The lab is a host whose processors
// are threads of QEMU on another machine; its own Linux cannot tell when they do not run, the other one's can.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "harness/host_share.h"

namespace remapstorm {

class StolenTime {
 public:
  // `tasks`: /proc/PID/task of that QEMU, as it is seen from in here (lab/x86/init). Errors: host, if there is none.
  // The clock must outlive this.
  static Result<std::unique_ptr<StolenTime>> of_threads(const std::string& tasks, const Clock& clock);

  // Of the thread that waited longest, in all. Never less than before. Any thread; asks the machine outside at most
  // every 10 ms, which takes about 1 ms.
  Nanoseconds read();

 private:
  explicit StolenTime(const Clock& clock) : clock_(clock) {}

  const Clock& clock_;
  std::mutex mutex_;  // below
  std::vector<RunDelay> threads_;
  std::optional<Nanoseconds> asked_;
  Nanoseconds longest_{0};
};

}  // namespace remapstorm
