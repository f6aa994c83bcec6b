// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/arch.h"

#include <capstone/capstone.h>
#include <elf.h>

#include "vmm/arch/x86_64/frames.h"
#include "vmm/arch/x86_64/instructions.h"
#include "vmm/arch/x86_64/operands.h"
#include "vmm/arch/x86_64/page_walk.h"
#include "vmm/arch/x86_64/paging.h"
#include "vmm/arch/x86_64/platform.h"

namespace remapstorm::x86_64 {
namespace {

constexpr InterruptWay kInterruptWays[] = {{"msi", "MSI"}, {"line", "I/O APIC edge"}};

std::vector<MemoryAccess> accesses_of(std::size_t capstone, const cs_insn* decoded,
                                      std::span<const std::uint8_t> /*code*/, const RegisterValue& value) {
  return decoded == nullptr ? std::vector<MemoryAccess>() : accesses(capstone, *decoded, value);
}

std::optional<ExclusiveSequence> no_sequence(Gva /*pc*/, const ReadVirtual& /*read*/) { return std::nullopt; }

PageWalk walk_space(const AddressSpace& space, Gva address, const ReadPhysical& read) {
  return walk_tables(space.root, space.levels, address, read);
}

}  // namespace

constinit const Arch kArch = {
    .name = "x86-64",
    .guest = "x86_64",
    .elf_machine = EM_X86_64,
    .relative_relocation = R_X86_64_RELATIVE,
    .flat_kernel = nullptr,
    .ram = Gpa(0),
    .entry_address = kPteAddressMask,
    // SDM volume 3, 10.1.4.
    .reset_pc = Gva(0xfff0),
    .serial_interrupt = kSerialLine,
    .interrupt_ways = kInterruptWays,
    .nmi = "NMI",
    .fault_function = "asm_exc_page_fault",
    .fault_offset = 0,
    .capstone_architecture = CS_ARCH_X86,
    .capstone_mode = CS_MODE_64,
    .unit = 1,
    .longest = 15,
    .call_bytes = 5,
    .role = role,
    .branch = branch,
    .sent_interrupt = sent_interrupt,
    .sent_by_store = sent_by_store,
    .exclusive_sequence = no_sequence,
    .accesses = accesses_of,
    .walk = walk_space,
    .frames = walk_frames,
};

}  // namespace remapstorm::x86_64
