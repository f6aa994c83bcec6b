// SPDX-License-Identifier: Apache-2.0
#include "vmm/page_walk.h"

#include <algorithm>

#include "vmm/arch/arch.h"

namespace remapstorm {

const PageWalk::Step* PageWalk::at_level(unsigned level) const {
  for (const Step& step : steps) {
    if (step.level == level) return &step;
  }
  return nullptr;
}

PageWalk walk(Isa isa, const AddressSpace& space, const GuestMemory& memory, Gva address) {
  if (!space.paging) {
    PageWalk result;
    result.physical = Gpa(address.value);
    result.page_size = kGuestPageSize;
    result.writable = result.user = result.executable = true;
    return result;
  }
  return arch_of(isa).walk(space, address, physical_reader(memory));
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
