// SPDX-License-Identifier: Apache-2.0
// What an instruction does to memory: reads, writes, or both in one indivisible step, and at which address. From the
// instruction's bytes (Capstone) and the registers before it runs. Pure; both architectures.
//
// Only operands that are written in the instruction count: what call, ret, push and pop do to the stack, the page walk
// and the fetch of the instruction itself do not.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/access_kind.h"
#include "base/address.h"
#include "base/result.h"
#include "vmm/kernel_image.h"

namespace remapstorm {

struct MemoryAccess {
  AccessKind kind = AccessKind::read;
  unsigned size = 0;           // bytes, of one iteration of a repeated instruction; 0: not known
  std::optional<Gva> address;  // none if a register it needs was not given
};

// The value of a register by its name in the disassembly ("rax", "r8d", "x3", "sp"); "fs_base" and "gs_base" for x86
// segments.
using RegisterValue = std::function<std::optional<std::uint64_t>(std::string_view name)>;

class MemoryAccessDecoder {
 public:
  static Result<MemoryAccessDecoder> create(Isa isa);
  MemoryAccessDecoder(MemoryAccessDecoder&&) noexcept;
  MemoryAccessDecoder& operator=(MemoryAccessDecoder&&) noexcept;
  ~MemoryAccessDecoder();

  // Every memory operand of the first instruction of `code`, which stands at pc. Empty for one without, for one that
  // only computes an address or hints (lea, nop, prefetch, invlpg), and for bytes that are no instruction.
  [[nodiscard]] std::vector<MemoryAccess> accesses(std::span<const std::uint8_t> code, Gva pc,
                                                   const RegisterValue& value = {}) const;
  // The strongest of them: atomic, then read+write, write, read. Nothing without an operand in memory.
  [[nodiscard]] std::optional<AccessKind> classify(std::span<const std::uint8_t> code, Gva pc) const;

 private:
  struct Handle;
  explicit MemoryAccessDecoder(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
};

}  // namespace remapstorm
