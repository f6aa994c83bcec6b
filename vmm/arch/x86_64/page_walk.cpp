// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/x86_64/page_walk.h"

#include "vmm/arch/x86_64/paging.h"

namespace remapstorm::x86_64 {

PageWalk walk_tables(Gpa root, unsigned levels, Gva address, const ReadPhysical& read) {
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

}  // namespace remapstorm::x86_64
