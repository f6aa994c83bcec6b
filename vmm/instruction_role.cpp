// SPDX-License-Identifier: Apache-2.0
#include "vmm/instruction_role.h"

#include "vmm/arch/arch.h"

namespace remapstorm {

InstructionRole role_of(Isa isa, std::span<const std::uint8_t> code) { return arch_of(isa).role(code); }

std::optional<Branch> branch_of(Isa isa, std::span<const std::uint8_t> code, Gva pc) {
  return arch_of(isa).branch(code, pc);
}

std::optional<SentInterrupt> sent_interrupt(Isa isa, std::span<const std::uint8_t> code, const RegisterValue& value) {
  return arch_of(isa).sent_interrupt(code, value);
}

std::optional<SentInterrupt> sent_by_store(Isa isa, Gpa address, std::uint32_t value) {
  const Arch& arch = arch_of(isa);
  return arch.sent_by_store != nullptr ? arch.sent_by_store(address, value) : std::nullopt;
}

}  // namespace remapstorm
