// SPDX-License-Identifier: Apache-2.0
// What an architecture owes the rest of vmm/. Two halves:
//   Arch        facts and pure functions, one table each, both always compiled: arch/x86_64/arch.cpp,
//   arch/arm64/arch.cpp host_kvm.h  what takes ioctls or devices, of the host's own architecture alone:
//   arch/MACHINE/kvm
// Outside of arch/ nothing asks which architecture it is, but link/ (the guest's ABI differs) and bench/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "vmm/backtrace.h"
#include "vmm/exclusive_sequence.h"
#include "vmm/instruction_role.h"
#include "vmm/kernel_image.h"
#include "vmm/memory_access.h"
#include "vmm/page_walk.h"

struct cs_insn;

namespace remapstorm {

struct InterruptWay {
  const char* name;   // "msi", "line", "spi"
  const char* words;  // "I/O APIC edge"
};

// A kernel without ELF headers, as it lies in memory.
struct FlatKernel {
  bool (*recognise)(std::span<const std::byte> file);
  // How much memory it takes. Errors: usage, naming the file: truncated, of a kind that cannot run here.
  Result<std::uint64_t> (*memory_bytes)(const std::string& path, std::span<const std::byte> file);
};

struct Arch {
  const char* name;   // "x86-64", "arm64"
  const char* guest;  // "x86_64": as guest/build.sh --arch takes it, and manifests have it

  // Kernels and memory.
  std::uint16_t elf_machine;          // e_machine of a kernel's file
  std::uint32_t relative_relocation;  // r_type that adds where the kernel was loaded
  const FlatKernel* flat_kernel;      // null: there is no such form
  Gpa ram;                            // where guest memory begins
  std::uint64_t entry_address;        // which bits of a page-table entry are a guest-physical address, 4 KiB pages
  std::optional<Gva> reset_pc;        // where a vCPU stands that was reset; none: not at one place
  std::uint32_t serial_interrupt;     // of Vm::irq_line()
  // How a test interrupt reaches one vCPU; the first is the usual one.
  std::span<const InterruptWay> interrupt_ways;
  const char* nmi;  // what an NMI is here
  // Where a kernel goes at a fault of its own on an address: so many bytes behind the beginning of a function of Linux.
  const char* fault_function;
  std::uint64_t fault_offset;

  // Instructions. `code`: at least one whole instruction, if it is not cut by the end of what is mapped.
  int capstone_architecture, capstone_mode;  // cs_arch, cs_mode
  std::size_t unit;                          // bytes that are taken for something that is no instruction
  std::size_t longest;                       // bytes of the longest instruction
  std::size_t call_bytes;  // of a direct call as compilers make it, and of a jump that takes its place
  // See instruction_role.h, memory_access.h. `decoded`: by Capstone with details, or null if it knows no such one.
  InstructionRole (*role)(std::span<const std::uint8_t> code);
  std::optional<Branch> (*branch)(std::span<const std::uint8_t> code, Gva pc);
  std::optional<SentInterrupt> (*sent_interrupt)(std::span<const std::uint8_t> code, const RegisterValue& value);
  std::optional<SentInterrupt> (*sent_by_store)(Gpa address, std::uint32_t value);  // null: no store sends one
  // See exclusive_sequence.h.
  std::optional<ExclusiveSequence> (*exclusive_sequence)(Gva pc, const ReadVirtual& read);
  std::vector<MemoryAccess> (*accesses)(std::size_t capstone, const cs_insn* decoded,
                                        std::span<const std::uint8_t> code, const RegisterValue& value);

  // Page tables, with paging on; see page_walk.h. / Stacks; see backtrace.h.
  PageWalk (*walk)(const AddressSpace& space, Gva address, const ReadPhysical& read);
  std::vector<StackFrame> (*frames)(const CpuState& state, const ReadVirtual& read, const Symbols& symbols,
                                    std::size_t limit);
};

const Arch& arch_of(Isa isa);
inline constexpr Isa kIsas[] = {Isa::x86_64, Isa::arm64};

namespace x86_64 {
extern const Arch kArch;
}
namespace arm64 {
extern const Arch kArch;
}

}  // namespace remapstorm
