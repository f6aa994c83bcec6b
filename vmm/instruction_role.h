// SPDX-License-Identifier: Apache-2.0
// What an instruction is to whoever counts instructions: ordinary, a turn of a loop that waits for somebody else, a
// sleep, or a request to another processor. Pure; both architectures.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "base/address.h"
#include "vmm/kernel_image.h"
#include "vmm/memory_access.h"

namespace remapstorm {

enum class InstructionRole : std::uint8_t {
  plain,
  spin_hint,  // Linux has it in every loop that waits for another CPU (cpu_relax)
  sleep,      // until an interrupt
  may_send,   // sent_interrupt() tells
};
InstructionRole role_of(Isa isa, std::span<const std::uint8_t> code);

// A branch that is always taken.
struct Branch {
  bool call = false;          // it leaves an address to return to
  std::optional<Gva> target;  // none: in a register or in memory
  bool operator==(const Branch&) const = default;
};
// The instruction at pc, of which `code` is the first; nothing if it is none.
std::optional<Branch> branch_of(Isa isa, std::span<const std::uint8_t> code, Gva pc);

struct SentInterrupt {
  bool nmi = false;
};
// The interrupt that an instruction of role may_send, about to be executed, sends to other processors.
std::optional<SentInterrupt> sent_interrupt(Isa isa, std::span<const std::uint8_t> code, const RegisterValue& value);
// What a 32-bit store of `value` to this guest-physical address sends: to an interrupt controller's command register.
std::optional<SentInterrupt> sent_by_store(Isa isa, Gpa address, std::uint32_t value);

}  // namespace remapstorm
