// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/x86_64/operands.h"

#include <capstone/capstone.h>

#include "vmm/operand_sum.h"

namespace remapstorm::x86_64 {
namespace {

AccessKind kind_of(bool reads, bool writes, bool atomic) {
  if (atomic) return AccessKind::atomic;
  if (reads && writes) return AccessKind::read_write;
  return writes ? AccessKind::write : AccessKind::read;
}

// Has an operand that looks like memory and does not touch it.
bool touches_nothing(const cs_insn& instruction) {
  switch (instruction.id) {
    case X86_INS_LEA:
    case X86_INS_NOP:
    case X86_INS_INVLPG:
    case X86_INS_PREFETCH:
    case X86_INS_PREFETCHW:
    case X86_INS_PREFETCHNTA:
    case X86_INS_PREFETCHT0:
    case X86_INS_PREFETCHT1:
    case X86_INS_PREFETCHT2:
    case X86_INS_CLFLUSH:
      return true;
    default:
      return false;
  }
}

// Capstone 4 says of some of these that they write.
bool only_compares(const cs_insn& instruction) {
  return instruction.id == X86_INS_TEST || instruction.id == X86_INS_CMP || instruction.id == X86_INS_BT;
}

}  // namespace

std::vector<MemoryAccess> accesses(std::size_t capstone, const cs_insn& instruction, const RegisterValue& value) {
  std::vector<MemoryAccess> all;
  if (touches_nothing(instruction)) return all;
  const cs_x86& detail = instruction.detail->x86;
  for (std::uint8_t i = 0; i < detail.op_count; ++i) {
    const cs_x86_op& operand = detail.operands[i];
    if (operand.type != X86_OP_MEM) continue;
    OperandSum sum(value);
    const x86_op_mem& mem = operand.mem;
    sum.add(static_cast<std::uint64_t>(mem.disp));
    if (mem.segment == X86_REG_GS) sum.add_register("gs_base");
    if (mem.segment == X86_REG_FS) sum.add_register("fs_base");
    if (mem.base == X86_REG_RIP) {
      sum.add(instruction.address + instruction.size);  // SDM volume 1, 3.7.5.1
    } else if (mem.base != X86_REG_INVALID) {
      sum.add_register(cs_reg_name(capstone, mem.base));
    }
    if (mem.index != X86_REG_INVALID) {
      sum.add_register(cs_reg_name(capstone, mem.index), static_cast<std::uint64_t>(mem.scale));
    }
    // XCHG with memory locks by itself (SDM volume 3, 8.1.2.2).
    const bool atomic = detail.prefix[0] == X86_PREFIX_LOCK || instruction.id == X86_INS_XCHG;
    const bool reads = (operand.access & CS_AC_READ) != 0;
    const bool writes = (operand.access & CS_AC_WRITE) != 0 && !only_compares(instruction);
    all.push_back({kind_of(reads || !writes, writes, atomic), operand.size, sum.address()});
  }
  return all;
}

}  // namespace remapstorm::x86_64
