// SPDX-License-Identifier: Apache-2.0
// Inspector: a look at a vCPU that stands still: registers, symbolised backtrace, disassembly around its pc.
#pragma once

#include <optional>
#include <vector>

#include "telemetry/event.h"
#include "vmm/disassembler.h"
#include "vmm/memory.h"
#include "vmm/symbols.h"
#include "vmm/vcpu.h"

namespace remapstorm {

class Inspector {
 public:
  // Both must outlive this.
  static Result<Inspector> create(const Symbols& symbols, const GuestMemory& memory);

  // Nobody may be inside run() of this vCPU. Fills pc, flags, mode, backtrace and disassembly. A vCPU whose registers
  // cannot be read gives a sample without them.
  [[nodiscard]] SampleEvent look(const Vcpu& vcpu) const;
  // Instructions around any pc, read through this vCPU's page tables.
  [[nodiscard]] std::vector<DisassembledLine> lines_around(const Vcpu& vcpu, Gva pc) const;
  // A 32-bit word of guest kernel memory as this vCPU sees it.
  [[nodiscard]] std::optional<std::uint32_t> word(const Vcpu& vcpu, Gva address) const;
  // One sentence for an instruction KVM could not run.
  [[nodiscard]] std::string explain(const HostErrorStop& stop) const;
  [[nodiscard]] std::string where(Gva pc) const { return symbols_->describe(pc); }

 private:
  Inspector(const Symbols& symbols, const GuestMemory& memory, Disassembler disassembler)
      : symbols_(&symbols), memory_(&memory), disassembler_(std::move(disassembler)) {}

  const Symbols* symbols_;
  const GuestMemory* memory_;
  Disassembler disassembler_;
};

}  // namespace remapstorm
