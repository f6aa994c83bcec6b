// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/arm64/instructions.h"

namespace remapstorm::arm64 {
namespace {

using Code = std::span<const std::uint8_t>;

std::uint32_t word(Code code) {
  if (code.size() < 4) return 0;
  return std::uint32_t{code[0]} | std::uint32_t{code[1]} << 8 | std::uint32_t{code[2]} << 16 |
         std::uint32_t{code[3]} << 24;
}

// MSR ICC_SGI1R_EL1, Xt; Arm ARM C6.2 and the GIC's list of registers: op0 3, op1 0, CRn 12, CRm 11, op2 5.
bool is_sgi(std::uint32_t instruction) { return (instruction & 0xffffffe0) == 0xd518cba0; }

}  // namespace

InstructionRole role(Code code) {
  const std::uint32_t instruction = word(code);
  if (instruction == 0xd503203f || instruction == 0xd503205f) return InstructionRole::spin_hint;
  if (instruction == 0xd503207f) return InstructionRole::sleep;
  return is_sgi(instruction) ? InstructionRole::may_send : InstructionRole::plain;
}

std::optional<Branch> branch(Code code, Gva pc) {
  const std::uint32_t instruction = word(code);
  const bool call = (instruction & 0xfc000000) == 0x94000000, jump = (instruction & 0xfc000000) == 0x14000000;
  if (call || jump) {
    // imm26, in words of four bytes, signed.
    const auto distance = static_cast<std::int64_t>(static_cast<std::int32_t>(instruction << 6) >> 6) * 4;
    return Branch{call, Gva(pc.value + static_cast<std::uint64_t>(distance))};
  }
  if ((instruction & 0xfffffc1f) == 0xd63f0000) return Branch{true, std::nullopt};
  if ((instruction & 0xfffffc1f) == 0xd61f0000) return Branch{false, std::nullopt};
  return std::nullopt;
}

std::optional<SentInterrupt> sent_interrupt(Code code, const RegisterValue& /*value*/) {
  return is_sgi(word(code)) ? std::optional(SentInterrupt{}) : std::nullopt;
}

}  // namespace remapstorm::arm64
