// SPDX-License-Identifier: Apache-2.0
// PageWalk: what the guest's own page tables say about an address. Pure over a callback that reads guest-physical
// memory; "not present" is an answer, not an error.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/address.h"
#include "vmm/cpu_state.h"
#include "vmm/kernel_image.h"
#include "vmm/memory.h"

namespace remapstorm {

// Eight bytes at a guest-physical address, or nothing if there is no memory.
using ReadPhysical = std::function<std::optional<std::uint64_t>(Gpa)>;
// Fills `out` from a guest-virtual address; false if any of it is not mapped.
using ReadVirtual = std::function<bool(Gva, std::span<std::byte>)>;

struct PageWalk {
  struct Step {
    unsigned level = 0;  // 1: PTE, 2: PMD, 3: PUD, 4: P4D or PGD, 5: PGD
    Gpa table;           // the page-table page
    Gpa entry_address;   // of the entry in it
    std::uint64_t entry = 0;
    bool present = false;
  };
  std::vector<Step> steps;  // from the root down, as far as the walk came
  std::optional<Gpa> physical;
  std::uint64_t page_size = 0;  // of the leaf, if there is one: 4 KiB, 2 MiB, 1 GiB
  bool writable = false;        // at every level
  bool user = false;            // reachable from user mode, at every level
  bool executable = false;
  bool unreadable = false;  // a table lies outside guest memory

  [[nodiscard]] bool present() const { return physical.has_value(); }
  // The step at that level, or nullptr.
  [[nodiscard]] const Step* at_level(unsigned level) const;
};

// The walk the given CPU would do.
PageWalk walk(Isa isa, const AddressSpace& space, const GuestMemory& memory, Gva address);

// Copies across page boundaries; false, with `out` unspecified, if any page is missing.
bool read_virtual(Isa isa, const AddressSpace& space, const GuestMemory& memory, Gva address, std::span<std::byte> out);
// The two as callbacks; `memory` must outlive them.
ReadPhysical physical_reader(const GuestMemory& memory);
ReadVirtual virtual_reader(Isa isa, const AddressSpace& space, const GuestMemory& memory);

}  // namespace remapstorm
