// SPDX-License-Identifier: Apache-2.0
// BootedGuests: guests at their ready doorbell, where nothing of a trial has begun: a machine is booted once and every
// later trial goes on from there. They are remembered while the program runs, and in a SnapshotStore beyond that.
//
// Nothing here may fail a trial: what cannot be read or kept is told, and the guest boots.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "trial/machine.h"
#include "trial/snapshot_store.h"

namespace remapstorm {

class BootedGuests {
 public:
  using Tell = std::function<void(const std::string& line)>;

  // `common`: what all machines of this run share; the rest of the identity comes with each machine. `counter_khz`:
  // rate of the guests' counter. `tell`: hears of what was refused or could not be kept; any thread's business.
  BootedGuests(BootIdentity common, SnapshotStore store, std::uint64_t counter_khz, Tell tell)
      : common_(std::move(common)), store_(std::move(store)), khz_(counter_khz), tell_(std::move(tell)) {}

  // Null if this machine has to boot. Stays until the next keep() or drop().
  const MachineSnapshot* find(const MachineConfig& config);
  void keep(const MachineConfig& config, MachineSnapshot snapshot);
  // It was no good.
  void drop(const MachineConfig& config, const std::string& why);

 private:
  [[nodiscard]] BootIdentity identity_of(const MachineConfig& config) const;

  BootIdentity common_;
  SnapshotStore store_;
  std::uint64_t khz_;
  Tell tell_;
  std::map<std::string, MachineSnapshot> known_;  // by SnapshotStore's file name
};

// What of a MachineSnapshot is beside the guest, as the note of a file. Error: usage, for a note that is none.
std::string note_of(const MachineSnapshot& snapshot);
Result<MachineSnapshot> with_note(StoredSnapshot stored, unsigned cpus, std::uint64_t counter_khz);

}  // namespace remapstorm
