// SPDX-License-Identifier: Apache-2.0
// EntryWatch: follows one entry through an update, by reading the guest's page tables after each instruction.
#pragma once

#include <optional>

#include "results/certificate.h"
#include "vmm/cpu_state.h"
#include "vmm/memory.h"
#include "vmm/page_walk.h"

namespace remapstorm {

// Whether `target` is mapped; unknown for target 0.
EntryState entry_of(const CpuState& state, const GuestMemory& memory, Gva target);

class EntryWatch {
 public:
  // Of the entry that maps `target`.
  explicit EntryWatch(Gva target) : target_(target) {}

  enum class Phase : std::uint8_t {
    before,    // as at the first look
    absent,    // the window is open
    made,      // it was absent and is there again
    replaced,  // it maps something else and was never seen absent
  };
  // `state`: of a vCPU that stands still between two instructions.
  Phase look(const CpuState& state, const GuestMemory& memory);
  [[nodiscard]] Phase phase() const { return phase_; }
  [[nodiscard]] bool over() const { return phase_ == Phase::made || phase_ == Phase::replaced; }

 private:
  struct Mapping {
    Gpa physical;
    std::size_t levels = 0;  // a leaf that was split maps the same page
    bool operator==(const Mapping&) const = default;
  };
  Gva target_;
  std::optional<Mapping> first_;
  Phase phase_ = Phase::before;
};

}  // namespace remapstorm
