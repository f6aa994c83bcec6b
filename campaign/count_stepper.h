// SPDX-License-Identifier: Apache-2.0
// CountStepper: steps one vCPU and counts what it executes: instructions (step_count.h), and interrupts that it sends.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "campaign/explore/explorer_walk.h"
#include "results/step_count.h"
#include "trial/machine.h"
#include "vmm/disassembler.h"
#include "vmm/exclusive_sequence.h"
#include "vmm/instruction_role.h"
#include "vmm/memory_access.h"

namespace remapstorm {

inline constexpr std::uint64_t kCountedPage = 4096;  // what an entry maps

// Of the vmemmap, whose entries a remap changes.
struct CountedRange {
  Gva start;
  std::uint64_t bytes = 0;
};

class CountStepper {
 public:
  // All must outlive it. The machine is frozen, or `vcpu` by hand.
  CountStepper(Machine& machine, const Symbols& symbols, unsigned vcpu, const Disassembler& disassembler,
               const MemoryAccessDecoder& decoder)
      : machine_(machine), symbols_(symbols), vcpu_(vcpu), disassembler_(disassembler), decoder_(decoder) {}

  StepCount count;
  std::uint64_t interrupts = 0, nmis = 0;  // sent, to whomever

  // One instruction; what came of it. Errors: host; usage (the guest sleeps there, or cannot be stepped).
  Result<Stepped> step(const CountedRange& range);
  // Stands behind the entry of a fault's handler and has not branched: counts anew, from that entry on.
  void count_from(Gva entry, const CpuState& state);
  // Whether an entry of `range` is invalid.
  [[nodiscard]] bool clear(const CpuState& state, const CountedRange& range) const;

 private:
  struct Known {
    std::vector<std::uint8_t> code;
    InstructionRole role = InstructionRole::plain;
    Gva returns_to;                             // of a call; else 0
    std::optional<ExclusiveSequence> sequence;  // that it begins
    bool writes = false;
    std::string source;  // of a store: the register or number stored
  };
  const Known& instruction_at(const CpuState& state);
  // What a step over a sequence executed behind its load.
  void count_inside(const ExclusiveSequence& sequence, const CpuState& state, Gva left_to, const CountedRange& range);
  Gva behind(const CpuState& state);
  Status note_sent(const CpuState& state, const Known& known);

  Machine& machine_;
  const Symbols& symbols_;
  unsigned vcpu_;
  const Disassembler& disassembler_;
  const MemoryAccessDecoder& decoder_;
  std::map<Gva, Known> known_;
};

}  // namespace remapstorm
