// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/arm64/operands.h"

#include <capstone/capstone.h>

#include <algorithm>
#include <string>

#include "vmm/operand_sum.h"

namespace remapstorm::arm64 {
namespace {

// Arm ARM C3.2: loads, stores, exclusives, and the atomics of FEAT_LSE, by their mnemonics.
std::optional<AccessKind> arm64_kind(std::string_view mnemonic) {
  const auto begins = [&](std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return mnemonic.starts_with(word); });
  };
  if (begins({"prf", "adr", "dc", "ic"})) return std::nullopt;
  if (begins({"cas",  "swp", "ldadd", "ldclr", "ldeor", "ldset", "ldsmax", "ldsmin", "ldumax", "ldumin", "ldx",
              "ldax", "stx", "stlx",  "stadd", "stclr", "steor", "stset",  "stsmax", "stsmin", "stumax", "stumin"})) {
    return AccessKind::atomic;
  }
  if (mnemonic.starts_with("ld")) return AccessKind::read;
  if (mnemonic.starts_with("st")) return AccessKind::write;
  return std::nullopt;
}

std::vector<MemoryAccess> decoded_accesses(csh capstone, const cs_insn& instruction, const RegisterValue& value) {
  const std::optional<AccessKind> kind = arm64_kind(instruction.mnemonic);
  if (!kind) return {};
  const cs_arm64& detail = instruction.detail->arm64;
  for (std::uint8_t i = 0; i < detail.op_count; ++i) {
    const cs_arm64_op& operand = detail.operands[i];
    if (operand.type != ARM64_OP_MEM) continue;
    OperandSum sum(value);
    if (operand.mem.base != ARM64_REG_INVALID) sum.add_register(cs_reg_name(capstone, operand.mem.base));
    if (operand.mem.index != ARM64_REG_INVALID) {
      const bool shifted = operand.shift.type == ARM64_SFT_LSL;
      sum.add_register(cs_reg_name(capstone, operand.mem.index), shifted ? 1ULL << (operand.shift.value & 63) : 1);
    }
    sum.add(static_cast<std::uint64_t>(static_cast<std::int64_t>(operand.mem.disp)));
    return {{*kind, 0, sum.address()}};
  }
  return {};
}

// The atomics of FEAT_LSE, some of which Capstone 4 does not know (Arm ARM C4.1.94: atomic memory operations, compare
// and swap).
std::vector<MemoryAccess> atomics(std::span<const std::uint8_t> code, const RegisterValue& value) {
  if (code.size() < 4) return {};
  const std::uint32_t word = code[0] | code[1] << 8 | code[2] << 16 | static_cast<std::uint32_t>(code[3]) << 24;
  const bool memory_operation = (word & 0x3b200c00) == 0x38200000, swap = (word & 0x3fa07c00) == 0x08a07c00;
  if (!memory_operation && !swap) return {};
  const unsigned base = word >> 5 & 31;
  OperandSum sum(value);
  sum.add_register(base == 31 ? "sp" : ("x" + std::to_string(base)).c_str());
  return {{AccessKind::atomic, 1U << (word >> 30), sum.address()}};
}

}  // namespace

std::vector<MemoryAccess> accesses(std::size_t capstone, const cs_insn* decoded, std::span<const std::uint8_t> code,
                                   const RegisterValue& value) {
  std::vector<MemoryAccess> all;
  if (decoded != nullptr) all = decoded_accesses(capstone, *decoded, value);
  return all.empty() ? atomics(code, value) : all;
}

}  // namespace remapstorm::arm64
