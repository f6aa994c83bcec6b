// SPDX-License-Identifier: Apache-2.0
#include "campaign/explore/explorer_entry.h"

#include "vmm/arch/host.h"

namespace remapstorm {

EntryState entry_of(const CpuState& state, const GuestMemory& memory, Gva target) {
  if (target.value == 0) return EntryState::unknown;
  return walk(kHostIsa, state.space, memory, target).present() ? EntryState::present : EntryState::clear;
}

EntryWatch::Phase EntryWatch::look(const CpuState& state, const GuestMemory& memory) {
  const PageWalk walked = walk(kHostIsa, state.space, memory, target_);
  if (!walked.physical) {
    if (!over()) phase_ = Phase::absent;
    return phase_;
  }
  const Mapping now{*walked.physical, walked.steps.size()};
  if (phase_ == Phase::absent) phase_ = Phase::made;
  if (phase_ == Phase::before && first_ && *first_ != now) phase_ = Phase::replaced;
  if (!first_) first_ = now;
  return phase_;
}

}  // namespace remapstorm
