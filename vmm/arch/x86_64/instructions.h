// SPDX-License-Identifier: Apache-2.0
// What instructions mean to whoever steps and counts them: vmm/instruction_role.h of x86-64.
#pragma once

#include "vmm/instruction_role.h"

namespace remapstorm::x86_64 {

// HLT, MWAIT, PAUSE; WRMSR, VMCALL and VMMCALL may send.
InstructionRole role(std::span<const std::uint8_t> code);
// CALL and JMP, direct and through a register or memory (SDM volume 2); conditional jumps are none.
std::optional<Branch> branch(std::span<const std::uint8_t> code, Gva pc);
// By the x2APIC's ICR (SDM volume 3, 11.12.9), or KVM_HC_SEND_IPI (KVM hypercalls.rst).
std::optional<SentInterrupt> sent_interrupt(std::span<const std::uint8_t> code, const RegisterValue& value);
// By the ICR of an APIC in its page (SDM volume 3, 11.6.1).
std::optional<SentInterrupt> sent_by_store(Gpa address, std::uint32_t value);

}  // namespace remapstorm::x86_64
