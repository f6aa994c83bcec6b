// SPDX-License-Identifier: Apache-2.0
// WorkerPool: numbered pieces of work on several threads, as many at a time as the host can carry.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <optional>

#include "base/result.h"

namespace remapstorm {

struct WorkerPool {
  unsigned places = 1;  // at least 1: so much weight at a time, and so many threads
  // Places that a piece takes, from 1; more than there are counts as all. Empty: each takes one.
  std::function<unsigned(std::size_t number)> weight;
  // Before each piece, on its thread; may be empty. An error: this worker takes no more pieces. One less is only
  // slower; of the last one it ends the pool's work.
  std::function<Status(unsigned worker)> ready;
  // Does one piece on thread `worker` (below `places`). An error ends the pool's work.
  std::function<Status(unsigned worker, std::size_t number)> work;
  std::function<void()> tick;  // about ten times a second, from the calling thread; may be empty
};

// Pieces 0 to count - 1 are begun in their order, until all are done, `stop` is true, or one returned an error: that
// error. Returns when nobody works any more.
Status work_through(std::size_t count, const WorkerPool& pool, const std::atomic<bool>& stop);

// Processors that this process can keep busy, at least 1: those of its affinity mask (in the lab one fewer than there
// are), and no more than the quota of its control groups pays for.
unsigned host_cpus();
// Pure. `quota`: see cpu_quota().
unsigned usable_cpus(unsigned allowed, std::optional<double> quota);
// Guests of `cpus` vCPUs that a host with `host_cpus` processors carries at a time without keeping vCPUs waiting.
unsigned guests_at_a_time(unsigned host_cpus, unsigned cpus);

}  // namespace remapstorm
