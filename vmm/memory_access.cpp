// SPDX-License-Identifier: Apache-2.0
#include "vmm/memory_access.h"

#include <capstone/capstone.h>

#include <algorithm>
#include <string>

namespace remapstorm {

struct MemoryAccessDecoder::Handle {
  csh capstone = 0;
  Isa isa = Isa::x86_64;
  ~Handle() {
    if (capstone != 0) cs_close(&capstone);
  }
};

MemoryAccessDecoder::MemoryAccessDecoder(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
MemoryAccessDecoder::MemoryAccessDecoder(MemoryAccessDecoder&&) noexcept = default;
MemoryAccessDecoder& MemoryAccessDecoder::operator=(MemoryAccessDecoder&&) noexcept = default;
MemoryAccessDecoder::~MemoryAccessDecoder() = default;

Result<MemoryAccessDecoder> MemoryAccessDecoder::create(Isa isa) {
  auto handle = std::make_unique<Handle>();
  handle->isa = isa;
  const bool arm = isa == Isa::arm64;
  cs_err error = cs_open(arm ? CS_ARCH_ARM64 : CS_ARCH_X86, arm ? CS_MODE_ARM : CS_MODE_64, &handle->capstone);
  if (error == CS_ERR_OK) error = cs_option(handle->capstone, CS_OPT_DETAIL, CS_OPT_ON);
  if (error != CS_ERR_OK) {
    return internal_error(std::string("Capstone cannot decode operands of ") + isa_name(isa) + ": " +
                          cs_strerror(error));
  }
  return MemoryAccessDecoder(std::move(handle));
}

namespace {

// Sums what an address is made of; nothing once a part of it is not known.
class Sum {
 public:
  explicit Sum(const RegisterValue& value) : value_(value) {}
  void add(std::uint64_t number) {
    if (sum_) *sum_ += number;
  }
  void add_register(const char* name, std::uint64_t factor = 1) {
    const std::optional<std::uint64_t> one = value_ && name != nullptr ? value_(name) : std::nullopt;
    if (!one) sum_.reset();
    if (sum_) *sum_ += *one * factor;
  }
  [[nodiscard]] std::optional<Gva> address() const { return sum_ ? std::optional(Gva(*sum_)) : std::nullopt; }

 private:
  const RegisterValue& value_;
  std::optional<std::uint64_t> sum_ = 0;
};

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

std::vector<MemoryAccess> x86_accesses(csh capstone, const cs_insn& instruction, const RegisterValue& value) {
  std::vector<MemoryAccess> all;
  if (touches_nothing(instruction)) return all;
  const cs_x86& detail = instruction.detail->x86;
  for (std::uint8_t i = 0; i < detail.op_count; ++i) {
    const cs_x86_op& operand = detail.operands[i];
    if (operand.type != X86_OP_MEM) continue;
    Sum sum(value);
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

std::vector<MemoryAccess> arm64_accesses(csh capstone, const cs_insn& instruction, const RegisterValue& value) {
  const std::optional<AccessKind> kind = arm64_kind(instruction.mnemonic);
  if (!kind) return {};
  const cs_arm64& detail = instruction.detail->arm64;
  for (std::uint8_t i = 0; i < detail.op_count; ++i) {
    const cs_arm64_op& operand = detail.operands[i];
    if (operand.type != ARM64_OP_MEM) continue;
    Sum sum(value);
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
std::vector<MemoryAccess> arm64_lse(std::span<const std::uint8_t> code, const RegisterValue& value) {
  if (code.size() < 4) return {};
  const std::uint32_t word = code[0] | code[1] << 8 | code[2] << 16 | static_cast<std::uint32_t>(code[3]) << 24;
  const bool memory_operation = (word & 0x3b200c00) == 0x38200000, swap = (word & 0x3fa07c00) == 0x08a07c00;
  if (!memory_operation && !swap) return {};
  const unsigned base = word >> 5 & 31;
  Sum sum(value);
  sum.add_register(base == 31 ? "sp" : ("x" + std::to_string(base)).c_str());
  return {{AccessKind::atomic, 1U << (word >> 30), sum.address()}};
}

}  // namespace

std::vector<MemoryAccess> MemoryAccessDecoder::accesses(std::span<const std::uint8_t> code, Gva pc,
                                                        const RegisterValue& value) const {
  cs_insn* decoded = nullptr;
  const std::size_t count =
      code.empty() ? 0 : cs_disasm(handle_->capstone, code.data(), code.size(), pc.value, 1, &decoded);
  std::vector<MemoryAccess> all;
  if (count == 1) {
    all = handle_->isa == Isa::arm64 ? arm64_accesses(handle_->capstone, *decoded, value)
                                     : x86_accesses(handle_->capstone, *decoded, value);
  }
  if (all.empty() && handle_->isa == Isa::arm64) all = arm64_lse(code, value);
  if (count > 0) cs_free(decoded, count);
  return all;
}

std::optional<AccessKind> MemoryAccessDecoder::classify(std::span<const std::uint8_t> code, Gva pc) const {
  std::optional<AccessKind> strongest;
  for (const MemoryAccess& access : accesses(code, pc)) {
    if (!strongest || access.kind > *strongest) strongest = access.kind;
  }
  return strongest;
}

}  // namespace remapstorm
