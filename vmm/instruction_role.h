// SPDX-License-Identifier: Apache-2.0
// What an instruction is to whoever counts instructions: ordinary, a turn of a loop that waits for somebody else, a
// sleep, or a request to another processor. Pure; both architectures.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "base/address.h"
#include "vmm/elf_image.h"
#include "vmm/memory_access.h"

namespace remapstorm {

enum class InstructionRole : std::uint8_t {
  plain,
  spin_hint,  // PAUSE; YIELD, WFE: Linux has them in every loop that waits for another CPU (cpu_relax)
  sleep,      // HLT, MWAIT; WFI
  may_send,   // WRMSR, VMCALL, VMMCALL; MSR of an ICC_SGI register: sent_interrupt() tells
};
InstructionRole role_of(Isa isa, std::span<const std::uint8_t> code);

struct SentInterrupt {
  bool nmi = false;
};
// The interrupt that an instruction of role may_send, about to be executed, sends to other processors. x86: the
// x2APIC's ICR (SDM volume 3, 11.12.9), or KVM_HC_SEND_IPI (KVM hypercalls.rst). arm64: ICC_SGI1R_EL1 (Arm GIC
// specification).
std::optional<SentInterrupt> sent_interrupt(Isa isa, std::span<const std::uint8_t> code, const RegisterValue& value);
// What a 32-bit store of `value` to this guest-physical address sends: x86, the ICR of an APIC in its page (SDM volume
// 3, 11.6.1).
std::optional<SentInterrupt> sent_by_store(Isa isa, Gpa address, std::uint32_t value);

}  // namespace remapstorm
