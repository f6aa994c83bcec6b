// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/arm64/page_walk.h"

#include "vmm/arch/arm64/stage1.h"

namespace remapstorm::arm64 {

PageWalk walk_tables(Gpa kernel_root, Gpa user_root, Gva address, const ReadPhysical& read) {
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

}  // namespace remapstorm::arm64
