// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/arch.h"

#include <capstone/capstone.h>
#include <elf.h>

#include "vmm/arch/arm64/boot.h"
#include "vmm/arch/arm64/exclusive_sequence.h"
#include "vmm/arch/arm64/frames.h"
#include "vmm/arch/arm64/gic.h"
#include "vmm/arch/arm64/instructions.h"
#include "vmm/arch/arm64/operands.h"
#include "vmm/arch/arm64/page_walk.h"
#include "vmm/arch/arm64/stage1.h"
#include "vmm/arch/arm64/vectors.h"

namespace remapstorm::arm64 {
namespace {

// Messages need an ITS, which our guests do not have.
constexpr InterruptWay kInterruptWays[] = {{"line", "private peripheral interrupt"},
                                           {"spi", "shared peripheral interrupt"}};

Result<std::uint64_t> image_bytes(const std::string& path, std::span<const std::byte> file) {
  RS_ASSIGN(const ImageHeader header, parse_image_header(path, file));
  RS_TRY(check_image_is_whole(path, file));
  return header.image_bytes;
}

constexpr FlatKernel kImage = {is_image, image_bytes};

PageWalk walk_space(const AddressSpace& space, Gva address, const ReadPhysical& read) {
  return walk_tables(space.root, space.user_root, address, read);
}

std::vector<StackFrame> frames(const CpuState& state, const ReadVirtual& read, const Symbols& /*symbols*/,
                               std::size_t limit) {
  return walk_frames(state, read, limit);
}

}  // namespace

constinit const Arch kArch = {
    .name = "arm64",
    .guest = "arm64",
    .elf_machine = EM_AARCH64,
    .relative_relocation = R_AARCH64_RELATIVE,
    .flat_kernel = &kImage,
    .ram = Gpa(kRamBase),
    .entry_address = kStage1AddressMask,
    .reset_pc = std::nullopt,  // PSCI: the entry point that CPU_ON names
    .serial_interrupt = irq_line_spi(intid_of_spi(kSerialSpi)),
    .interrupt_ways = kInterruptWays,
    .nmi = "pseudo-NMI (an interrupt of a priority that Linux does not mask)",
    .fault_function = "vectors",
    .fault_offset = kFromEl1 + kSynchronousEntry,
    .capstone_architecture = CS_ARCH_ARM64,
    .capstone_mode = CS_MODE_ARM,
    .unit = 4,
    .longest = 4,
    .call_bytes = 4,
    .role = role,
    .branch = branch,
    .sent_interrupt = sent_interrupt,
    .sent_by_store = nullptr,  // GICv3: by a system register
    .exclusive_sequence = exclusive_sequence,
    .accesses = accesses,
    .walk = walk_space,
    .frames = frames,
};

}  // namespace remapstorm::arm64
