// SPDX-License-Identifier: Apache-2.0
#include "vmm/instruction_role.h"

#include <algorithm>
#include <array>
#include <string>

namespace remapstorm {
namespace {

using Code = std::span<const std::uint8_t>;

constexpr std::uint32_t kX2apicIcr = 0x830;
constexpr std::uint64_t kXapicIcr = 0xfee00300;
constexpr std::uint64_t kHypercallSendIpi = 10;  // KVM_HC_SEND_IPI

template <std::size_t N>
bool begins(Code code, const std::array<std::uint8_t, N>& with) {
  return code.size() >= N && std::equal(with.begin(), with.end(), code.begin());
}

bool is_wrmsr(Code code) { return begins(code, std::array<std::uint8_t, 2>{0x0f, 0x30}); }
bool is_hypercall(Code code) {
  return begins(code, std::array<std::uint8_t, 3>{0x0f, 0x01, 0xc1}) ||
         begins(code, std::array<std::uint8_t, 3>{0x0f, 0x01, 0xd9});
}

InstructionRole role_on_x86(Code code) {
  if (begins(code, std::array<std::uint8_t, 2>{0xf3, 0x90})) return InstructionRole::spin_hint;
  if (begins(code, std::array<std::uint8_t, 1>{0xf4}) || begins(code, std::array<std::uint8_t, 3>{0x0f, 0x01, 0xc9})) {
    return InstructionRole::sleep;
  }
  return is_wrmsr(code) || is_hypercall(code) ? InstructionRole::may_send : InstructionRole::plain;
}

std::uint32_t word(Code code) {
  if (code.size() < 4) return 0;
  return std::uint32_t{code[0]} | std::uint32_t{code[1]} << 8 | std::uint32_t{code[2]} << 16 |
         std::uint32_t{code[3]} << 24;
}

// MSR ICC_SGI1R_EL1, Xt; Arm ARM C6.2 and the GIC's list of registers: op0 3, op1 0, CRn 12, CRm 11, op2 5.
bool is_sgi(std::uint32_t instruction) { return (instruction & 0xffffffe0) == 0xd518cba0; }

InstructionRole role_on_arm64(Code code) {
  const std::uint32_t instruction = word(code);
  if (instruction == 0xd503203f || instruction == 0xd503205f) return InstructionRole::spin_hint;
  if (instruction == 0xd503207f) return InstructionRole::sleep;
  return is_sgi(instruction) ? InstructionRole::may_send : InstructionRole::plain;
}

// Delivery mode in bits 8 to 10: 0 fixed, 1 lowest priority, 4 NMI; bits 18 and 19: 1 is to itself alone.
std::optional<SentInterrupt> of_icr(std::uint64_t low) {
  const std::uint64_t mode = low >> 8 & 7, shorthand = low >> 18 & 3;
  if (shorthand == 1 || (mode != 0 && mode != 1 && mode != 4)) return std::nullopt;
  return SentInterrupt{mode == 4};
}

}  // namespace

InstructionRole role_of(Isa isa, std::span<const std::uint8_t> code) {
  return isa == Isa::x86_64 ? role_on_x86(code) : role_on_arm64(code);
}

std::optional<SentInterrupt> sent_interrupt(Isa isa, std::span<const std::uint8_t> code, const RegisterValue& value) {
  if (isa == Isa::arm64) return is_sgi(word(code)) ? std::optional(SentInterrupt{}) : std::nullopt;
  if (is_wrmsr(code) && value("ecx") == kX2apicIcr) return of_icr(value("eax").value_or(0));
  // Bitmaps of receivers in RBX and RCX; the ICR's low half in RSI.
  if (is_hypercall(code) && value("rax") == kHypercallSendIpi) return of_icr(value("rsi").value_or(0));
  return std::nullopt;
}

std::optional<SentInterrupt> sent_by_store(Isa isa, Gpa address, std::uint32_t value) {
  return isa == Isa::x86_64 && address.value == kXapicIcr ? of_icr(value) : std::nullopt;
}

}  // namespace remapstorm
