// SPDX-License-Identifier: Apache-2.0
#include "vmm/page_walk.h"

#include <algorithm>

#include "vmm/arch/arm64/stage1.h"
#include "vmm/arch/x86_64/paging.h"

namespace remapstorm {

const PageWalk::Step* PageWalk::at_level(unsigned level) const {
  for (const Step& step : steps) {
    if (step.level == level) return &step;
  }
  return nullptr;
}

PageWalk walk_x86_64(Gpa root, unsigned levels, Gva address, const ReadPhysical& read) {
  using namespace x86_64;
  PageWalk result;
  const unsigned virtual_bits = 12 + kIndexBits * levels;
  const auto sign = static_cast<std::int64_t>(address.value) >> (virtual_bits - 1);
  if (sign != 0 && sign != -1) return result;

  result.writable = result.user = result.executable = true;
  Gpa table = root;
  for (unsigned level = levels; level >= 1; --level) {
    PageWalk::Step step;
    step.level = level;
    step.table = table;
    step.entry_address = table + std::uint64_t{8} * table_index(address.value, level);
    const auto entry = read(step.entry_address);
    if (!entry) {
      result.unreadable = true;
      break;
    }
    step.entry = *entry;
    step.present = (*entry & kPtePresent) != 0;
    result.steps.push_back(step);
    if (!step.present) break;
    result.writable &= (*entry & kPteWritable) != 0;
    result.user &= (*entry & kPteUser) != 0;
    result.executable &= (*entry & kPteNoExecute) == 0;
    const bool may_be_large = level == 2 || level == 3;
    if (level == 1 || (may_be_large && (*entry & kPteLarge) != 0)) {
      result.page_size = leaf_size(level);
      const std::uint64_t offset = address.value & (result.page_size - 1);
      result.physical = Gpa((*entry & kPteAddressMask & ~(result.page_size - 1)) | offset);
      return result;
    }
    table = Gpa(*entry & kPteAddressMask);
  }
  result.writable = result.user = result.executable = false;
  return result;
}

PageWalk walk_arm64(Gpa kernel_root, Gpa user_root, Gva address, const ReadPhysical& read) {
  using namespace arm64;
  PageWalk result;
  const bool kernel = (address.value >> 55 & 1) != 0;
  // As Linux sets TCR_EL1: the top byte is ignored for user addresses only; the bits below it must all be alike.
  const std::uint64_t top = kernel ? address.value >> 48 : address.value >> 48 & 0xff;
  if (top != (kernel ? 0xffffu : 0u)) return result;

  result.writable = result.user = result.executable = true;
  Gpa table = kernel ? kernel_root : user_root;
  for (unsigned level = 4; level >= 1; --level) {
    PageWalk::Step step;
    step.level = level;
    step.table = table;
    step.entry_address = table + std::uint64_t{8} * stage1_index(address.value, level);
    const auto entry = read(step.entry_address);
    if (!entry) {
      result.unreadable = true;
      break;
    }
    const Stage1Kind kind = stage1_kind(*entry, level);
    step.entry = *entry;
    step.present = kind != Stage1Kind::invalid;
    result.steps.push_back(step);
    if (!step.present) break;
    if (kind == Stage1Kind::leaf) {
      result.page_size = stage1_leaf_size(level);
      const std::uint64_t offset = address.value & (result.page_size - 1);
      result.physical = Gpa((*entry & kStage1AddressMask & ~(result.page_size - 1)) | offset);
      result.writable = (*entry & kStage1ReadOnly) == 0;
      result.user = (*entry & kStage1User) != 0;
      result.executable = (*entry & (kernel ? kStage1KernelNoExecute : kStage1UserNoExecute)) == 0;
      return result;
    }
    table = Gpa(*entry & kStage1AddressMask);
  }
  result.writable = result.user = result.executable = false;
  return result;
}

PageWalk walk(Isa isa, const AddressSpace& space, const GuestMemory& memory, Gva address) {
  if (!space.paging) {
    PageWalk result;
    result.physical = Gpa(address.value);
    result.page_size = kGuestPageSize;
    result.writable = result.user = result.executable = true;
    return result;
  }
  const ReadPhysical read = physical_reader(memory);
  if (isa == Isa::arm64) return walk_arm64(space.root, space.user_root, address, read);
  return walk_x86_64(space.root, space.levels, address, read);
}

bool read_virtual(Isa isa, const AddressSpace& space, const GuestMemory& memory, Gva address,
                  std::span<std::byte> out) {
  while (!out.empty()) {
    const PageWalk here = walk(isa, space, memory, address);
    if (!here.present()) return false;
    const std::uint64_t to_page_end = kGuestPageSize - (address.value & (kGuestPageSize - 1));
    const std::size_t piece = std::min<std::size_t>(out.size(), to_page_end);
    if (!memory.read(*here.physical, out.first(piece))) return false;
    out = out.subspan(piece);
    address = address + piece;
  }
  return true;
}

ReadPhysical physical_reader(const GuestMemory& memory) {
  return [&memory](Gpa address) { return memory.load<std::uint64_t>(address); };
}

ReadVirtual virtual_reader(Isa isa, const AddressSpace& space, const GuestMemory& memory) {
  return [isa, space, &memory](Gva address, std::span<std::byte> out) {
    return read_virtual(isa, space, memory, address, out);
  };
}

}  // namespace remapstorm
