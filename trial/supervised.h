// SPDX-License-Identifier: Apache-2.0
// SupervisedMachine: as much of a machine as its supervisor sees.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/clock.h"
#include "telemetry/event.h"
#include "trial/trigger.h"

namespace remapstorm {

// Where the guest has come to. Only ever grows within a trial.
struct MachineState {
  bool ready = false;
  bool done = false;                // every workload ended
  bool dead = false;                // panic, triple fault, power-off, host failure: nothing more will come
  bool held = false;                // something of ours keeps a vCPU from going on right now
  std::uint64_t moves = 0;          // events seen; standing still means no progress
  Nanoseconds given{0};             // time the host really gave the guest since the trial began (GivenTime)
  Nanoseconds attended{0};          // the same by the clock, without times in which nobody could look
  bool caught_ready = false;        // catch_ready: stands there now
  std::optional<Candidate> caught;  // catch_at said yes
};

class SupervisedMachine {
 public:
  virtual ~SupervisedMachine() = default;

  // Waits at most `longest`, pumps the rings, ends what is due; says where the guest is.
  virtual MachineState turn(Nanoseconds longest) = 0;
  // Stops all vCPUs, logs a SampleEvent of each, lets them go on. `locks`: words to read along.
  virtual void sample(const std::string& reason, unsigned round, const std::vector<Gva>& locks) = 0;
  // CPU time that each of these vCPUs at least has used since the last sample().
  virtual Nanoseconds ran_since_sample(const std::vector<int>& vcpus) = 0;
  // Bytes that the guest has written to its console since it booted.
  [[nodiscard]] virtual std::uint64_t console_written() const = 0;
  // Logs, under the lock.
  virtual void milestone(LifecycleEvent::What what, const std::string& detail) = 0;
  void milestone(LifecycleEvent::What what) { milestone(what, {}); }
  // What orders the log and whoever hears it.
  [[nodiscard]] virtual std::unique_lock<std::mutex> lock() = 0;
  // Calls `ask` under it: for what the log's sinks have gathered.
  template <typename Ask>
  auto locked(Ask ask) {
    const auto held = lock();
    return ask();
  }
};

}  // namespace remapstorm
